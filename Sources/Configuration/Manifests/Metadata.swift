/// `metadata` of an object.
struct Metadata {
    var name = ""
    var namespace = "default"
    var created: String?
    var labels: [String: String] = [:]
    var annotations: [Annotation] = []

    private let place: Place
    private let kind: String

    /// Nil, with an error, without a name.
    init?(_ node: YAMLNode, kind: String, hasNamespace: Bool, _ place: Place, log: inout DiagnosticLog) {
        self.place = place
        self.kind = kind
        guard let metadata = node["metadata"] else {
            log.error(place, kind, "has no `metadata`; give it a name")
            return nil
        }
        guard let entries = metadata.mapping, let name = metadata["name"]?.text, Self.isName(name) else {
            let found = metadata["name"].map { ", found \($0.found)" } ?? ""
            log.error(
                place.at(line: metadata["name"]?.line ?? metadata.line), kind,
                "expected `metadata.name` of letters, digits, `-` and `.`" + found)
            return nil
        }
        self.name = name
        if hasNamespace, let written = metadata["namespace"] {
            guard let text = written.text, Self.isName(text) else {
                log.error(place.at(line: written.line), "\(kind) \(name)", "expected a namespace, found \(written.found)")
                return nil
            }
            namespace = text
        }
        if !hasNamespace { namespace = "" }
        readCreated(metadata, log: &log)
        for label in metadata["labels"]?.mapping ?? [] { labels[label.key] = label.value.scalar?.text }
        readAnnotations(metadata["annotations"], beside: entries, log: &log)
    }

    /// `Ingress default/shop`: what diagnostics call it.
    var object: String { namespace.isEmpty ? "\(kind) \(name)" : "\(kind) \(namespace)/\(name)" }

    /// Letters, digits, `-`, `.`: the characters of every Kubernetes name. Some kinds allow fewer.
    private static func isName(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count) && text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."): true
            default: false
            }
        }
    }

    private mutating func readCreated(_ metadata: YAMLNode, log: inout DiagnosticLog) {
        guard let node = metadata["creationTimestamp"] else { return }
        // The one form Kubernetes writes; its text order is its time order.
        if let text = node.text, text.utf8.map({ (0x30...0x39).contains($0) ? 0x30 : $0 }) == Array("0000-00-00T00:00:00Z".utf8) {
            created = text
        } else {
            log.warning(
                place.at(line: node.line), object,
                "expected a creationTimestamp such as 2026-01-31T12:00:00Z, found \(node.found); counts as the oldest")
        }
    }

    // MARK: Annotations

    private mutating func readAnnotations(_ node: YAMLNode?, beside siblings: [YAMLEntry], log: inout DiagnosticLog) {
        if let node {
            guard let entries = node.mapping else {
                log.error(place.at(line: node.line), object, "expected annotations with their values, found \(node.found)")
                return
            }
            for entry in entries { add(entry, log: &log) }
        }
        // Pasted manifests often have the keys at the level of `annotations:`, which YAML takes for keys of `metadata`.
        for entry in siblings where entry.key.contains("/") {
            log.warning(
                place.at(line: entry.line), object,
                "the annotation \(entry.key) stands beside `annotations:`, not under it: taken as meant, but kubectl would "
                    + "refuse it; indent it by two more spaces")
            if annotations.contains(where: { $0.key == entry.key }) {
                log.error(
                    place.at(line: entry.line), object,
                    "the annotation \(entry.key) also stands under `annotations:`; keep one")
            } else {
                add(entry, log: &log)
            }
        }
    }

    private mutating func add(_ entry: YAMLEntry, log: inout DiagnosticLog) {
        guard let scalar = entry.value.scalar else {
            log.error(
                place.at(line: entry.line), object,
                "expected a text for the annotation \(entry.key), found \(entry.value.found); quote it")
            return
        }
        let reading = scalar.isNull ? "nothing" : scalar.readAsOtherThanText
        if let reading {
            let text = scalar.isNull ? "" : scalar.text
            log.warning(
                place.at(line: entry.value.line), object,
                "the value of \(entry.key) is \(reading) to YAML: taken as the text \"\(text)\", but kubectl would refuse "
                    + "it; write it in quotes")
        }
        annotations.append(
            Annotation(key: entry.key, value: scalar.isNull ? "" : scalar.text, line: entry.line))
    }
}
