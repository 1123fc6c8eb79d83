internal import Routing

/// Where the decision shows, as a canary's annotations say.
struct MarkAnnotations {
    static let names = ["canary-request-header", "canary-response-header", "canary-response-cookie"]

    private(set) var marks = DecisionMarks()

    init(_ reader: AnnotationReader, log: inout DiagnosticLog) {
        marks.requestHeader = Self.read("canary-request-header", reader, as: "field", separator: ":", log: &log)
        marks.responseHeader = Self.read("canary-response-header", reader, as: "field", separator: ":", log: &log)
        marks.responseCookie = Self.read("canary-response-cookie", reader, as: "cookie", separator: "=", log: &log)
    }

    /// `name`, or `name` and what canary's carry.
    private static func read(
        _ name: String, _ reader: AnnotationReader, as kind: String, separator: Character, log: inout DiagnosticLog
    ) -> DecisionMark? {
        guard let annotation = reader.own(name) else { return nil }
        let parts = AnnotationText.normalized(annotation.value).split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false)
        let mark = DecisionMark(name: String(parts[0].trimmed), value: parts.count > 1 ? String(parts[1].trimmed) : nil)
        let form = kind == "field" ? "`NAME` or `NAME: VALUE`" : "`NAME` or `NAME=VALUE`"
        guard isToken(mark.name), mark.value.map({ isValue($0, of: kind) }) ?? true, annotation.value.utf8.count <= TextBound.name else {
            reader.warn(annotation, "is dropped, no \(kind) is set; expected \(form), at most \(TextBound.name) bytes", log: &log)
            return nil
        }
        if kind == "field", reserved.field(spelt: mark.name) != nil {
            reader.warn(annotation, "is dropped, no field is set: this field is not for marks; choose another name", log: &log)
            return nil
        }
        return mark
    }

    /// Those that mean something to browsers and caches, too.
    private static let reserved = ReservedFields.ofMessages.with([
        "accept-encoding", "authorization", "cache-control", "content-encoding", "content-type", "location", "origin", "referer",
        "server", "user-agent",
    ])

    /// A token (RFC 9110 section 5.6.2): the name of a field or of a cookie.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(ConfigurationCharacters.isTokenByte)
    }

    /// A field value of visible ASCII and inner spaces, or a cookie value (RFC 6265 section 4.1.1), not empty.
    private static func isValue(_ text: String, of kind: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { byte in
            kind == "field" ? (0x20...0x7E).contains(byte) : (0x21...0x7E).contains(byte) && !"\",;\\".utf8.contains(byte)
        }
    }
}
