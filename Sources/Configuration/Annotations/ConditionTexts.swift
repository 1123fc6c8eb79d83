internal import Addressing
internal import Routing

/// `a||b`: values of which one must be met.
enum ValueListText {
    static func test(_ annotation: Annotation, _ reader: AnnotationReader, log: inout DiagnosticLog) -> Condition.Test {
        if let values = values(AnnotationText.normalized(annotation.value)[...]) { return .anyOf(values) }
        reader.warn(annotation, "never holds; expected values joined by `||`, none of them empty", log: &log)
        return .nothing(annotation.key)
    }

    /// Nil if one of them is empty.
    static func values(_ text: Substring) -> [[UInt8]]? {
        let values = text.split(separator: "||", omittingEmptySubsequences: false).map { Array($0.trimmed.utf8) }
        return values.contains { $0.isEmpty } ? nil : values
    }
}

/// A pattern of PCRE2.
enum PatternText {
    static func test(_ text: String, _ manifest: Manifest, _ key: String, log: inout DiagnosticLog) -> Condition.Test {
        compile(text, manifest, key, log: &log).map(Condition.Test.pattern) ?? .invalidPattern(text)
    }

    /// Nil, with a warning about the annotation `key`, for what is none.
    static func compile(_ text: String, _ manifest: Manifest, _ key: String, log: inout DiagnosticLog) -> Pattern? {
        do {
            return try Pattern(text)
        } catch {
            log.warning(
                manifest.place(line: manifest.annotations.first { $0.key == key }?.line ?? manifest.place.line), manifest.object,
                "\(key): the pattern \"\(text.clipped)\" never matches, every request with a value to search goes to stable (R21): "
                    + error.description)
            return nil
        }
    }
}

/// Blocks of addresses, joined by commas.
enum SourceRangeText {
    static func test(_ annotation: Annotation, _ reader: AnnotationReader, log: inout DiagnosticLog) -> Condition.Test {
        var ranges: [AddressRange] = [], others: [String] = []
        let parts = AnnotationText.normalized(annotation.value).split { $0 == "," || $0.isNewline }
        for part in parts {
            let text = String(part.trimmed)
            guard !text.isEmpty else { continue }
            if let range = AddressRange(text) { ranges.append(range) } else { others.append(text) }
        }
        guard ranges.isEmpty else {
            for text in others {
                reader.warn(annotation, "holds \"\(text.clipped)\", which is no address and no CIDR block: it is left out", log: &log)
            }
            return .ranges(ranges)
        }
        reader.warn(annotation, "never holds, it has no CIDR block and no address; expected blocks such as 10.0.0.0/8 or 2001:db8::/32, joined by commas", log: &log)
        return .nothing(annotation.key)
    }
}

/// A rule about the remainder of a number: Serin's `100 < 10`, or Tengine's three annotations.
struct ModuloText {
    static let divisor = "canary-mod-divisor"
    static let relation = "canary-mod-relational-operator"
    static let remainder = "canary-mod-remainder"

    /// What messages point at.
    let annotation: Annotation
    private let words: [String]

    init(_ annotation: Annotation) {
        self.annotation = annotation
        words = AnnotationText.normalized(annotation.value).split(separator: " ").map(String.init)
    }

    private init(_ annotation: Annotation, words: [String]) {
        self.annotation = annotation
        self.words = words
    }

    /// Nil without any of Tengine's annotations.
    static func tengine(_ reader: AnnotationReader, log: inout DiagnosticLog) -> ModuloText? {
        let all = [divisor, relation, remainder].map { reader.manifest.annotation(CanaryAnnotations.prefix, $0) }
        guard let first = all.compactMap({ $0 }).first else { return nil }
        return ModuloText(first, words: all.map { AnnotationText.normalized($0?.value ?? "") })
    }

    func test(_ reader: AnnotationReader, log: inout DiagnosticLog) -> Condition.Test {
        if words.count == 3, let divisor = AnnotationText.integer(words[0]), let remainder = AnnotationText.integer(words[2]),
           let relation = ModuloRule.Relation(rawValue: words[1]),
           let rule = ModuloRule(divisor: divisor, relation: relation, remainder: remainder) {
            return .modulo(rule)
        }
        let form = annotation.key.hasPrefix(AnnotationReader.prefix)
            ? "a divisor, one of < <= == >= > and a remainder below the divisor, such as `100 < 10`"
            : "\(Self.divisor), \(Self.relation) (< <= == >= >) and \(Self.remainder), which is below the divisor"
        reader.warn(annotation, "never holds; expected \(form)", log: &log)
        return .nothing(annotation.key)
    }
}
