internal import Exchange

/// What an Ingress changes of `gzip` in the configuration file. What can't be used is dropped by itself with a warning.
struct GzipAnnotations {
    static let names = ["gzip", "gzip-level", "gzip-min-length", "gzip-types"]

    private var isOn: Bool?
    private var level: Int?
    private var minimumLength: Int?
    private var types: [String]?

    init(_ manifest: Manifest, log: inout DiagnosticLog) {
        let reader = AnnotationReader(manifest: manifest)
        if let annotation = reader.own("gzip") {
            isOn = Self.words[annotation.value] ?? AnnotationText.bool(annotation.value)
            if isOn == nil { reader.warn(annotation, "is neither `on` nor `off`: counts as not set", log: &log) }
        }
        level = Self.number("gzip-level", GzipPolicy.levels, reader, log: &log)
        minimumLength = Self.number("gzip-min-length", 1...GzipOptions.longestMinimum, reader, log: &log)
        if let annotation = reader.own("gzip-types") {
            let types = annotation.value.split { $0.isWhitespace || $0 == "," }.map(String.init)
            if !types.isEmpty, types.allSatisfy(GzipOptions.isMediaType) {
                self.types = types
            } else {
                reader.warn(annotation, "is dropped; expected media types such as `text/css`, `text/*` or `*`", log: &log)
            }
        }
    }

    private static let words = ["on": true, "off": false]

    private static func number(
        _ name: String, _ range: ClosedRange<Int>, _ reader: AnnotationReader, log: inout DiagnosticLog
    ) -> Int? {
        guard let annotation = reader.own(name) else { return nil }
        if let number = AnnotationText.integer(annotation.value), range.contains(number) { return number }
        reader.warn(
            annotation, "is not a whole number between \(range.lowerBound) and \(range.upperBound): counts as not set", log: &log)
        return nil
    }

    /// What holds for the routes of the Ingress; nil: their responses pass as they are.
    func rule(_ options: GzipOptions) -> GzipPolicy.Rule? {
        guard isOn ?? options.isOn else { return nil }
        var rule = options.rule
        if let level { rule.level = level }
        if let minimumLength { rule.minimumLength = minimumLength }
        if let types { rule.types = MediaTypes(types) }
        return rule
    }
}
