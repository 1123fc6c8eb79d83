internal import Routing

/// Whether the stable version answers what a canary fails at, as its annotations say.
struct ShieldAnnotations {
    static let names = ["canary-shield", "canary-shield-statuses"]

    private(set) var shield: Shield?

    init(_ reader: AnnotationReader, log: inout DiagnosticLog) {
        let statuses = reader.own("canary-shield-statuses")
        var isOn = false
        if let annotation = reader.own("canary-shield") {
            if let value = AnnotationText.bool(annotation.value) {
                isOn = value
            } else {
                reader.warn(annotation, "is not a boolean: there is no shield; write \"true\"", log: &log)
            }
        }
        if isOn {
            shield = Shield(more: statuses.map { Self.read($0, reader, log: &log) } ?? [])
        } else if let statuses {
            reader.warn(statuses, "does nothing without \(AnnotationReader.prefix)canary-shield; add it", log: &log)
        }
    }

    private static func read(_ annotation: Annotation, _ reader: AnnotationReader, log: inout DiagnosticLog) -> [UInt16] {
        let words = AnnotationText.normalized(annotation.value).split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimmed) }
        let statuses = words.compactMap { AnnotationText.integer($0).flatMap { UInt16(exactly: $0) } }.filter { (500...599).contains($0) }
        if statuses.count == words.count { return statuses }
        let usual = Shield.usual.map(String.init).joined(separator: ", ")
        reader.warn(annotation, "is dropped, \(usual) count; expected statuses from 500 to 599, joined by commas", log: &log)
        return []
    }
}
