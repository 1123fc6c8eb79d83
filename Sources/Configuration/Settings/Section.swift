internal import Exchange

/// A mapping of the configuration file, read key by key, with errors that name the key and its line.
struct Section {
    /// Dotted: `limits`, or empty for the whole file.
    let path: String
    let place: Place
    private let entries: [YAMLEntry]

    /// Reports keys other than `keys`. Nil, with an error, if `node` is not a mapping.
    init?(_ node: YAMLNode, path: String, keys: [String], place: Place, log: inout DiagnosticLog) {
        guard let entries = node.mapping else {
            log.error(
                place.at(line: node.line), path.isEmpty ? "configuration" : path,
                "expected a mapping of keys to values, found \(node.found)")
            return nil
        }
        self.path = path
        self.place = place.at(line: node.line)
        self.entries = entries
        for entry in entries where !keys.contains(entry.key) {
            let hint = EditDistance.nearest(to: entry.key, among: keys).map { "; did you mean `\($0)`?" }
                ?? "; known here: \(keys.joined(separator: ", "))"
            log.error(place.at(line: entry.line), name(entry.key), "unknown key" + hint)
        }
    }

    /// The full name of a key: `limits.body`.
    func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    subscript(key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }

    /// The value of `key` as `parse` understands its text; nil if it is absent, or in error.
    func value<Value>(
        _ key: String, expected: String, log: inout DiagnosticLog, _ parse: (String) -> Value?
    ) -> Value? {
        guard let node = self[key] else { return nil }
        if let text = node.text, let value = parse(text) { return value }
        log.error(place.at(line: node.line), name(key), "expected \(expected), found \(node.found)")
        return nil
    }

    /// The elements of a list with their lines; nil if the key is absent or without a value, or in error.
    func texts(_ key: String, expected: String, log: inout DiagnosticLog) -> [(text: String, line: Int)]? {
        guard let node = self[key], !node.isNull else { return nil }
        guard let elements = node.sequence else {
            log.error(place.at(line: node.line), name(key), "expected a list of \(expected), found \(node.found)")
            return nil
        }
        return elements.compactMap { element in
            if let text = element.text { return (text, element.line) }
            log.error(place.at(line: element.line), name(key), "expected \(expected), found \(element.found)")
            return nil
        }
    }

    // MARK: Kinds of values

    func read(_ key: String, into value: inout TimeSpan, log: inout DiagnosticLog) {
        let expected = "a length of time such as 250ms, 30s, 5m or 1h, from 1ms to a year"
        if let read = self.value(key, expected: expected, log: &log, Quantity.time) { value = read }
    }

    /// A length of time or `off`.
    func read(_ key: String, into value: inout TimeSpan?, log: inout DiagnosticLog) {
        let expected = "`off`, or a length of time such as 250ms, 30s, 5m or 1h, from 1ms to a year"
        let read = self.value(key, expected: expected, log: &log) { text -> TimeSpan?? in
            text == "off" ? .some(nil) : Quantity.time(text).map(Optional.some)
        }
        if let read { value = read }
    }

    func read(_ key: String, into value: inout Bool, log: inout DiagnosticLog) {
        let words = ["true": true, "false": false]
        if let read = self.value(key, expected: "true or false", log: &log, { words[$0] }) { value = read }
    }

    func readSize(_ key: String, into value: inout Int, range: ClosedRange<Int>, log: inout DiagnosticLog) {
        let expected = "a size such as 8KiB, 10MiB or plain bytes, \(Self.text(range))"
        let read = self.value(key, expected: expected, log: &log) { text in
            Quantity.size(text).flatMap { range.contains($0) ? $0 : nil }
        }
        if let read { value = read }
    }

    /// A size or `auto`, which is nil.
    func readSize(_ key: String, into value: inout Int?, range: ClosedRange<Int>, log: inout DiagnosticLog) {
        let expected = "`auto`, or a size such as 512MiB, \(Self.text(range))"
        let read = self.value(key, expected: expected, log: &log) { text -> Int?? in
            if text == "auto" { return .some(nil) }
            guard let size = Quantity.size(text), range.contains(size) else { return nil }
            return .some(size)
        }
        if let read { value = read }
    }

    func readCount(_ key: String, into value: inout Int, range: ClosedRange<Int>, log: inout DiagnosticLog) {
        let read = self.value(key, expected: "a whole number \(Self.text(range))", log: &log) { text in
            Quantity.number(text).flatMap { range.contains($0) ? $0 : nil }
        }
        if let read { value = read }
    }

    /// A count or `auto`, which is nil.
    func readCount(_ key: String, into value: inout Int?, range: ClosedRange<Int>, log: inout DiagnosticLog) {
        let expected = "`auto`, or a whole number \(Self.text(range))"
        let read = self.value(key, expected: expected, log: &log) { text -> Int?? in
            if text == "auto" { return .some(nil) }
            guard let count = Quantity.number(text), range.contains(count) else { return nil }
            return .some(count)
        }
        if let read { value = read }
    }

    /// One of a few words.
    func readWord<Word: RawRepresentable & CaseIterable>(
        _ key: String, into value: inout Word, log: inout DiagnosticLog
    ) where Word.RawValue == String {
        let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
        if let read = self.value(key, expected: "one of \(words)", log: &log, Word.init(rawValue:)) { value = read }
    }

    private static func text(_ range: ClosedRange<Int>) -> String {
        range.upperBound == .max ? "of at least \(range.lowerBound)" : "between \(range.lowerBound) and \(range.upperBound)"
    }
}
