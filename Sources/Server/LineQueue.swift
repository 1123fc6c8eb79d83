import Reactor
import Synchronization

/// Lines on their way to a thread of its own that writes them: whoever hands them over never waits for a disk or a reader, and the end
/// of the process not for long.
final class LineQueue: Sendable {
    /// Bytes that may wait; lines beyond that are refused.
    static let maximumBacklog = 16 << 20
    /// How long one that has been retired takes its time; then what is left is dropped. Nanoseconds.
    private static let lateWrites: UInt64 = 30_000_000_000
    /// How long the end waits for what is left to be written. Nanoseconds.
    private static let lastWrites: UInt64 = 1_000_000_000
    /// And then for the thread, which may be stuck in a write. Milliseconds.
    private static let lastPatience: Int32 = 2000

    struct Batch: Sendable {
        let lines: [UInt8]
        /// How many batches were refused between the one before it and this one.
        let refusedBefore: Int
    }

    /// What there is to do for the thread.
    struct Turn {
        let batches: [Batch]
        /// Batches that were refused after those.
        let refused: Int
        let reopen: Bool
        /// Nothing more will come.
        let isLast: Bool
    }

    private struct State {
        var batches: [Batch] = []
        /// Of the batches above and of those that are being written.
        var bytes = 0
        /// Batches, since the last one that was taken in.
        var refused = 0
        var reopen = false
        /// Told to end: what is not written by then (nanoseconds of the monotonic clock) is dropped.
        var writesUntil: UInt64?
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let bell: WakeUp
    private let thread = Mutex<Thread?>(nil)

    init() throws(Errno) { bell = try WakeUp() }

    /// - Parameter body: takes turns until the last one.
    func start(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let started = try Thread.start(name: name) { [self] in
            body()
            state.withLock { $0.hasEnded = true }
        }
        thread.withLock { $0 = started }
    }

    /// False when the writer lags too far behind; then the lines are lost.
    func put(_ lines: [UInt8]) -> Bool {
        let isTaken = state.withLock { state in
            guard state.bytes + lines.count <= Self.maximumBacklog else {
                state.refused += 1
                return false
            }
            state.batches.append(Batch(lines: lines, refusedBefore: state.refused))
            state.bytes += lines.count
            state.refused = 0
            return true
        }
        if isTaken { bell.signal() }
        return isTaken
    }

    /// The file was moved away: open its path again.
    func reopen() {
        state.withLock { $0.reopen = true }
        bell.signal()
    }

    /// Nothing more will come. The thread writes what it has, and ends. Does not wait for it; to be stopped all the same.
    func retire() { end(within: Self.lateWrites) }

    private func end(within nanoseconds: UInt64) {
        let latest = SystemClock.monotonicNanoseconds() + nanoseconds
        state.withLock { $0.writesUntil = min($0.writesUntil ?? .max, latest) }
        bell.signal()
    }

    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Has what is left written, if that does not take too long, and waits for the thread to end, unless it is stuck.
    func stop() {
        end(within: Self.lastWrites)
        thread.withLock { thread in
            // Stuck in a write that nothing can call off, it ends with that or with the process.
            _ = thread.take()?.join(atMostMilliseconds: Self.lastPatience)
        }
    }

    // MARK: For the thread

    /// Waits for something to do.
    func takeTurn() -> Turn {
        bell.wait()
        bell.drain()
        return state.withLock { state in
            let turn = Turn(batches: state.batches, refused: state.refused, reopen: state.reopen, isLast: state.writesUntil != nil)
            state.batches = []
            state.refused = 0
            state.reopen = false
            return turn
        }
    }

    /// It does not wait any more, written or given up.
    func isDone(with batch: Batch) { state.withLock { $0.bytes -= batch.lines.count } }

    /// Whether somebody waits for a reader that has had its time.
    func isOverdue() -> Bool {
        guard let writesUntil = state.withLock({ $0.writesUntil }) else { return false }
        return SystemClock.monotonicNanoseconds() >= writesUntil
    }
}
