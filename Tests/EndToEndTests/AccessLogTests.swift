import Foundation
import Glibc
import Testing

/// The access log of a running process.
@Suite struct AccessLogTests {
    private static let settings = "accessLog: {format: combined, path: access.log}"

    @Test func hasALineForEachRequest() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: Self.settings))
        let client = try serin.client()
        _ = try client.get("/a?b=c", fields: ["User-Agent: tests/1.0", "Referer: http://a.example/\"quoted\""])
        _ = try client.exchange("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        _ = try client.exchange("HEAD / HTTP/1.0\r\nHost: a\r\n\r\n", method: "HEAD")
        _ = try serin.client().exchange("nonsense\r\n\r\n")
        #expect(try serin.stop() == .exited(0))
        let lines = serin.folder.read("access.log").split(separator: "\n")
        try #require(lines.count == 4, "\(lines)")
        let time = #"\[\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} \+0000\]"#
        let patterns = [
            #"127\.0\.0\.1 - - "# + time + #" "GET /a\?b=c HTTP/1\.1" 200 4 "http://a\.example/\\x22quoted\\x22" "tests/1\.0""#,
            #"127\.0\.0\.1 - - "# + time + #" "POST /p HTTP/1\.1" 200 4 "-" "-""#,
            #"127\.0\.0\.1 - - "# + time + #" "HEAD / HTTP/1\.0" 200 0 "-" "-""#,
            #"127\.0\.0\.1 - - "# + time + #" ".*" 400 \d+ "-" "-""#,
        ]
        for (line, pattern) in zip(lines, patterns) {
            #expect(line.range(of: "^\(pattern)$", options: .regularExpression) != nil, "\(line)")
        }
    }

    @Test func isOpenedAgain() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: Self.settings))
        let client = try serin.client()
        _ = try client.get("/before")
        try eventually("the first line") { serin.folder.read("access.log").contains("/before") }
        try serin.folder.move("access.log", to: "access.log.1")
        serin.process.signal(SIGUSR1)
        try eventually("the new file") { serin.folder.exists("access.log") }
        _ = try client.get("/after")
        try eventually("the second line") { serin.folder.read("access.log").contains("/after") }
        #expect(!serin.folder.read("access.log.1").contains("/after"))
    }

    @Test func mayGoToStandardOutput() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "accessLog: {format: combined}"))
        _ = try serin.client().get("/seen")
        try eventually("the line") { serin.process.output.contains("\"GET /seen HTTP/1.1\" 200") }
    }

    @Test func isOffUnlessAskedFor() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        _ = try serin.client().get("/unseen")
        #expect(try serin.stop() == .exited(0))
        #expect(!serin.process.output.contains("/unseen"))
    }

    /// A pipe on standard output, full: neither requests nor the end may wait for its reader.
    @Test func aReaderThatIsStuckHoldsNothingUp() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let fifo = folder.path("stuck")
        // The path is only read during the calls.
        try #require(unsafe mkfifo(fifo, 0o600) == 0)
        let reader = unsafe open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(reader >= 0)
        defer { close(reader) }
        let settings = "accessLog: {format: combined, path: stuck}\nshutdownTimeout: 2s"
        let serin = try SerinProcess(.origin(origin, settings: settings), folder: folder)
        let client = try serin.client()
        let agent = "User-Agent: " + String(repeating: "a", count: 3000)
        // Three times what a pipe holds.
        for _ in 0..<64 { #expect(try client.get(fields: [agent]).status == 200) }
        // Another writer of the same pipe: when it could not write either, the lines are in and their writer is stuck.
        let writer = unsafe open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(writer >= 0)
        defer { close(writer) }
        try eventually("a full pipe") {
            var entry = pollfd(fd: writer, events: Int16(POLLOUT), revents: 0)
            // One entry, which the kernel fills during the call.
            return unsafe poll(&entry, 1, 0) == 0
        }
        #expect(try client.get().status == 200)
        #expect(try serin.stop() == .exited(0))
    }
}
