internal import Yams

/// Parses the documents of one file into nodes with line numbers.
struct YAMLComposer {
    /// Nodes that a document may always expand to. A bigger one may have a node for each of its bytes, which is more than
    /// any has without aliases; with them it could exhaust memory.
    static let nodeAllowance = 100_000
    static let depthLimit = 200

    let file: String

    /// The documents of one part: one, or none if it is empty or broken, or several if the `---` between them are missing
    /// (which is an error, but what each holds is still looked at).
    func compose(_ part: YAMLFile.Part, log: inout DiagnosticLog) -> [YAMLNode] {
        if let root = QuickComposer.compose(part) { return [root] }
        return parse(part, log: &log)
    }

    /// By the parser: a document of any form.
    func parse(_ part: YAMLFile.Part, log: inout DiagnosticLog) -> [YAMLNode] {
        let place = Place(file: file, line: part.firstLine)
        let text = part.text
        if let bomb = YAMLFault.aliasesAsKeys(in: text) {
            log.error(place.at(line: part.firstLine + bomb), "YAML", "an alias can't be a key; write the key out")
            return []
        }
        do {
            // The basic resolver leaves scalars alone: each reader of a key knows better what it wants.
            guard let root = try Yams.compose(yaml: text, .basic, .default, .utf8) else { return [] }
            var conversion = Conversion(place: place, limit: max(Self.nodeAllowance, text.utf8.count))
            guard let node = conversion.convert(root, depth: 0) else {
                let fault = conversion.fault ?? (part.firstLine, "can't be read")
                log.error(place.at(line: fault.line), "YAML", fault.message)
                return []
            }
            return node.isNull ? [] : [node]
        } catch {
            let pieces = YAMLFault.pieces(of: part)
            guard pieces.count > 1 else {
                YAMLFault(error, in: part).report(place, log: &log)
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
}

/// Turns the parser's nodes into ours, within bounds.
private struct Conversion {
    let place: Place
    var fault: (line: Int, message: String)?
    private var remaining: Int

    init(place: Place, limit: Int) {
        self.place = place
        remaining = limit
    }

    /// Nil if a bound is passed or a key is no scalar; `fault` then says so.
    mutating func convert(_ node: Node, depth: Int) -> YAMLNode? {
        let line = line(of: node)
        remaining -= 1
        guard remaining > 0 else { return fail(line, "its aliases expand to too many nodes; write less with them") }
        guard depth < YAMLComposer.depthLimit else {
            return fail(line, "is nested more than \(YAMLComposer.depthLimit) levels deep; flatten it")
        }
        switch node {
        case .scalar(let scalar):
            let isTagged = scalar.tag.description.hasPrefix("tag:") || scalar.tag.description.hasPrefix("!")
            let isPlain = scalar.style == .plain && !isTagged
            return YAMLNode(content: .scalar(YAMLScalar(text: scalar.string, isPlain: isPlain)), line: line)
        case .sequence(let sequence):
            var nodes: [YAMLNode] = []
            nodes.reserveCapacity(sequence.count)
            for element in sequence {
                guard let converted = convert(element, depth: depth + 1) else { return nil }
                nodes.append(converted)
            }
            return YAMLNode(content: .sequence(nodes), line: line)
        case .mapping(let mapping):
            return convert(mapping, line: line, depth: depth)
        case .alias:
            return fail(line, "holds an alias that refers to nothing")
        }
    }

    private mutating func convert(_ mapping: Node.Mapping, line: Int, depth: Int) -> YAMLNode? {
        var entries: [YAMLEntry] = []
        var merged: [YAMLNode] = []
        entries.reserveCapacity(mapping.count)
        for (key, value) in mapping {
            let keyLine = self.line(of: key)
            guard case .scalar(let name) = key else {
                return fail(keyLine, "a key must be a word, not a list or a mapping")
            }
            guard let node = convert(value, depth: depth + 1) else { return nil }
            if name.string == "<<", name.style == .plain {
                merged.append(contentsOf: node.sequence ?? [node])
            } else {
                entries.append(YAMLEntry(key: name.string, line: keyLine, value: node))
            }
        }
        // A merge key (YAML 1.1): what stands here wins over what is merged, the earlier over the later.
        if !merged.isEmpty {
            var known = Set(entries.map(\.key))
            for source in merged {
                guard let pairs = source.mapping else { return fail(source.line, "`<<` merges mappings only") }
                for pair in pairs where known.insert(pair.key).inserted { entries.append(pair) }
            }
        }
        return YAMLNode(content: .mapping(entries), line: line)
    }

    private func line(of node: Node) -> Int { place.line + (node.mark?.line ?? 1) - 1 }

    private mutating func fail(_ line: Int, _ message: String) -> YAMLNode? {
        if fault == nil { fault = (line, message) }
        return nil
    }
}
