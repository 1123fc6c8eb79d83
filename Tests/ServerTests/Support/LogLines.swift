import Glibc
import Logging
import Synchronization

/// What a proxy logs, for a test to wait for.
final class LogLines: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])

    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.message)") }
    }

    struct InVain: Error {
        let lines: [String]
    }

    func wait(for text: String, times: Int = 1) throws {
        for _ in 0..<20_000 {
            if lines.withLock({ $0.count { $0.contains(text) } }) >= times { return }
            usleep(1000)
        }
        throw InVain(lines: lines.withLock { $0 })
    }
}
