import MallocCount

/// What one operation of a pure module costs.
struct Measurement {
    /// Operations in one call of a measured body: enough that the call and the clock do not count.
    static let operations = 1000

    private static let batches = 9
    private static let batchTime = Duration.milliseconds(40)

    let nanoseconds: Double
    let allocations: Double

    /// Times `body`, which does `operations` operations and returns how many of them came out as they should.
    ///
    /// The time is that of the fastest of several batches: whatever disturbs a batch only ever adds to it.
    init(_ body: () -> Int) {
        let clock = ContinuousClock()
        let warmUpEnd = clock.now + Self.batchTime
        repeat { Self.run(body) } while clock.now < warmUpEnd

        var fastest = Double.infinity
        for _ in 0 ..< Self.batches {
            let start = clock.now
            var calls = 0
            while clock.now - start < Self.batchTime {
                Self.run(body)
                calls += 1
            }
            let spent = (clock.now - start) / .nanoseconds(1)
            fastest = min(fastest, spent / Double(calls * Self.operations))
        }
        nanoseconds = fastest

        let before = malloccount_read()
        Self.run(body)
        allocations = Double(malloccount_read() - before) / Double(Self.operations)
    }

    private static func run(_ body: () -> Int) {
        precondition(body() == operations, "an operation under measurement gave a wrong result")
    }
}
