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

    /// Its folder has gone: that is said and counted, and nothing is lost.
    @Test func whatCannotBeOpenedAgainGoesOn() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        try folder.write("", to: "logs/access.log")
        let serin = try SerinProcess(.origin(origin, settings: "accessLog: {format: combined, path: logs/access.log}"), folder: folder)
        let client = try serin.client()
        try folder.move("logs", to: "old")
        for round in 1...2 {
            serin.process.signal(SIGUSR1)
            try eventually("the count") { try serin.metrics().sum("serin_log_reopen_failures_total") == round }
            _ = try client.get("/round/\(round)")
            try eventually("the line") { folder.read("old/access.log").contains("/round/\(round)") }
        }
        try serin.waitForLog("logs/access.log: cannot be opened again: No such file or directory (ENOENT)")
        #expect(try serin.metrics().sum("serin_log_dropped_total") == 0)
        try folder.write("", to: "logs/access.log")
        serin.process.signal(SIGUSR1)
        try eventually("the new file") {
            _ = try client.get("/again")
            return folder.read("logs/access.log").contains("/again")
        }
        #expect(try serin.metrics().sum("serin_log_reopen_failures_total") == 2)
    }

    @Test func linesThatCannotBeWrittenAreCounted() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "accessLog: {format: combined, path: /dev/full}"))
        let client = try serin.client()
        for _ in 0..<3 { #expect(try client.get().status == 200) }
        try eventually("the count") { try serin.metrics().sum("serin_log_dropped_total", ["reason": "write_failed"]) == 3 }
        try serin.waitForLog("access log /dev/full: lines are lost: No space left on device (ENOSPC)")
        #expect(try serin.stop() == .exited(0))
    }

    /// Off, to a file, to another, to standard output, off: each request is in the log that was in force.
    @Test(arguments: [1, 3]) func followsAReload(_ workers: Int) throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        func configuration(_ log: String) -> TestConfiguration {
            var configuration = TestConfiguration.origin(origin, settings: "accessLog: {\(log)}")
            configuration.workers = workers
            return configuration
        }
        let serin = try SerinProcess(configuration("format: off"), folder: folder)
        let steps = ["format: combined, path: one.log", "format: combined, path: two.log", "format: combined", "format: off"]
        for (index, step) in steps.enumerated() {
            for _ in 0..<20 { _ = try serin.client().get("/before/\(index)") }
            #expect(try serin.reload(configuration(step)).text == "[]")
            for _ in 0..<20 { _ = try serin.client().get("/after/\(index)") }
        }
        #expect(try serin.stop() == .exited(0))
        func lines(_ text: String) -> [String: Int] {
            let paths = text.split(separator: "\n").compactMap { line in line.split(separator: " ").dropFirst(6).first.map(String.init) }
            return Dictionary(paths.map { ($0, 1) }, uniquingKeysWith: +)
        }
        #expect(lines(folder.read("one.log")) == ["/after/0": 20, "/before/1": 20])
        #expect(lines(folder.read("two.log")) == ["/after/1": 20, "/before/2": 20])
        let output = serin.process.output.split(separator: "\n").filter { $0.contains("\"GET ") }.joined(separator: "\n")
        #expect(lines(output) == ["/after/2": 20, "/before/3": 20])
    }

    /// Nothing is lost, or in both, while requests come all the time.
    @Test func nothingIsLostUnderLoad() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        func configuration(_ name: String) -> TestConfiguration {
            var configuration = TestConfiguration.origin(origin, settings: "accessLog: {format: combined, path: \(name).log}")
            configuration.workers = 2
            return configuration
        }
        let names = (0..<6).map { "log\($0)" }
        let serin = try SerinProcess(configuration(names[0]), folder: folder)
        let clients = LoadClients(serin.address, count: 4)
        for (index, name) in names.enumerated().dropFirst() {
            try clients.waitForAnswers(100 * index)
            #expect(try serin.reload(configuration(name)).status == 200)
        }
        #expect(try serin.stop() == .exited(0))
        let result = try clients.finish()
        #expect(result.faults.isEmpty, "\(result.faults)")
        let lines = names.map { folder.read("\($0).log").split(separator: "\n").count }
        #expect(lines.reduce(0, +) == result.answers && lines.allSatisfy { $0 > 0 }, "\(lines)")
    }

    @Test func aLogThatCannotBeOpenedRefusesTheReload() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: Self.settings))
        let answer = try serin.reload(.origin(origin, settings: "accessLog: {format: combined, path: no/access.log}"))
        #expect(answer.status == 422 && answer.text.contains("\"object\":\"accessLog\""), "\(answer.text)")
        #expect(answer.text.contains("cannot open the access log"), "\(answer.text)")
        _ = try serin.client().get("/still")
        try eventually("the line") { serin.folder.read("access.log").contains("/still") }
    }

    /// A pipe on standard output, full: neither requests nor the end may wait for its reader.
    @Test func aReaderThatIsStuckHoldsNothingUp() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let stuck = try UnreadPipe(folder.path("stuck"))
        defer { _ = stuck }
        let settings = "accessLog: {format: combined, path: stuck}\nshutdownTimeout: 2s"
        let serin = try SerinProcess(.origin(origin, settings: settings), folder: folder)
        let client = try serin.client()
        let agent = "User-Agent: " + String(repeating: "a", count: 3000)
        // Three times what a pipe holds.
        for _ in 0..<64 { #expect(try client.get(fields: [agent]).status == 200) }
        // Another writer of the same pipe: when it could not write either, the lines are in and their writer is stuck.
        // The path is only read during the call.
        let writer = unsafe open(folder.path("stuck"), O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(writer >= 0)
        defer { close(writer) }
        try eventually("a full pipe") {
            var entry = pollfd(fd: writer, events: Int16(POLLOUT), revents: 0)
            // One entry, which the kernel fills during the call.
            return unsafe poll(&entry, 1, 0) == 0
        }
        #expect(try client.get().status == 200)
        #expect(try serin.stop() == .exited(0))
        #expect(serin.process.errors.contains("stuck: lines are lost: they are not read in time"), "\(serin.process.errors)")
    }
}
