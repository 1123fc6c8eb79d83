/// Composes the documents of one file: nodes with line numbers.
struct YAMLComposer {
    /// Nodes that a document may always expand to. A bigger one may have a node for each of its bytes, which is more than
    /// any has without aliases; with them it could exhaust memory.
    static let nodeAllowance = 100_000
    static let depthLimit = 200

    let file: String

    /// The documents of one part: one, or none if it is empty or broken, or several if the `---` between them are missing
    /// (which is an error, but what each holds is still looked at).
    func compose(_ part: YAMLFile.Part, log: inout DiagnosticLog) -> [YAMLNode] {
        do throws(YAMLFault) {
            guard let root = try Self.root(of: part), !root.isNull else { return [] }
            return [root]
        } catch {
            let place = Place(file: file, line: part.firstLine)
            let pieces = YAMLFault.pieces(of: part)
            guard pieces.count > 1 else {
                error.report(place, log: &log)
                return []
            }
            for piece in pieces.dropFirst() {
                log.error(
                    place.at(line: piece.manifestLine), "YAML",
                    "a second manifest begins here in one YAML document; put a line `---` before it")
            }
            return pieces.flatMap { compose($0.part, log: &log) }
        }
    }

    private static func root(of part: YAMLFile.Part) throws(YAMLFault) -> YAMLNode? {
        try YAMLParser.parsing(part.bytes[part.range]) { parser throws(YAMLFault) in
            var composition = Composition(part)
            return try composition.document(&parser)
        }
    }
}

/// One document on its way from events to nodes, within bounds.
private struct Composition {
    /// What an alias stands for.
    private struct Anchored {
        let node: YAMLNode
        /// Nodes in it, those of its own aliases included.
        let size: Int
    }

    private let part: YAMLFile.Part
    private var remaining: Int
    private var anchors: [String: Anchored] = [:]

    init(_ part: YAMLFile.Part) {
        self.part = part
        remaining = max(YAMLComposer.nodeAllowance, part.range.count)
    }

    /// Nil if there is none. `YAMLFile` has split where another one begins.
    mutating func document(_ parser: inout YAMLParser) throws(YAMLFault) -> YAMLNode? {
        guard case .beginDocument = try next(&parser) else { return nil }
        let root = try node(try next(&parser), &parser, depth: 0)
        _ = try next(&parser)
        guard case .endStream = try next(&parser) else {
            throw fault(line(of: parser), "is a second document; put a line `---` before it")
        }
        return root
    }

    private mutating func node(
        _ event: YAMLParser.Event, _ parser: inout YAMLParser, depth: Int
    ) throws(YAMLFault) -> YAMLNode {
        let line = line(of: parser)
        guard depth < YAMLComposer.depthLimit else {
            throw fault(line, "is nested more than \(YAMLComposer.depthLimit) levels deep; flatten it")
        }
        let before = remaining
        try count(1, line)
        let (content, anchor): (YAMLNode.Content, String?)
        switch event {
        case .scalar(let scalar, let name):
            (content, anchor) = (.scalar(scalar), name)
        case .beginSequence(let name):
            (content, anchor) = (.sequence(try sequence(&parser, depth)), name)
        case .beginMapping(let name):
            (content, anchor) = (.mapping(try mapping(&parser, depth)), name)
        case .alias(let name):
            guard let anchored = anchors[name] else {
                throw fault(line, "found undefined alias; quote a value that begins with `*`")
            }
            try count(anchored.size - 1, line)
            return anchored.node
        case .end, .beginDocument, .endDocument, .endStream:
            throw fault(line, "can't be parsed")
        }
        let node = YAMLNode(content: content, line: line)
        if let anchor { anchors[anchor] = Anchored(node: node, size: before - remaining) }
        return node
    }

    private mutating func sequence(_ parser: inout YAMLParser, _ depth: Int) throws(YAMLFault) -> [YAMLNode] {
        var nodes: [YAMLNode] = []
        while true {
            let event = try next(&parser)
            if case .end = event { return nodes }
            nodes.append(try node(event, &parser, depth: depth + 1))
        }
    }

    private mutating func mapping(_ parser: inout YAMLParser, _ depth: Int) throws(YAMLFault) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var merges: [YAMLEntry] = []
        var known = KeySet()
        while true {
            let event = try next(&parser)
            if case .end = event { break }
            let key = try node(event, &parser, depth: depth + 1)
            // Where it stands, not where an alias leads.
            let line = line(of: parser)
            guard let name = key.scalar else { throw fault(line, "a key must be a word, not a list or a mapping") }
            if let first = known.insert(name.text, line) {
                let message = "the key `\(name.text)` stands here again (first on line \(first)); keep one of the two"
                throw fault(line, message)
            }
            let value = try node(try next(&parser), &parser, depth: depth + 1)
            let entry = YAMLEntry(key: name.text, line: line, value: value)
            if name.text == "<<", name.isPlain { merges.append(entry) } else { entries.append(entry) }
        }
        return merges.isEmpty ? entries : try merged(entries, merges)
    }

    /// A merge key (YAML 1.1): what stands here wins over what is merged, the earlier over the later.
    private func merged(_ entries: [YAMLEntry], _ merges: [YAMLEntry]) throws(YAMLFault) -> [YAMLEntry] {
        var entries = entries
        var known = Set(entries.map(\.key))
        for merge in merges {
            for source in merge.value.sequence ?? [merge.value] {
                guard let pairs = source.mapping else { throw fault(source.line, "`<<` merges mappings only") }
                for pair in pairs where known.insert(pair.key).inserted { entries.append(pair) }
            }
        }
        return entries
    }

    private func next(_ parser: inout YAMLParser) throws(YAMLFault) -> YAMLParser.Event {
        do throws(YAMLParser.Problem) {
            return try parser.next()
        } catch {
            throw YAMLFault(error, in: part)
        }
    }

    private mutating func count(_ nodes: Int, _ line: Int) throws(YAMLFault) {
        remaining -= nodes
        guard remaining > 0 else { throw fault(line, "its aliases expand to too many nodes; write less with them") }
    }

    private func line(of parser: borrowing YAMLParser) -> Int { part.firstLine + parser.mark.line }

    private func fault(_ line: Int, _ message: String) -> YAMLFault {
        YAMLFault(line: line - part.firstLine, message: message)
    }
}

/// The keys of a mapping so far, compared one by one while they are few.
private struct KeySet {
    private static let few = 12
    private var first: [(key: String, line: Int)] = []
    private var others: [String: Int] = [:]

    /// The line on which the same key stands already; nil, and remembered, if it is new.
    mutating func insert(_ key: String, _ line: Int) -> Int? {
        if let known = first.first(where: { $0.key == key })?.line { return known }
        if first.count < Self.few {
            first.append((key, line))
            return nil
        }
        if let known = others[key] { return known }
        others[key] = line
        return nil
    }
}
