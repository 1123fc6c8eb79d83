import Configuration
import Glibc
import Logging

/// Lines for people and programs, flushed at once: who started the process may be waiting for one.
enum Output {
    static func line(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    static func errorLine(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    static func report(_ diagnostics: [Diagnostic], atLeast severity: Diagnostic.Severity = .note) {
        for diagnostic in diagnostics where diagnostic.severity.rank >= severity.rank { errorLine(diagnostic.description) }
    }

    static func bytes(_ bytes: [UInt8]) {
        line(String(decoding: bytes, as: UTF8.self))
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            // The kernel reads `count` bytes of the buffer, during the call.
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}

extension Diagnostic.Severity {
    var rank: Int {
        switch self {
        case .note: 0
        case .warning: 1
        case .error: 2
        }
    }
}

/// Log lines on stderr: `2026-11-20T23:30:05Z warning reload refused`.
struct LineLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var now = time(nil)
        var parts = unsafe tm()
        var text = [CChar](repeating: 0, count: 32)
        // Both calls only use memory that is passed to them, within its bounds.
        let count = unsafe strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts))
        let stamp = String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        Output.errorLine("\(stamp) \(event.level) \(event.message)")
    }
}
