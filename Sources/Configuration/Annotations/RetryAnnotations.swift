internal import Exchange
internal import Routing

/// `proxy-next-upstream` and its companions (R39). What can't be used is dropped by itself with a warning.
struct RetryAnnotations {
    static let names = ["proxy-next-upstream", "proxy-next-upstream-timeout", "proxy-next-upstream-tries"]

    private(set) var rule = RetryRule.standard

    private let manifest: Manifest
    private let compatibility: Compatibility

    init(_ manifest: Manifest, _ compatibility: Compatibility, log: inout DiagnosticLog) {
        (self.manifest, self.compatibility) = (manifest, compatibility)
        let conditions = readConditions(log: &log) ?? RetryRule.standard.conditions
        let seconds = readSeconds(log: &log)
        rule = RetryRule(conditions, tries: readTries(log: &log), seconds: seconds)
    }

    private func readConditions(log: inout DiagnosticLog) -> RetryRule.Conditions? {
        guard let annotation = annotation("proxy-next-upstream") else { return nil }
        let words = AnnotationText.normalized(annotation.value).split(whereSeparator: \.isWhitespace)
        guard !words.isEmpty else {
            warn(annotation, "is empty: counts as not set", log: &log)
            return nil
        }
        var conditions: RetryRule.Conditions = []
        for word in words where word != "off" {
            guard let known = RetryRule.Conditions.names.first(where: { $0.name == word }) else {
                let names = RetryRule.Conditions.names.map(\.name).joined(separator: ", ")
                warn(annotation, "is dropped, error and timeout count: `\(String(word).clipped)` is none of \(names) and off", log: &log)
                return nil
            }
            conditions.insert(known.condition)
        }
        if compatibility == .ingressNginx, !Self.isSpaced(annotation.value) {
            warn(
                annotation, "is dropped, error and timeout count: ingress-nginx allows no white space in front, and one character of it "
                    + "behind a word", log: &log)
            return nil
        }
        // As in nginx, off beside others is off.
        return words.contains("off") ? [] : conditions
    }

    /// Whether there is white space where ingress-nginx lets it be.
    private static func isSpaced(_ text: String) -> Bool {
        let words = text.unicodeScalars.split(omittingEmptySubsequences: false) { "\t\n\u{C}\r ".unicodeScalars.contains($0) }
        // Its `\s` is ASCII's.
        return words.dropLast(words.last?.isEmpty == true ? 1 : 0).allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isASCII) }
    }

    private func readTries(log: inout DiagnosticLog) -> Int {
        let standard = Int(RetryRule.standard.tries)
        guard let annotation = annotation("proxy-next-upstream-tries") else { return standard }
        guard let tries = AnnotationText.integer(annotation.value), tries >= 0 else {
            warn(annotation, "is not a whole number from 0 on: \(standard) attempts", log: &log)
            return standard
        }
        let most = RetryRule.maximumTries
        if tries == 0 || tries > most {
            let meaning = tries == 0 ? "is any number in nginx" : "is more than Serin makes"
            warn(annotation, "\(meaning): \(most) attempts", log: &log)
            return most
        }
        return tries
    }

    private func readSeconds(log: inout DiagnosticLog) -> UInt32 {
        guard let annotation = annotation("proxy-next-upstream-timeout") else { return 0 }
        guard let seconds = AnnotationText.integer(annotation.value), let seconds = UInt32(exactly: seconds) else {
            warn(annotation, "is not a whole number of seconds from 0 on: no limit", log: &log)
            return 0
        }
        return seconds
    }

    private func annotation(_ name: String) -> Annotation? { manifest.annotation(CanaryAnnotations.prefix + name) }

    private func warn(_ annotation: Annotation, _ message: String, log: inout DiagnosticLog) {
        AnnotationReader(manifest: manifest).warn(annotation, message + " (R39)", log: &log)
    }
}
