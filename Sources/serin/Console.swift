import ArgumentParser
import Configuration
import Glibc
import Logging
import Server

/// What a process that serves says: it never waits for those who read it.
struct Console {
    private let output: LogSink
    let errors: LogSink

    init() throws {
        LogSink.prepareProcess()
        do throws(Supervisor.StartError) {
            output = try LogSink(.output) { "lines are lost: \($0)" }
            errors = try LogSink(.error) { LineLogHandler.line(.warning, "lines of this log are lost: \($0)") }
        } catch {
            Output.errorLine("serin: \(error)")
            throw ExitCode(1)
        }
    }

    var logger: Logger {
        Logger(label: "serin") { [errors] _ in LineLogHandler(sink: errors) }
    }

    func report(_ diagnostics: [Diagnostic], atLeast severity: Diagnostic.Severity) {
        for diagnostic in diagnostics where diagnostic.severity.rank >= severity.rank { errors.write(diagnostic.description) }
    }

    /// The last lines on stdout that do not belong to the access log.
    func announce(_ lines: [String]) {
        for line in lines { output.write(line) }
        output.retire()
    }

    /// At the end of the process: what can be written soon is.
    /// - Parameter endingProcess: here and now, since threads are left that use what C's exit handlers tear down, such as OpenSSL.
    func close(endingProcess: Bool = false) {
        output.retire()
        errors.stop()
        output.stop()
        if endingProcess { _exit(0) }
    }
}

/// Log lines: `2026-11-20T23:30:05Z warning reload refused`.
struct LineLogHandler: LogHandler {
    let sink: LogSink
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(sink: LogSink) { self.sink = sink }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        sink.write(Self.line(event.level, "\(event.message)"))
    }

    static func line(_ level: Logger.Level, _ message: String) -> String {
        var now = time(nil)
        var parts = unsafe tm()
        var text = [CChar](repeating: 0, count: 32)
        // Both calls only use memory that is passed to them, within its bounds.
        let count = unsafe strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts))
        let stamp = String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(stamp) \(level) \(message)"
    }
}
