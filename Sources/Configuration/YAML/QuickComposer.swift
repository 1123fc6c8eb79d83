/// Composes documents in the YAML that manifests are written in, many times faster than the parser, and gives up on all others.
///
/// It knows block mappings and sequences, plain and quoted scalars of one line, `|` and flow collections of one line. Whatever
/// is seldom, in doubt or in error (anchors, tags, tabs, folded scalars, values of several lines, a key that stands twice) is
/// left to the parser, which alone decides what is YAML and words all errors. So the one rule here: a document that is composed
/// is composed as the parser would (the fuzz target `yaml` compares the two).
struct QuickComposer {
    /// Nested levels; the parser's own limit is higher.
    private static let depthLimit = 64
    /// A key that ends later is none to the parser, which counts 1024 characters.
    static let keyLimit = 1000

    let bytes: [UInt8]
    let end: Int
    /// Where a token is expected.
    var position: Int
    /// Of `position` in the file, counted from 1.
    var line: Int
    /// Of the current line's content, counted from 0; -1 behind the last line.
    var column = -1
    var depth = 0

    /// The root of a document; nil where the parser has to be asked.
    static func compose(_ part: YAMLFile.Part) -> YAMLNode? {
        guard isEligible(part) else { return nil }
        var composer = QuickComposer(part)
        return composer.document()
    }

    private init(_ part: YAMLFile.Part) {
        bytes = part.bytes
        position = part.range.lowerBound
        end = part.range.upperBound
        line = part.firstLine
    }

    /// Whether each of its characters means to the parser what its byte says. Tabs, carriage returns and control characters have
    /// rules of their own, as have NEL and the other C1 controls (after C2), LS and PS (after E2), and U+FEFF (after EF).
    private static func isEligible(_ part: YAMLFile.Part) -> Bool {
        var anchors = 0
        var index = part.range.lowerBound
        while index < part.range.upperBound {
            switch part.bytes[index] {
            case 0x0A, 0x20...0x25, 0x27...0x7E: break
            case UInt8(ascii: "&"): anchors += 1
            case 0x00...0x1F, 0x7F, 0xEF: return false
            case 0xC2: if part.bytes[index + 1] < 0xA0 { return false }
            case 0xE2: if YAMLFile.isSeparator(part.bytes, index) { return false }
            default: break
            }
            index += 1
        }
        return anchors < YAMLFault.anchorAllowance
    }

    // MARK: Lines

    func byte(at index: Int) -> UInt8? { index < end ? bytes[index] : nil }

    func isLineEnd(_ index: Int) -> Bool { index >= end || bytes[index] == 0x0A }

    func isBlankOrLineEnd(_ index: Int) -> Bool { isLineEnd(index) || bytes[index] == 0x20 }

    mutating func skipSpaces() {
        while position < end, bytes[position] == 0x20 { position += 1 }
    }

    mutating func skipLine() {
        while position < end, bytes[position] != 0x0A { position += 1 }
        position += 1
        line += 1
    }

    /// Goes on to the next line with content. From the beginning of a line.
    mutating func seekContent() {
        while position < end {
            let start = position
            skipSpaces()
            if !isLineEnd(position), bytes[position] != UInt8(ascii: "#") {
                column = position - start
                return
            }
            skipLine()
        }
        column = -1
    }

    /// Goes on behind a token that ends its line, but for a comment; false if more follows it.
    mutating func endLine() -> Bool {
        skipSpaces()
        guard isLineEnd(position) || (bytes[position] == UInt8(ascii: "#") && bytes[position - 1] == 0x20) else { return false }
        skipLine()
        seekContent()
        return true
    }

    private var isAtDash: Bool {
        byte(at: position) == UInt8(ascii: "-") && isBlankOrLineEnd(position + 1)
    }

    // MARK: Blocks

    private mutating func document() -> YAMLNode? {
        seekContent()
        if column == 0, position + 2 < end, bytes[position..<position + 3].elementsEqual("---".utf8) {
            position += 3
            guard endLine() else { return nil }
        }
        guard column >= 0, let root = block(), column == -1 else { return nil }
        return root
    }

    /// The mapping or sequence that begins with the current line.
    private mutating func block() -> YAMLNode? {
        isAtDash ? sequence(at: column) : mapping(at: column)
    }

    /// - Parameter first: its first key, if that has been read already; `position` is at its colon then.
    private mutating func mapping(at indent: Int, first: String? = nil) -> YAMLNode? {
        guard enter() else { return nil }
        let start = line
        var entries: [YAMLEntry] = []
        var key = first
        repeat {
            let keyLine = line
            guard let name = key ?? self.key() else { return nil }
            key = nil
            position += 1
            guard let value = value(in: indent, ofMapping: true) else { return nil }
            entries.append(YAMLEntry(key: name, line: keyLine, value: value))
        } while column == indent
        guard column < indent, !Self.repeatsKey(entries) else { return nil }
        depth -= 1
        return YAMLNode(content: .mapping(entries), line: start)
    }

    private mutating func sequence(at indent: Int) -> YAMLNode? {
        guard enter() else { return nil }
        let start = line
        var nodes: [YAMLNode] = []
        repeat {
            position += 1
            guard let node = value(in: indent, ofMapping: false) else { return nil }
            nodes.append(node)
        } while column == indent && isAtDash
        depth -= 1
        // What else could stand in this column, the owner knows.
        return column <= indent ? YAMLNode(content: .sequence(nodes), line: start) : nil
    }

    mutating func enter() -> Bool {
        depth += 1
        return depth < Self.depthLimit
    }

    static func repeatsKey(_ entries: [YAMLEntry]) -> Bool {
        guard entries.count > 8 else {
            return entries.indices.contains { index in entries[..<index].contains { $0.key == entries[index].key } }
        }
        var seen = Set<String>(minimumCapacity: entries.count)
        return entries.contains { !seen.insert($0.key).inserted }
    }

    /// What follows the colon or dash before `position`, up to the next line with content.
    private mutating func value(in indent: Int, ofMapping: Bool) -> YAMLNode? {
        let start = line
        let sign = position
        skipSpaces()
        guard !isLineEnd(position), bytes[position] != UInt8(ascii: "#") || position == sign else {
            skipLine()
            seekContent()
            if column > indent { return block() }
            if ofMapping, column == indent, isAtDash { return sequence(at: indent) }
            return YAMLNode(content: .scalar(YAMLScalar(text: "", isPlain: true)), line: start)
        }
        if ofMapping {
            guard !isAtDash else { return nil }
        } else {
            let inner = indent + 1 + position - sign
            if isAtDash { return sequence(at: inner) }
            if let key = key() { return mapping(at: inner, first: key) }
            position = sign
            skipSpaces()
        }
        let node: YAMLNode?
        switch bytes[position] {
        case UInt8(ascii: "["), UInt8(ascii: "{"): node = flowNode()
        case UInt8(ascii: "|"): return literal(in: indent)
        default: node = scalar().map { YAMLNode(content: .scalar($0), line: start) }
        }
        // What is indented more would continue the value, or be an error.
        guard let node, endLine(), column <= indent else { return nil }
        return node
    }

    /// A key and the colon behind it, at which `position` is then. Nil, with `position` anywhere, if there is none.
    private mutating func key() -> String? {
        let start = position
        guard let scalar = scalar(), byte(at: position) == UInt8(ascii: ":"), isBlankOrLineEnd(position + 1),
              position - start < Self.keyLimit, !(scalar.isPlain && scalar.text == "<<")
        else { return nil }
        return scalar.text
    }
}
