public import Exchange
public import TLS
import Telemetry

/// What came of loading the configuration again.
public enum ReloadOutcome: Sendable {
    /// It is good.
    case loaded(Snapshot, TLSContexts, ProcessSettings, inactive: [RouteReport.InactiveCanary], notes: [ReloadNote], files: WatchedFiles)
    /// It is not; the old one keeps serving.
    case rejected(notes: [ReloadNote], files: WatchedFiles)
}

/// One thing that a reload has to say, to its caller and in the log.
public struct ReloadNote: Sendable, CustomStringConvertible {
    public enum Severity: String, Sendable {
        case error, warning, note
    }

    /// Empty if no file is meant.
    public let file: String
    /// Counted from 1; 0 if no file is meant.
    public let line: Int
    public let severity: Severity
    /// What is spoken of.
    public let object: String
    public let message: String
    /// The whole, in one line.
    public let description: String

    public init(file: String, line: Int, severity: Severity, object: String, message: String, description: String) {
        self.file = file
        self.line = line
        self.severity = severity
        self.object = object
        self.message = message
        self.description = description
    }

    /// One that belongs to no line of a file.
    init(_ severity: Severity, _ object: String, _ message: String) {
        self.init(file: "", line: 0, severity: severity, object: object, message: message, description: "\(object): \(message)")
    }

    /// An array of `{file, line, severity, object, message}`.
    static func json(_ notes: [ReloadNote]) -> [UInt8] {
        var json = JSONWriter()
        json.beginArray()
        for note in notes {
            json.beginObject()
            json.member("file", note.file)
            json.member("line", note.line)
            json.member("severity", note.severity.rawValue)
            json.member("object", note.object)
            json.member("message", note.message)
            json.endObject()
        }
        json.endArray()
        return json.finish()
    }
}

/// What the caller of a reload is told.
enum ReloadReport: Sendable {
    /// Every worker has swapped.
    case applied([ReloadNote])
    /// The old configuration keeps serving.
    case rejected([ReloadNote])
    /// The process is on its way out and takes no new configuration.
    case stopping
    /// The process is about to hand over to another one, which has its configuration from the files already, or loads it now.
    case upgrading
}
