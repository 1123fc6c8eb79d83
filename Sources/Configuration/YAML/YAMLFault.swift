internal import Yams

/// Why a document can't be parsed, in words that say what to change.
struct YAMLFault {
    /// In the part, counted from 0.
    let line: Int
    let message: String

    init(_ error: any Error, in part: YAMLFile.Part) {
        guard let error = error as? YamlError else {
            self.init(line: 0, message: "can't be parsed: \(error)")
            return
        }
        let lines = part.text.lines
        switch error {
        case .duplicatedKeysInMapping(let keys, let context):
            self = Self.duplicate(keys.first ?? "", at: context.mark, lines, firstLine: part.firstLine)
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            self = Self.syntax(problem, context, mark, lines, firstLine: part.firstLine)
        case .reader(let problem, let offset, _, let text):
            let line = text.prefix(offset ?? 0).utf8.count { $0 == 0x0A }
            self.init(line: line, message: "\(problem); remove the character")
        case .memory:
            self.init(line: 0, message: "needs more memory than there is; split it")
        default:
            self.init(line: 0, message: "can't be parsed: \(error)")
        }
    }

    private init(line: Int, message: String) {
        self.line = line
        self.message = message
    }

    func report(_ place: Place, log: inout DiagnosticLog) {
        log.error(place.at(line: place.line + line), "YAML", message)
    }

    // MARK: Duplicate keys

    /// The parser tells where a doubled key stands first; where it stands again is found in the text.
    private static func duplicate(_ key: String, at mark: Mark, _ lines: [Substring], firstLine: Int) -> YAMLFault {
        let first = max(0, mark.line - 1)
        let column = max(0, mark.column - 1)
        for line in lines.indices.dropFirst(first + 1) where !lines[line].isBlankOrComment {
            let text = lines[line]
            if text.indentation < column { break }
            guard text.indentation == column, names(key, text.dropFirst(column)) else { continue }
            return YAMLFault(
                line: line,
                message: "the key `\(key)` stands here again (first on line \(firstLine + first)); keep one of the two")
        }
        return YAMLFault(line: first, message: "the key `\(key)` stands twice in this mapping; keep one of the two")
    }

    private static func names(_ key: String, _ text: Substring) -> Bool {
        ["", "\"", "'"].contains { quote in
            let written = quote + key + quote
            guard text.hasPrefix(written) else { return false }
            return text.dropFirst(written.count).drop { $0 == " " }.first == ":"
        }
    }

    // MARK: Syntax

    private static func syntax(
        _ problem: String, _ context: YamlError.Context?, _ mark: Mark, _ lines: [Substring], firstLine: Int
    ) -> YAMLFault {
        // At the end of the text the mark stands behind the last line.
        let line = min(max(0, mark.line - 1), max(0, lines.count - 2))
        if problem.hasPrefix("Maximum nesting level") {
            return YAMLFault(line: line, message: "is nested too deeply; flatten it")
        }
        let text = line < lines.count ? lines[line] : ""
        var message = problem
        if let context {
            message += ", \(context.text) that begins on line \(firstLine + max(0, context.mark.line - 1))"
        }
        return YAMLFault(line: line, message: message + "; " + advice(problem, context, text))
    }

    private static func advice(_ problem: String, _ context: YamlError.Context?, _ text: Substring) -> String {
        if text.utf8.prefix(while: { $0 == 0x20 || $0 == 0x09 }).contains(0x09) {
            return "indent with spaces, YAML allows no tabs there"
        }
        if problem.contains("did not find expected key") || problem.contains("expected '-'")
            || problem.contains("expected <document start>") {
            return indentationAdvice(context, text)
        }
        if problem.contains("mapping values are not allowed") {
            return "check the indentation of this line and of the one above, and quote a value that holds `: `"
        }
        if problem.contains("could not find expected ':'") {
            return "a key needs a colon and a space after it"
        }
        if problem.contains("unexpected end of stream") {
            return "a quote or a bracket is not closed"
        }
        if problem.contains("undefined alias") {
            return "quote a value that begins with `*`"
        }
        return "check the syntax and quote values with special characters"
    }

    private static func indentationAdvice(_ context: YamlError.Context?, _ text: Substring) -> String {
        let spaces = text.indentation == 1 ? "1 space" : "\(text.indentation) spaces"
        let advice: String
        switch context.map({ max(0, $0.mark.column - 1) }) {
        case nil: advice = "the line is indented by \(spaces), the first key of its document is not"
        case text.indentation?: advice = "the line is indented by \(spaces) like that block, but is not one of its items"
        case let block?: advice = "the line is indented by \(spaces), that block by \(block)"
        }
        return advice + ": line it up with its neighbours, or begin a new document with a line `---`"
    }

    // MARK: Missing document markers

    /// Splits a part that could not be parsed where a second `apiVersion` begins in the first column: manifests that were
    /// pasted together without `---`. One piece if there is no such line.
    static func pieces(of part: YAMLFile.Part) -> [(part: YAMLFile.Part, manifestLine: Int)] {
        let lines = part.text.lines
        let starts = lines.indices.filter { lines[$0].hasPrefix("apiVersion:") }.map { line in
            // Some write the kind first.
            line > 0 && lines[line - 1].hasPrefix("kind:") ? line - 1 : line
        }
        guard starts.count > 1 else { return [(part, part.firstLine)] }
        var pieces: [(part: YAMLFile.Part, manifestLine: Int)] = []
        for (index, start) in starts.enumerated() {
            let begin = index == 0 ? 0 : start
            let end = index + 1 < starts.count ? starts[index + 1] : lines.count
            let text = lines[begin..<end].joined(separator: "\n") + "\n"
            let piece = YAMLFile.Part(text, firstLine: part.firstLine + begin)
            pieces.append((piece, part.firstLine + start))
        }
        return pieces
    }

    // MARK: Alias bombs

    /// With fewer `&` in it no document can hold anything exponential that matters.
    static let anchorAllowance = 8

    /// The line, from 0, of an alias used as a key in a document with many anchors.
    ///
    /// The parser compares keys by everything below them, which such a document can make exponential; aliases as values
    /// are bounded by the conversion instead.
    static func aliasesAsKeys(in text: String) -> Int? {
        guard text.utf8.count(where: { $0 == UInt8(ascii: "&") }) >= anchorAllowance else { return nil }
        for (index, line) in text.lines.enumerated() where line.utf8.contains(UInt8(ascii: "*")) {
            let words = line.split { " {,[-".contains($0) }
            if words.contains(where: { $0 == "?" }) { return index }
            let isKey = words.indices.contains { position in
                words[position].hasPrefix("*")
                    && (words[position].hasSuffix(":") || position + 1 < words.count && words[position + 1].hasPrefix(":"))
            }
            if isKey { return index }
        }
        return nil
    }
}
