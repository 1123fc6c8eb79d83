/// Why a document can't be parsed, in words that say what to change.
struct YAMLFault: Error {
    /// In the part, counted from 0.
    let line: Int
    let message: String

    init(line: Int, message: String) {
        self.line = line
        self.message = message
    }

    init(_ problem: YAMLParser.Problem, in part: YAMLFile.Part) {
        if problem.isCharacter {
            self.init(line: problem.mark.line, message: "\(problem.text); remove the character")
        } else {
            self = Self.syntax(problem, part.text.lines, firstLine: part.firstLine)
        }
    }

    func report(_ place: Place, log: inout DiagnosticLog) {
        log.error(place.at(line: place.line + line), "YAML", message)
    }

    // MARK: Syntax

    private static func syntax(_ problem: YAMLParser.Problem, _ lines: [Substring], firstLine: Int) -> YAMLFault {
        // At the end of the text the mark stands behind the last line.
        let last = max(0, lines.count - 2)
        let line = min(problem.mark.line, last)
        if problem.text.hasPrefix("Maximum nesting level") {
            return YAMLFault(line: line, message: "is nested too deeply; flatten it")
        }
        let text = line < lines.count ? lines[line] : ""
        var message = problem.text
        if let context = problem.context {
            message += ", \(context.text) that begins on line \(firstLine + min(context.mark.line, last))"
        }
        return YAMLFault(line: line, message: message + "; " + advice(problem.text, problem.context?.mark.column, text))
    }

    /// - Parameter block: The column of what was being read.
    private static func advice(_ problem: String, _ block: Int?, _ text: Substring) -> String {
        if text.utf8.prefix(while: { $0 == 0x20 || $0 == 0x09 }).contains(0x09) {
            return "indent with spaces, YAML allows no tabs there"
        }
        if problem.contains("did not find expected key") || problem.contains("expected '-'")
            || problem.contains("expected <document start>") {
            return indentationAdvice(block, text)
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
        return "check the syntax and quote values with special characters"
    }

    private static func indentationAdvice(_ block: Int?, _ text: Substring) -> String {
        let spaces = text.indentation == 1 ? "1 space" : "\(text.indentation) spaces"
        let advice: String
        switch block {
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
}
