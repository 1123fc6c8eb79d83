import Foundation
import Glibc
import Testing

/// Signals that come while the first configuration is read, which may take long.
@Suite struct EarlySignalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let signal: Int32
        /// What it comes to; nil: an end at once.
        var log: String?
        var testDescription: String { "\(signal)" }
    }

    @Test(arguments: [
        Case(signal: SIGTERM), Case(signal: SIGINT), Case(signal: SIGQUIT), Case(signal: SIGHUP, log: "reloaded: 1 route"),
        Case(signal: SIGUSR1, log: ""), Case(signal: SIGUSR2, log: " serves\n"),
    ])
    func takeEffectOnceItServes(_ test: Case) throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let configuration = TestConfiguration.origin(origin)
        try configuration.write(to: folder)
        // In place of the configuration file a pipe, whose reader waits until somebody writes.
        let pipe = folder.path(SerinProcess.file)
        try FileManager.default.removeItem(atPath: pipe)
        // The path is only read during the calls.
        try #require(unsafe mkfifo(pipe, 0o600) == 0)
        let process = try SerinProcess.launch(["run", "-c", SerinProcess.file], in: folder)
        let writer = try eventually("a reader") {
            let fd = unsafe open(pipe, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            return fd < 0 ? nil : fd
        }
        process.signal(test.signal)
        guard let log = test.log else {
            #expect(try process.wait() == .exited(0))
            #expect(process.output.isEmpty && process.errors.isEmpty, "\(process.output)\(process.errors)")
            close(writer)
            return
        }
        // Whoever reads it next finds a file.
        try configuration.write(to: folder)
        let bytes = Array(configuration.text.utf8)
        // The kernel only reads the bytes, during the call.
        #expect(unsafe write(writer, bytes, bytes.count) == bytes.count)
        close(writer)
        let serin = try SerinProcess(process, in: folder)
        try eventually("“\(log)” in\n\(process.errors)") { log.isEmpty || process.errors.contains(log) }
        #expect(try serin.client().get().text == "app\n")
        if test.signal == SIGUSR2 { try serin.nextProcess().stop() } else { #expect(try serin.stop() == .exited(0)) }
    }
}
