import Exchange
import Reactor
import Synchronization

/// Writes lines for people to a standard stream, on a thread of its own and in their order: nobody who has something to say waits for a
/// terminal, a pipe or a disk. What is lost is counted, and told of in its place once lines can be written again.
///
///     let sink = try LogSink(.error) { "\($0) lines are lost" }
///     sink.write("a line")
///     sink.stop()          // at the process's end
public final class LogSink: Sendable {
    public enum Stream: Sendable {
        case output, error
    }

    private let queue: LineQueue
    private let notice: @Sendable (_ lost: Int) -> String
    private let lost = Atomic(0)

    /// At the beginning of a process that uses sinks, before it opens anything.
    public static func prepareProcess() { LogFile.fillStandardStreams() }

    /// Throws when there may be no more threads or descriptors.
    /// - Parameter notice: the line that tells of so many lost ones.
    public convenience init(_ stream: Stream, notice: @escaping @Sendable (_ lost: Int) -> String) throws(Supervisor.StartError) {
        do throws(Errno) {
            let file = switch stream {
            case .output: try LogFile(nil)
            case .error: try LogFile.standardError()
            }
            try self.init(writing: file, notice: notice)
        } catch {
            throw Supervisor.StartError("cannot start", error)
        }
    }

    /// To any file.
    init(writing file: consuming LogFile, notice: @escaping @Sendable (_ lost: Int) -> String) throws(Errno) {
        // A reader that goes away is no reason to end.
        IgnoreSIGPIPE.install()
        self.notice = notice
        queue = try LineQueue()
        let descriptor = file.release()
        try queue.start(name: "log") { [self] in run(LogFile(adopting: descriptor)) }
    }

    /// Never waits.
    /// - Parameter line: without the line break at its end; written as it may be shown (`printable`).
    public func write(_ line: String) {
        if !queue.put(Array((line.printable() + "\n").utf8)) { lost.add(1, ordering: .relaxed) }
    }

    /// So far: since there was no room, or since they could not be written.
    public var linesLost: Int { lost.load(ordering: .relaxed) }

    /// Nothing more will come. Does not wait; to be stopped all the same.
    public func retire() { queue.retire() }

    /// At the end: waits until everything is written, but for no more than a few seconds.
    public func stop() { queue.stop() }

    // MARK: The thread

    /// Where lines are missing that nobody has been told of.
    private struct Gap {
        var lines = 0
        /// The last line breaks off.
        var isInsideLine = false
    }

    private func run(_ file: consuming LogFile) {
        var gap = Gap()
        while true {
            let turn = queue.takeTurn()
            for batch in turn.batches {
                gap.lines += batch.refusedBefore
                if !tell(of: &gap, file) || !write(batch.lines, &gap, file) {
                    gap.lines += 1
                    lost.add(1, ordering: .relaxed)
                }
                queue.isDone(with: batch)
            }
            gap.lines += turn.refused
            _ = tell(of: &gap, file)
            if turn.isLast { break }
        }
    }

    /// False if that cannot be done yet.
    private func tell(of gap: inout Gap, _ file: borrowing LogFile) -> Bool {
        guard gap.lines > 0 else { return true }
        guard write(Array((notice(gap.lines) + "\n").utf8), &gap, file) else { return false }
        gap.lines = 0
        return true
    }

    /// Whether all of it has been written.
    private func write(_ line: [UInt8], _ gap: inout Gap, _ file: borrowing LogFile) -> Bool {
        let bytes = gap.isInsideLine ? [UInt8(ascii: "\n")] + line : line
        let written: Int
        do throws(LogFile.WriteFailure) {
            written = try file.write(bytes, givingUpWhen: queue.isOverdue)
        } catch {
            written = error.written
        }
        if written > 0 { gap.isInsideLine = written < bytes.count }
        return written == bytes.count
    }
}
