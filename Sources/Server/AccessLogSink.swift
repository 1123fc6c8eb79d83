import Exchange
import Reactor

/// Writes the access log on a thread of its own: workers hand over whole batches and never wait for a disk.
///
/// A reload that changes where lines go makes another one; the old one writes what it was given and ends.
final class AccessLogSink: Sendable {
    let isOn: Bool
    private let path: String?
    private let counts: AccessLogCounts
    private let supervisor: Mailbox<SupervisorMessage>
    private let queue: LineQueue

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
        queue = try LineQueue()
        guard isOn else { return }
        let file = try LogFile(path)
        let descriptor = file.release()
        try queue.start(name: "access-log") { [self] in run(LogFile(adopting: descriptor)) }
    }

    /// False when the writer lags too far behind; then the lines are lost.
    func write(_ lines: [UInt8]) -> Bool { queue.put(lines) }

    /// The file was moved away: open its path again.
    func reopen() { queue.reopen() }

    /// Nothing more will come. The thread writes what it has, and ends; to be stopped all the same.
    func retire() { queue.retire() }

    var hasEnded: Bool { !isOn || queue.hasEnded }

    /// Writes what is left, if that does not take too long, and waits for the thread to end.
    func stop() { queue.stop() }

    // MARK: The thread

    private func run(_ first: consuming LogFile) {
        var file = first
        var failures = FailureLog<AccessLogFailure>()
        while true {
            let turn = queue.takeTurn()
            for batch in turn.batches {
                write(batch.lines, to: file, &failures)
                queue.isDone(with: batch)
            }
            for line in failures.takeDue(at: Self.second) { supervisor.warn(line) }
            if turn.isLast { break }
            guard turn.reopen else { continue }
            do throws(Errno) {
                file = try LogFile(path)
            } catch {
                // Better the old one than none.
                counts.reopenFailed()
                report(.reopening(path, error), &failures)
            }
        }
        for line in failures.takeAll(at: Self.second) { supervisor.warn(line) }
    }

    /// A full disk loses lines, not requests.
    private func write(_ batch: [UInt8], to file: borrowing LogFile, _ failures: inout FailureLog<AccessLogFailure>) {
        do throws(LogFile.WriteFailure) {
            let written = try file.write(batch, givingUpWhen: queue.isOverdue)
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
        if failures.isNews(failure, at: Self.second) { supervisor.warn("\(failure)") }
    }

    private static var second: UInt64 { SystemClock.monotonicNanoseconds() / 1_000_000_000 }
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
