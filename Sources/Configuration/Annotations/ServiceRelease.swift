internal import Routing

/// Alibaba ACK's `service-match` and `service-weight` of one Ingress that lists an old and a new Service on the same paths.
struct ServiceRelease {
    static let matchName = "service-match"
    static let weightName = "service-weight"
    static let names = [matchName, weightName]

    /// What a request must say to get the new Service. What it lacks is an empty text.
    struct Match {
        let family: Condition.Family
        let key: ValueKey
        let test: Condition.Test
    }

    let newService: String
    let match: Match?
    /// The new Service's part of a hundred; nil gives it all requests that match.
    let percent: Int?
    /// Where diagnostics point.
    let annotation: Annotation

    /// Nil, with a warning unless neither annotation is there, if there is no release: the first Service of a path then has it.
    init?(_ manifest: Manifest, log: inout DiagnosticLog) {
        let reader = AnnotationReader(manifest: manifest)
        let match = manifest.annotation(CanaryAnnotations.prefix, Self.matchName)
        let weight = manifest.annotation(CanaryAnnotations.prefix, Self.weightName)
        guard let first = match ?? weight else { return nil }
        annotation = first
        var matched: (service: String, match: Match)?
        if let match {
            guard let read = Self.matches(match, reader, log: &log) else { return nil }
            matched = read
        }
        var weights: [(service: String, weight: Int)] = []
        if let weight {
            guard let read = Self.weights(weight, reader, log: &log) else { return nil }
            weights = Self.known(read, weight, reader, hasMatch: matched != nil, log: &log)
        }
        guard let newService = matched?.service ?? weights.first?.service else {
            reader.warn(first, "is dropped, it names no Service; the first Service of each path gets all requests", log: &log)
            return nil
        }
        self.newService = newService
        self.match = matched?.match
        percent = Self.percent(of: newService, weights)
        if let weight, percent == nil, !weights.isEmpty {
            reader.warn(weight, "is not looked at: the weights have no sum", log: &log)
        }
    }

    // MARK: Reading

    /// Two Services share by their weights, one is weighed against 100; divided as ACK does, in whole percents.
    private static func percent(of service: String, _ weights: [(service: String, weight: Int)]) -> Int? {
        guard !weights.isEmpty else { return nil }
        let own = weights.first { $0.service == service }?.weight ?? 100
        let other = weights.first { $0.service != service }?.weight ?? 100
        return own + other > 0 ? 100 * own / (own + other) : nil
    }

    private static func weights(
        _ annotation: Annotation, _ reader: AnnotationReader, log: inout DiagnosticLog
    ) -> [(service: String, weight: Int)]? {
        var weights: [(service: String, weight: Int)] = []
        for part in annotation.value.split(whereSeparator: { $0 == "," || $0.isNewline }) where !part.trimmed.isEmpty {
            let pair = part.split(separator: ":", omittingEmptySubsequences: false).map { String($0.trimmed) }
            guard pair.count == 2, !pair[0].isEmpty, let weight = AnnotationText.integer(pair[1]), (0...1_000_000).contains(weight) else {
                drop(annotation, reader, "`NEW: NUMBER, OLD: NUMBER`", log: &log)
                return nil
            }
            weights.append((pair[0], weight))
        }
        return weights
    }

    /// The first two of Services that the Ingress has; without a match, if it has none of them, all, so that the release is reported as
    /// one that does nothing.
    private static func known(
        _ weights: [(service: String, weight: Int)], _ annotation: Annotation, _ reader: AnnotationReader, hasMatch: Bool,
        log: inout DiagnosticLog
    ) -> [(service: String, weight: Int)] {
        guard case .ingress(let ingress) = reader.manifest.body else { return weights }
        let services = Set(ingress.writtenPaths.map(\.backend.service))
        let known = weights.filter { services.contains($0.service) }
        guard hasMatch || !known.isEmpty else { return weights }
        for other in weights where !services.contains(other.service) {
            reader.warn(annotation, "names the Service \(other.service), which no path has: its weight does not count", log: &log)
        }
        if known.count > 2 { reader.warn(annotation, "names more than two Services; the first two count", log: &log) }
        return Array(known.prefix(2))
    }

    /// Nil, with a warning, if any entry can't be read.
    private static func matches(
        _ annotation: Annotation, _ reader: AnnotationReader, log: inout DiagnosticLog
    ) -> (service: String, match: Match)? {
        var scanner = ReleaseScanner(annotation.value)
        var found: (service: String, match: Match)?
        while let entry = scanner.next() {
            guard let match = match(entry, annotation, reader, log: &log) else { break }
            if let found, found.service != entry.service {
                reader.warn(annotation, "has rules for two Services; those of \(found.service) count", log: &log)
                continue
            }
            if found != nil {
                reader.warn(annotation, "has several rules for \(entry.service), of which the last counts, as in ACK; remove the others", log: &log)
            }
            found = (entry.service, match)
        }
        if scanner.isAtEnd, let found { return found }
        drop(annotation, reader, "`SERVICE: header|cookie|query(\"NAME\", /PATTERN/ or \"VALUE\")`", log: &log)
        return nil
    }

    private static func match(
        _ entry: ReleaseScanner.Entry, _ annotation: Annotation, _ reader: AnnotationReader, log: inout DiagnosticLog
    ) -> Match? {
        let test = entry.isPattern
            ? PatternText.test(entry.value, reader.manifest, annotation.key, log: &log) : .anyOf([Array(entry.value.utf8)])
        switch entry.kind {
        case "header": return Match(family: .header, key: .header(entry.name), test: test)
        case "cookie": return Match(family: .cookie, key: .cookie(entry.name), test: test)
        case "query": return Match(family: .query, key: .query(entry.name), test: test)
        default: return nil
        }
    }

    private static func drop(_ annotation: Annotation, _ reader: AnnotationReader, _ form: String, log: inout DiagnosticLog) {
        reader.warn(
            annotation, "can't be read, there is no release: the first Service of each path gets all requests; expected \(form)",
            log: &log)
    }
}
