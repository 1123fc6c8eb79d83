import Glibc
@testable import Reactor
@testable import Server
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

    /// What comes out of the pipe, until it ends with a text, or to its end.
    private static func text(_ reader: Int32, until end: String? = nil) throws -> String {
        var bytes: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 1 << 16)
        while end.map({ !bytes.suffix($0.utf8.count).elementsEqual($0.utf8) }) ?? true {
            try awaitReadable(reader)
            // The kernel writes at most as many bytes as there is room for.
            let count = unsafe read(reader, &space, space.count)
            guard count > 0 else { break }
            bytes += space.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func whatIsLeftIsWrittenAtTheEnd() throws {
        let (reader, writer) = try Self.pipe()
        defer { close(reader) }
        let sink = try Self.sink(writer)
        for number in 0..<1000 { sink.write("line \(number)") }
        sink.stop()
        #expect(try Self.text(reader) == (0..<1000).map { "line \($0)\n" }.joined())
        #expect(sink.linesLost == 0)
    }

    /// Beyond the backlog lines are lost, which is said where they are missing.
    @Test func aReaderThatComesLateIsToldWhatItHasMissed() throws {
        let (reader, writer) = try Self.pipe()
        defer { close(reader) }
        let sink = try Self.sink(writer)
        // A MiB each, with the line break.
        let filling = String(repeating: "x", count: 1 << 20 - 1)
        for _ in 0..<20 { sink.write(filling) }
        #expect(sink.linesLost == 4)
        #expect(try Self.text(reader, until: "lost: 4\n") == String(repeating: filling + "\n", count: 16) + "lost: 4\n")
        sink.write("after")
        sink.stop()
        #expect(try Self.text(reader) == "after\n")
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
