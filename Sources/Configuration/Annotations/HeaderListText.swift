internal import Exchange
internal import Routing

/// Conditions about fields, one a line: `X-Beta`, which says `always` or `never`, `Region = cd||sz`, or `User-Agent ~ Firefox/1[3-9]`.
enum HeaderListText {
    /// A line that can't be used never holds.
    ///
    /// - Parameter mustMatchAll: all conditions of the canary must hold.
    static func items(
        _ annotation: Annotation, _ reader: AnnotationReader, mustMatchAll: Bool, log: inout DiagnosticLog
    ) -> [ConditionAnnotations.Item] {
        let lines = AnnotationText.normalized(annotation.value).split { $0.isNewline }.map(\.trimmed).filter { !$0.isEmpty }
        if lines.isEmpty { reader.warn(annotation, "is empty: counts as not set (R5)", log: &log) }
        return lines.map { line in
            if let item = item(line, annotation, reader, log: &log) { return item }
            reader.warn(
                annotation, "has the line \"\(String(line).clipped)\", which never holds"
                    + (mustMatchAll ? ", so that the canary gets no request" : "")
                    + "; expected lines such as `X-Beta`, `Region = cd||sz` or `User-Agent ~ Firefox`", log: &log)
            return ConditionAnnotations.Item(family: .header, key: nil, test: .nothing(String(line).clipped))
        }
    }

    private static func item(
        _ line: Substring, _ annotation: Annotation, _ reader: AnnotationReader, log: inout DiagnosticLog
    ) -> ConditionAnnotations.Item? {
        let sign = line.firstIndex { $0 == "=" || $0 == "~" || $0.isWhitespace }
        let name = String(line[..<(sign ?? line.endIndex)]), rest = line[(sign ?? line.endIndex)...].trimmed
        guard !name.isEmpty, name.utf8.allSatisfy(ConfigurationCharacters.isTokenByte) else { return nil }
        let wanted = rest.dropFirst().trimmed
        let test: Condition.Test? = switch rest.first {
        case nil: .alwaysNever
        case _ where wanted.isEmpty: nil
        case "=": ValueListText.values(wanted).map(Condition.Test.anyOf)
        case "~": PatternText.test(String(wanted), reader.manifest, annotation.key, log: &log)
        default: nil
        }
        return test.map { ConditionAnnotations.Item(family: .header, key: .header(name), test: $0) }
    }
}
