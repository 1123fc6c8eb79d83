import Glibc
@testable import Reactor
@testable import Server
import Synchronization
import Testing

/// The log of a process, and a reader that may not read.
@Suite struct LogSinkTests {
    private static func sink(_ fd: Int32) throws -> LogSink {
        try LogSink(writing: LogFile(adopting: fd)) { "lost: \($0)" }
    }

    private static func pipe() throws -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        // The array has the two elements that pipe fills.
        try #require(unsafe Glibc.pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    /// Reads on a thread until the end of the pipe.
    private final class Reader: Sendable {
        private let text = Mutex("")
        private let thread = Mutex<Thread?>(nil)

        init(_ fd: Int32) throws {
            let started = try Thread.start(name: "reader") { [self] in
                var space = [UInt8](repeating: 0, count: 1 << 16)
                while true {
                    // The kernel writes at most as many bytes as there is room for.
                    let count = unsafe read(fd, &space, space.count)
                    guard count > 0 else { break }
                    text.withLock { $0 += String(decoding: space.prefix(count), as: UTF8.self) }
                }
                close(fd)
            }
            thread.withLock { $0 = started }
        }

        func wait(for end: String) throws {
            for _ in 0..<20_000 where !text.withLock({ $0.utf8.suffix(end.utf8.count).elementsEqual(end.utf8) }) { usleep(1000) }
        }

        /// Once nobody writes any more.
        func lines() -> [Substring] {
            thread.withLock { $0.take()?.join() }
            return text.withLock { $0 }.split(separator: "\n")
        }
    }

    @Test func whatIsLeftIsWrittenAtTheEnd() throws {
        let (reader, writer) = try Self.pipe()
        let sink = try Self.sink(writer)
        for number in 0..<1000 { sink.write("line \(number)") }
        sink.stop()
        #expect(try Reader(reader).lines() == (0..<1000).map { "line \($0)" })
        #expect(sink.linesLost == 0)
    }

    /// Beyond the backlog lines are lost, which is said where they are missing.
    @Test func aReaderThatComesLateIsToldWhatItHasMissed() throws {
        let (reader, writer) = try Self.pipe()
        let sink = try Self.sink(writer)
        // A MiB each, with the line break.
        let filling = String(repeating: "x", count: 1 << 20 - 1)
        for _ in 0..<20 { sink.write(filling) }
        #expect(sink.linesLost == 4)
        let text = try Reader(reader)
        try text.wait(for: "lost: 4\n")
        sink.write("after")
        sink.stop()
        let lines = text.lines()
        #expect(lines.count == 18 && lines.prefix(16).allSatisfy { $0 == filling })
        #expect(lines.suffix(2) == ["lost: 4", "after"])
    }

    @Test func aReaderThatDoesNotReadIsNotWaitedFor() throws {
        let (reader, writer) = try Self.pipe()
        defer { close(reader) }
        let sink = try Self.sink(writer)
        for _ in 0..<100 { sink.write(String(repeating: "x", count: 4000)) }
        sink.stop()
        #expect((1..<100).contains(sink.linesLost))
    }

    /// As one in a call that nothing can call off.
    @Test func aThreadThatIsStuckIsNotWaitedFor() throws {
        let queue = try LineQueue(), bell = try WakeUp()
        try queue.start(name: "stuck") { bell.wait() }
        #expect(queue.put([1]))
        queue.stop()
        #expect(!queue.hasEnded)
        bell.signal()
    }

    @Test(arguments: ["/dev/full", "a pipe without a reader"])
    func whatCannotBeWrittenIsCounted(_ name: String) throws {
        let sink: LogSink
        if name.hasPrefix("/") {
            sink = try Self.sink(try LogFile(name).release())
        } else {
            let (reader, writer) = try Self.pipe()
            close(reader)
            sink = try Self.sink(writer)
        }
        for _ in 0..<3 { sink.write("a line") }
        sink.stop()
        #expect(sink.linesLost == 3)
    }

    @Test func aMailboxHoldsOnlySoManyWarnings() throws {
        let mailbox = try Mailbox<Int>()
        for number in 0..<5 { mailbox.post(number, unlessThereAre: 3) }
        mailbox.post(5)
        #expect(mailbox.takeRefused() == 2 && mailbox.takeRefused() == 0)
        #expect(mailbox.takeAll() == [0, 1, 2, 5])
        mailbox.post(6, unlessThereAre: 3)
        #expect(mailbox.takeAll() == [6] && mailbox.takeRefused() == 0)
    }
}
