import Exchange
import Reactor
import Synchronization

/// Writes the access log on a thread of its own: workers hand over whole batches and never wait for a disk.
final class AccessLogSink: Sendable {
    /// Bytes that may wait for the disk or the reader; beyond that lines are dropped and counted.
    static let maximumBacklog = 16 << 20
    /// How long `stop` waits for what is left to be written; then it is dropped. Nanoseconds.
    private static let lastWrites: UInt64 = 1_000_000_000

    private struct State {
        var batches: [[UInt8]] = []
        /// Of the batches above and of those that are being written.
        var bytes = 0
        var reopen = false
        /// Told to stop: what is not written by then (nanoseconds of the monotonic clock) is dropped.
        var writesUntil: UInt64?
    }

    let isOn: Bool
    private let path: String?
    private let state = Mutex(State())
    private let bell: WakeUp
    private let thread = Mutex<Thread?>(nil)

    init(_ settings: ProcessSettings.AccessLog) throws(Errno) {
        isOn = settings.format != .off
        path = settings.path
        bell = try WakeUp()
        guard isOn else { return }
        let file = try LogFile(path)
        let descriptor = file.release()
        let started = try Thread.start(name: "access-log") { [self] in run(LogFile(adopting: descriptor)) }
        thread.withLock { $0 = started }
    }

    /// False when the writer lags too far behind; then the lines are lost.
    func write(_ lines: [UInt8]) -> Bool {
        let isTaken = state.withLock { state in
            guard state.bytes + lines.count <= Self.maximumBacklog else { return false }
            state.batches.append(lines)
            state.bytes += lines.count
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

    /// Writes what is left, if that does not take too long, and ends the thread.
    func stop() {
        let writesUntil = SystemClock.monotonicNanoseconds() + Self.lastWrites
        state.withLock { $0.writesUntil = writesUntil }
        bell.signal()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    // MARK: The thread

    private func run(_ first: consuming LogFile) {
        var file = first
        while true {
            bell.wait()
            bell.drain()
            let (batches, reopen, stop) = state.withLock { state in
                let taken = (state.batches, state.reopen, state.writesUntil != nil)
                state.batches = []
                state.reopen = false
                return taken
            }
            for batch in batches {
                // A full disk loses lines, not requests.
                _ = try? file.write(batch, givingUpWhen: isOverdue)
                state.withLock { $0.bytes -= batch.count }
            }
            if stop { return }
            guard reopen else { continue }
            do throws(Errno) {
                file = try LogFile(path)
            } catch {
                // It cannot be opened again: better the old one than none.
            }
        }
    }

    /// Whether the process waits for a reader that has had its time.
    private func isOverdue() -> Bool {
        guard let writesUntil = state.withLock({ $0.writesUntil }) else { return false }
        return SystemClock.monotonicNanoseconds() >= writesUntil
    }
}
