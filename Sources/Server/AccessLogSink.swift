import Exchange
import Reactor
import Synchronization

/// Writes the access log on a thread of its own: workers hand over whole batches and never wait for a disk.
///
/// A reload that changes where lines go makes another one; the old one writes what it was given and ends.
final class AccessLogSink: Sendable {
    /// Bytes that may wait for the disk or the reader; beyond that lines are dropped and counted.
    static let maximumBacklog = 16 << 20
    /// How long the process's end waits for what is left to be written, and how long a sink that has been replaced takes its
    /// time; then it is dropped. Nanoseconds.
    private static let lastWrites: UInt64 = 1_000_000_000
    private static let lateWrites: UInt64 = 30_000_000_000

    private struct State {
        var batches: [[UInt8]] = []
        /// Of the batches above and of those that are being written.
        var bytes = 0
        var reopen = false
        /// Told to end: what is not written by then (nanoseconds of the monotonic clock) is dropped.
        var writesUntil: UInt64?
        var hasEnded = false
    }

    let isOn: Bool
    private let path: String?
    private let counts: AccessLogCounts
    private let supervisor: Mailbox<SupervisorMessage>
    private let state = Mutex(State())
    private let bell: WakeUp
    private let thread = Mutex<Thread?>(nil)

    /// - Parameters:
    ///   - counts: the process's.
    ///   - supervisor: is told what an operator has to know.
    init(
        _ settings: ProcessSettings.AccessLog, _ counts: AccessLogCounts, telling supervisor: Mailbox<SupervisorMessage>
    ) throws(Errno) {
        isOn = settings.format != .off
        path = settings.path
        self.counts = counts
        self.supervisor = supervisor
        bell = try WakeUp()
        guard isOn else {
            state.withLock { $0.hasEnded = true }
            return
        }
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

    /// Nothing more will come. The thread writes what it has, and ends; to be stopped all the same.
    func retire() { end(within: Self.lateWrites) }

    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Writes what is left, if that does not take too long, and waits for the thread to end.
    func stop() {
        end(within: Self.lastWrites)
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    private func end(within nanoseconds: UInt64) {
        let latest = SystemClock.monotonicNanoseconds() + nanoseconds
        state.withLock { $0.writesUntil = min($0.writesUntil ?? .max, latest) }
        bell.signal()
    }

    // MARK: The thread

    private func run(_ first: consuming LogFile) {
        var file = first
        var failures = FailureLog<AccessLogFailure>()
        while true {
            bell.wait()
            bell.drain()
            let (batches, reopen, ends) = state.withLock { state in
                let taken = (state.batches, state.reopen, state.writesUntil != nil)
                state.batches = []
                state.reopen = false
                return taken
            }
            for batch in batches {
                write(batch, to: file, &failures)
                state.withLock { $0.bytes -= batch.count }
            }
            for line in failures.takeDue(at: Self.second) { supervisor.post(.warning(line)) }
            if ends { break }
            guard reopen else { continue }
            do throws(Errno) {
                file = try LogFile(path)
            } catch {
                // Better the old one than none.
                counts.reopenFailed()
                report(.reopening(path, error), &failures)
            }
        }
        for line in failures.takeAll(at: Self.second) { supervisor.post(.warning(line)) }
        state.withLock { $0.hasEnded = true }
    }

    /// A full disk loses lines, not requests.
    private func write(_ batch: [UInt8], to file: borrowing LogFile, _ failures: inout FailureLog<AccessLogFailure>) {
        do throws(LogFile.WriteFailure) {
            let written = try file.write(batch, givingUpWhen: isOverdue)
            guard written < batch.count else { return }
            counts.lost(Self.lines(of: batch, from: written))
            report(.givingUp(path), &failures)
        } catch {
            counts.lost(Self.lines(of: batch, from: error.written))
            report(.writing(path, error.error), &failures)
        }
    }

    private static func lines(of batch: [UInt8], from start: Int) -> Int {
        batch.dropFirst(start).count { $0 == UInt8(ascii: "\n") }
    }

    private func report(_ failure: AccessLogFailure, _ failures: inout FailureLog<AccessLogFailure>) {
        if failures.isNews(failure, at: Self.second) { supervisor.post(.warning("\(failure)")) }
    }

    private static var second: UInt64 { SystemClock.monotonicNanoseconds() / 1_000_000_000 }

    /// Whether somebody waits for a reader that has had its time.
    private func isOverdue() -> Bool {
        guard let writesUntil = state.withLock({ $0.writesUntil }) else { return false }
        return SystemClock.monotonicNanoseconds() >= writesUntil
    }
}

/// What an operator has to know of an access log, with its path.
enum AccessLogFailure: Hashable, CustomStringConvertible {
    case reopening(String?, Errno)
    case writing(String?, Errno)
    /// Its reader does not read, and there is no more time.
    case givingUp(String?)

    var description: String {
        switch self {
        case .reopening(let path, let error):
            "access log \(path ?? "on stdout"): cannot be opened again: \(error); lines still go to where they went"
        case .writing(let path, let error): "access log \(path ?? "on stdout"): lines are lost: \(error)"
        case .givingUp(let path): "access log \(path ?? "on stdout"): lines are lost: they are not read in time"
        }
    }
}
