import Glibc

/// Something a test needed did not happen; the text says what.
struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// How long a wait may take. Generous, since a loaded machine is no defect; reached only when something is broken.
struct Deadline: Sendable {
    private let end: UInt64

    init(seconds: Double = 20) {
        end = Self.now + UInt64(seconds * 1e9)
    }

    /// For poll(2); 0 when it has passed.
    var milliseconds: Int32 {
        let now = Self.now
        return now >= end ? 0 : Int32(clamping: (end - now) / 1_000_000 + 1)
    }

    var hasPassed: Bool { Self.now >= end }

    private static var now: UInt64 {
        var time = timespec()
        // The kernel fills the struct it is given.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// Looks again and again until `find` finds something; throws when it takes too long.
func eventually<Result>(
    _ what: @autoclosure () -> String, within seconds: Double = 20, _ find: () throws -> Result?
) throws -> Result {
    let deadline = Deadline(seconds: seconds)
    while true {
        if let result = try find() { return result }
        guard !deadline.hasPassed else { throw Problem("waited in vain for \(what())") }
        usleep(2000)
    }
}

/// As above, for something that becomes true.
func eventually(_ what: @autoclosure () -> String, within seconds: Double = 20, isTrue: () throws -> Bool) throws {
    try eventually(what(), within: seconds) { try isTrue() ? () : nil }
}
