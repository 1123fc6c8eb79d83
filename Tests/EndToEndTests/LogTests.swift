import Foundation
import Glibc
import Testing

/// What a running process writes to stderr.
@Suite struct LogTests {
    /// The configuration with mistakes, of which each is a line.
    private static func broken(_ configuration: TestConfiguration) -> TestConfiguration {
        var broken = configuration
        broken.settings += (0..<60).map { "\nunknown\($0): 1" }.joined()
        return broken
    }

    /// A pipe with little room. Nothing that Serin does for clients and operators waits for its reader, its end neither.
    @Test func aReaderThatIsStuckHoldsNothingUp() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let stuck = try UnreadPipe(folder.path("serin.err"), capacity: 4096)
        defer { _ = stuck }
        let configuration = TestConfiguration.origin(origin, settings: "shutdownTimeout: 2s")
        let serin = try SerinProcess(configuration, folder: folder)
        for _ in 0..<3 { #expect(try serin.reload(Self.broken(configuration)).status == 422) }
        #expect(try serin.client().get().text == "app\n")
        #expect(try serin.reload(configuration).status == 200)
        #expect(try serin.metrics().sum("serin_stderr_dropped_total") == 0, "there is room for them")
        let flags = try #require(ChildProcess.kernelFile("/proc/\(serin.process.pid)/fdinfo/2")?.firstMatch(of: #/flags:\s*(\d+)/#)?.1)
        #expect(try #require(Int32(flags, radix: 8)) & O_NONBLOCK == 0, "others share it")
        #expect(try serin.stop() == .exited(0))
    }

    /// Whoever starts it may have closed them: what goes to one of them does not go to the other.
    @Test(arguments: ["2>&-", "0<&- 2>&-"])
    func streamsThatAreMissingAreNotMixed(_ closed: String) throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        try TestConfiguration.origin(origin).write(to: folder)
        let process = try ChildProcess(
            try Tools.path(of: "sh"), ["-c", "exec \"$0\" run -c \(SerinProcess.file) \(closed)", try SerinProcess.executable()],
            named: "serin", in: folder)
        try eventually("its first lines") { !process.output.isEmpty }
        process.signal(SIGTERM)
        #expect(try process.wait() == .exited(0))
        #expect(!process.output.contains("stopped"), "that is for stderr")
    }

    /// What comes last is what matters most.
    @Test func allOfItIsThereAtTheEnd() throws {
        let origin = try RecordingOrigin.named("app")
        let configuration = TestConfiguration.origin(origin)
        let serin = try SerinProcess(configuration)
        #expect(try serin.reload(Self.broken(configuration)).status == 422)
        #expect(try serin.stop() == .exited(0))
        let lines = serin.process.errors.split(separator: "\n")
        let mistakes = lines.filter { $0.contains(": error: unknown") }.compactMap { $0.firstMatch(of: #/unknown(\d+)/#).flatMap { Int($0.1) } }
        #expect(mistakes == Array(0..<60))
        #expect(lines.last?.hasSuffix(" info stopped") == true, "\(lines)")
    }

    /// A line that is displayed otherwise than it reads, or that a terminal obeys.
    @Test func aNameCannotDisguiseALine() throws {
        var configuration = TestConfiguration.origin(try RecordingOrigin.named("app"))
        let serin = try SerinProcess(configuration)
        configuration.settings = #""lim\u202Eits\u2066\e[31m": 1"#
        #expect(try serin.reload(configuration).status == 422)
        let line = ": error: lim\u{FFFD}its\u{FFFD}\u{FFFD}[31m: unknown key"
        try serin.waitForLog(line)
        #expect(try serin.stop() == .exited(0))
        let check = try SerinProcess.launch(["check", "-c", SerinProcess.file], in: serin.folder, named: "check")
        #expect(try check.wait() == .exited(1))
        #expect(check.errors.contains(line), "\(check.errors)")
    }

    @Test func whatCannotBeWrittenIsCounted() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        try FileManager.default.createSymbolicLink(atPath: folder.path("serin.err"), withDestinationPath: "/dev/full")
        let configuration = TestConfiguration.origin(origin)
        let serin = try SerinProcess(configuration, folder: folder)
        #expect(try serin.reload(Self.broken(configuration)).status == 422)
        try eventually("the count") { try serin.metrics().sum("serin_stderr_dropped_total") >= 60 }
        #expect(try serin.stop() == .exited(0))
    }

    /// Also with as many mistakes as there is no room for, and nobody who reads them.
    @Test func aStartThatFailsDoesNotWaitEither() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        try Self.broken(.origin(origin)).write(to: folder)
        let stuck = try UnreadPipe(folder.path("serin.err"), capacity: 4096)
        defer { _ = stuck }
        let process = try SerinProcess.launch(["run", "-c", SerinProcess.file], in: folder)
        #expect(try process.wait() == .exited(1))
    }
}
