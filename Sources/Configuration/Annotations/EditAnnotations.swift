internal import Routing

/// What a canary changes of its requests and responses, as its annotations say. Tengine-Ingress has some of these names, too.
struct EditAnnotations {
    /// Tengine's, under the prefix of ingress-nginx.
    static let tengineNames = [
        "canary-request-add-header", "canary-request-append-header", "canary-request-add-query",
        "canary-response-add-header", "canary-response-append-header",
    ]
    static let names = tengineNames + [
        "canary-request-set-header", "canary-request-remove-header", "canary-response-set-header",
        "canary-response-remove-header", "canary-rewrite-target", "canary-service-upstream",
    ]

    private(set) var edits = CanaryEdits()
    /// What upstreams are asked for, not yet joined with a path.
    private(set) var rewriteTarget: Located<String>?
    /// Requests go to the Service's own address.
    private(set) var usesServiceAddress = false

    private let reader: AnnotationReader

    init(_ reader: AnnotationReader, log: inout DiagnosticLog) {
        self.reader = reader
        edits.request = fields("request", log: &log)
        edits.response = fields("response", log: &log)
        edits.query = query(log: &log)
        readRewrite(log: &log)
        readServiceUpstream(log: &log)
    }

    private func annotation(_ name: String) -> Annotation? {
        let vendor = Self.tengineNames.contains(name) ? reader.manifest.annotation(CanaryAnnotations.prefix, name) : nil
        return reader.own(name) ?? vendor
    }

    // MARK: Fields

    /// Responses also say what may be kept of them.
    private static let reservedInResponses = ReservedFields.ofMessages.with(["cache-control"])

    private func fields(_ side: String, log: inout DiagnosticLog) -> FieldEdits {
        var edits = FieldEdits()
        edits.removed = read("canary-\(side)-remove-header", form: "`NAME||NAME`", log: &log) { text in
            MarkAnnotations.isToken(text) ? text : nil
        }
        func lines(_ action: String) -> [FieldEdits.Field] {
            read("canary-\(side)-\(action)-header", form: "`NAME:VALUE||NAME:VALUE`", log: &log, Self.field)
        }
        edits.set = lines("set")
        edits.added = lines("add")
        edits.appended = lines("append")
        return edits
    }

    private static func field(_ text: String) -> FieldEdits.Field? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { String($0.trimmed) }
        guard parts.count == 2, MarkAnnotations.isToken(parts[0]), !parts[1].isEmpty,
              parts[1].utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        return FieldEdits.Field(name: parts[0], value: parts[1])
    }

    /// The parts of a list, of which all can be used or none is.
    private func read<Part>(
        _ name: String, form: String, log: inout DiagnosticLog, _ part: (String) -> Part?
    ) -> [Part] {
        guard let annotation = annotation(name) else { return [] }
        let texts = AnnotationText.normalized(annotation.value).split(separator: "||", omittingEmptySubsequences: false)
            .map { String($0.trimmed) }
        let parts = texts.compactMap(part)
        guard parts.count == texts.count, annotation.value.utf8.count <= TextBound.list else {
            reader.warn(annotation, "is dropped, no field is changed; expected \(form), at most \(TextBound.list) bytes", log: &log)
            return []
        }
        let reserved = name.hasPrefix("canary-response") ? Self.reservedInResponses : .ofMessages
        if let name = texts.lazy.compactMap({ reserved.field(spelt: String($0.prefix { $0 != ":" }[...].trimmed)) }).first {
            reader.warn(annotation, "is dropped, no field is changed: `\(name)` is not for canaries to change", log: &log)
            return []
        }
        return parts
    }

    // MARK: Query, path and address

    private func query(log: inout DiagnosticLog) -> String {
        guard let annotation = annotation("canary-request-add-query") else { return "" }
        let text = AnnotationText.normalized(annotation.value)
        let isQuery = !text.isEmpty && text.utf8.count <= TextBound.list
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"#\"<>".utf8.contains($0) }
        if isQuery { return text }
        reader.warn(annotation, "is dropped, the query stays; expected `a=b&c=d`, at most \(TextBound.list) bytes", log: &log)
        return ""
    }

    private mutating func readRewrite(log: inout DiagnosticLog) {
        guard let annotation = reader.own("canary-rewrite-target") else { return }
        let target = AnnotationText.normalized(annotation.value)
        if let problem = RouteAnnotations.problem(ofTarget: target) {
            return reader.warn(annotation, "\(problem): the canary's paths go on as its main Ingress says", log: &log)
        }
        rewriteTarget = Located(value: target, line: annotation.line)
    }

    private mutating func readServiceUpstream(log: inout DiagnosticLog) {
        guard let annotation = reader.own("canary-service-upstream") else { return }
        if let value = AnnotationText.bool(annotation.value) {
            usesServiceAddress = value
        } else {
            reader.warn(annotation, "is not a boolean: requests go to the endpoints; write \"true\"", log: &log)
        }
    }
}
