public import HTTP1

/// The copies of one worker's requests: how many there are, which are ready to go out, and what became of the others.
public struct CopyQueue {
    /// What became of one copy, made or not.
    public struct Ending {
        public let snapshot: Snapshot
        /// The route's index in the snapshot's table.
        public let route: Int
        /// Nil if the canary answered with `status`.
        public let failure: Failure?
        public let status: UInt16
    }

    /// The most that `Limits.mirrorBody` may be: a block of a pool, and room for the framing.
    public static let largestBody = 240 << 10

    /// Copies that are ready or on their way.
    public private(set) var count = 0
    /// Copies whose requests are still arriving. Counted by themselves: slow uploads keep no other request from being copied.
    private(set) var fillingCount = 0
    private var ready: [RequestCopy] = []
    private var endings: [Ending] = []

    init() {}

    /// Whether there is nothing to do for a worker.
    public var isEmpty: Bool { ready.isEmpty && endings.isEmpty }

    /// Whether there may be one more, of a request that is there, or that has yet to arrive.
    func hasRoom(_ limits: Limits, isWhole: Bool) -> Bool { (isWhole ? count : fillingCount) < limits.mirrorRequests }

    mutating func begin() { fillingCount += 1 }

    /// The copy's request is there: it is to be sent, if there is room by now.
    mutating func add(_ copy: RequestCopy, _ pool: BufferPool) {
        guard hasRoom(copy.snapshot.limits, isWhole: true) else { return end(copy, .overloaded, pool) }
        fillingCount -= 1
        count += 1
        copy.isWhole = true
        ready.append(copy)
    }

    /// A copy that was not made.
    mutating func refuse(_ target: RequestDecider.Target, _ failure: Failure, _ snapshot: Snapshot) {
        endings.append(Ending(snapshot: snapshot, route: target.route, failure: failure, status: 0))
    }

    /// A copy is over. It gives its memory back.
    public mutating func end(_ copy: RequestCopy, _ failure: Failure?, status: UInt16 = 0, _ pool: BufferPool) {
        if copy.isWhole { count -= 1 } else { fillingCount -= 1 }
        copy.giveBack(to: pool)
        endings.append(Ending(snapshot: copy.snapshot, route: copy.route, failure: failure, status: status))
    }

    /// Those that are ready, to be sent.
    public mutating func takeReady() -> [RequestCopy] {
        var taken: [RequestCopy] = []
        swap(&taken, &ready)
        return taken
    }

    /// What is to be counted.
    public mutating func takeEndings() -> [Ending] {
        var taken: [Ending] = []
        swap(&taken, &endings)
        return taken
    }
}
