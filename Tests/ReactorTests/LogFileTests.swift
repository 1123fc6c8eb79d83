import Glibc
@testable import Reactor
import Synchronization
import Testing

/// What a thread has read.
private final class Received: Sendable {
    let bytes = Mutex<[UInt8]>([])
}

@Suite struct LogFileTests {
    private static func pipe() throws -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        // The array has the two elements that pipe fills.
        try #require(unsafe Glibc.pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    /// More than any pipe holds unless it is asked to.
    private static let much = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    /// The writing end blocks: a test that fails here hangs in write(2) instead.
    @Test func aReaderThatDoesNotReadIsGivenUp() throws {
        let (reader, writer) = try Self.pipe()
        let file = LogFile(adopting: writer)
        defer { close(reader) }
        var asked = 0
        let written = try file.write(Self.much) {
            asked += 1
            return asked > 20
        }
        #expect((4096..<Self.much.count).contains(written), "what the pipe holds")
        #expect(try file.write([1, 2, 3], givingUpWhen: { true }) == 0)
    }

    @Test func aSlowReaderGetsEverything() throws {
        let (reader, writer) = try Self.pipe()
        let file = LogFile(adopting: writer)
        let received = Received()
        let thread = try Thread.start(name: "reader") {
            var space = [UInt8](repeating: 0, count: 1000)
            while true {
                // The kernel writes at most as many bytes as there is room for.
                let count = unsafe read(reader, &space, space.count)
                guard count > 0 else { break }
                received.bytes.withLock { $0 += space.prefix(count) }
            }
            close(reader)
        }
        #expect(try file.write(Self.much) == Self.much.count)
        close(file.release())
        thread.join()
        #expect(received.bytes.withLock { $0 } == Self.much)
    }

    @Test func aReaderThatHasGoneIsAnError() throws {
        IgnoreSIGPIPE.install()
        let (reader, writer) = try Self.pipe()
        let file = LogFile(adopting: writer)
        close(reader)
        #expect(throws: LogFile.WriteFailure(error: .EPIPE, written: 0)) { try file.write([1]) }
    }

    @Test func aFullDeviceIsAnError() throws {
        let file = try LogFile("/dev/full")
        #expect(throws: LogFile.WriteFailure(error: Errno(code: ENOSPC), written: 0)) { try file.write([1]) }
    }

    @Test func whatWasWrittenBeforeAFailureIsTold() throws {
        IgnoreSIGPIPE.install()
        let (reader, writer) = try Self.pipe()
        let file = LogFile(adopting: writer)
        var asked = 0
        // Its reader goes when there is no more room.
        #expect { try file.write(Self.much) {
            asked += 1
            if asked == 20 { close(reader) }
            return asked > 1000
        } } throws: { error in
            guard let failure = error as? LogFile.WriteFailure else { return false }
            return failure.error == .EPIPE && (4096..<Self.much.count).contains(failure.written)
        }
    }

    @Test func aPipeThatNobodyReadsIsNotWaitedFor() throws {
        let path = "/tmp/serin-log-\(getpid())"
        // The path is only read during the calls.
        try #require(unsafe mkfifo(path, 0o600) == 0)
        defer { _ = unsafe unlink(path) }
        #expect(throws: Errno(code: ENXIO)) { _ = try LogFile(path).release() }
    }
}
