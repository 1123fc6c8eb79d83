internal import Exchange

/// One thing the loader has to say about the user's files.
public struct Diagnostic: Hashable, Sendable {
    public enum Severity: String, Sendable, CaseIterable {
        /// The configuration can't be used.
        case error
        /// It can be used, but something in it does not do what it says.
        case warning
        /// Worth knowing, nothing to mend.
        case note
    }

    /// The file as a user would name it: as given on the command line, or relative to where that file is.
    public let file: String
    /// Counted from 1; 1 also where the whole file is meant.
    public let line: Int
    public let severity: Severity
    /// What is spoken of: `Ingress default/shop`, or a key of the configuration file (`limits.body`).
    public let object: String
    /// What is wrong or noteworthy, and what to do about it.
    public let message: String

    public init(file: String, line: Int, severity: Severity, object: String, message: String) {
        self.file = file
        self.line = line
        self.severity = severity
        self.object = object
        self.message = message
    }
}

extension Diagnostic: CustomStringConvertible {
    /// `file:line: error: where: what, and what to do`, always one line, and as it reads.
    public var description: String {
        "\(file):\(line): \(severity.rawValue): \(object): \(message)".printable()
    }
}
