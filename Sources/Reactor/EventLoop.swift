/// One thread's loop in pieces: descriptors to watch, timers, and the time. Its owner writes the loop itself:
///
///     while running {
///         loop.wait(atMostMilliseconds: nil)
///         while let event = loop.nextEvent() { handle(event) }
///         while let token = loop.nextExpired() { handleTimeout(token) }
///     }
///
/// A struct that calls nobody back: its owner holds it beside its own state, calls it for the length of one statement, and
/// no access can overlap with another.
public struct EventLoop: ~Copyable {
    /// Events fetched at a time. A busier loop fetches the rest in its next turn.
    public static let batchSize = 512

    private var poller: Poller
    private var timers: TimerWheel
    /// CLOCK_MONOTONIC in nanoseconds, as of the last wake-up: the time of everything that happens in this turn.
    public private(set) var now: UInt64

    public init() throws(Errno) {
        poller = try Poller(capacity: Self.batchSize)
        now = SystemClock.monotonicNanoseconds()
        timers = TimerWheel(now: now)
    }

    // MARK: Turns

    /// Blocks until something happens, the next timer is due, or the limit is over (nil: no limit; 0: never blocks).
    /// Answers how many events there are; 0 after a signal, too. What is left of the batch before is dropped.
    @discardableResult
    public mutating func wait(atMostMilliseconds limit: Int?) -> Int {
        poller.wait(milliseconds: timeout(limit))
        now = SystemClock.monotonicNanoseconds()
        timers.advance(to: now)
        return poller.count
    }

    /// The last batch was full, so that others may wait behind it.
    public var mayHaveMore: Bool { poller.isFull }

    /// The next event of the batch that the last `wait` fetched; nil at its end.
    public mutating func nextEvent() -> Event? {
        poller.nextEvent()
    }

    /// The token of the next timer that is due; nil when all are handled. The timer is gone: its id is stale.
    public mutating func nextExpired() -> Token? {
        timers.popExpired()?.0
    }

    /// `nextExpired` for owners of several timers.
    public mutating func nextExpiredTimer() -> (Token, TimerID)? {
        timers.popExpired()
    }

    /// Rounded up to whole milliseconds, so that a wake-up is never too early to fire what it was meant for.
    private func timeout(_ limit: Int?) -> Int32 {
        var milliseconds = limit.map { max(0, $0) }
        if let deadline = timers.nextDeadline {
            let left = deadline > now ? Int((deadline &- now &- 1) / 1_000_000 &+ 1) : 0
            milliseconds = min(left, milliseconds ?? left)
        }
        return milliseconds.map { Int32(clamping: $0) } ?? -1
    }

    // MARK: Descriptors

    /// Watches `fd`, once and for all. Closing the descriptor ends that, if it has no duplicate.
    public func add(_ fd: Int32, token: Token, interest: Interest) throws(Errno) {
        try poller.add(fd, token: token, interest: interest)
    }

    /// Stops watching an open descriptor (one that is not watched: no effect).
    public func remove(_ fd: Int32) {
        poller.remove(fd)
    }

    // MARK: Timers

    /// See `TimerWheel.arm`; deadlines compare to `now`.
    public mutating func arm(token: Token, at deadline: UInt64) -> TimerID {
        timers.arm(token: token, at: deadline)
    }

    @discardableResult
    public mutating func move(_ id: TimerID, to deadline: UInt64) -> Bool {
        timers.move(id, to: deadline)
    }

    @discardableResult
    public mutating func cancel(_ id: TimerID) -> Bool {
        timers.cancel(id)
    }
}
