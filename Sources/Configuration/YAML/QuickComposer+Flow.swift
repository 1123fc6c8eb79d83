/// Flow collections of one line, as in `[80, 443]` and `{app: shop}`.
extension QuickComposer {
    mutating func flowNode() -> YAMLNode? {
        switch byte(at: position) {
        case UInt8(ascii: "["): flowSequence()
        case UInt8(ascii: "{"): flowMapping()
        default: flowScalar().map { YAMLNode(content: .scalar($0), line: line) }
        }
    }

    private mutating func flowSequence() -> YAMLNode? {
        guard enter() else { return nil }
        var nodes: [YAMLNode] = []
        position += 1
        skipSpaces()
        if byte(at: position) != UInt8(ascii: "]") {
            repeat {
                skipSpaces()
                guard let node = flowNode() else { return nil }
                nodes.append(node)
            } while takeComma()
        }
        guard byte(at: position) == UInt8(ascii: "]") else { return nil }
        position += 1
        depth -= 1
        return YAMLNode(content: .sequence(nodes), line: line)
    }

    private mutating func flowMapping() -> YAMLNode? {
        guard enter() else { return nil }
        var entries: [YAMLEntry] = []
        position += 1
        skipSpaces()
        if byte(at: position) != UInt8(ascii: "}") {
            repeat {
                skipSpaces()
                let start = position
                guard let key = flowScalar(), byte(at: position) == UInt8(ascii: ":"), position - start < Self.keyLimit,
                      !key.isPlain || (byte(at: position + 1) == 0x20 && key.text != "<<")
                else { return nil }
                position += 1
                skipSpaces()
                guard let value = flowNode() else { return nil }
                entries.append(YAMLEntry(key: key.text, line: line, value: value))
            } while takeComma()
        }
        guard byte(at: position) == UInt8(ascii: "}"), !Self.repeatsKey(entries) else { return nil }
        position += 1
        depth -= 1
        return YAMLNode(content: .mapping(entries), line: line)
    }

    private mutating func takeComma() -> Bool {
        skipSpaces()
        guard byte(at: position) == UInt8(ascii: ",") else { return false }
        position += 1
        return true
    }

    /// As `scalar`, but plain ones end at the signs of flow collections, too.
    private mutating func flowScalar() -> YAMLScalar? {
        if let byte = byte(at: position), "\"'".utf8.contains(byte) { return scalar() }
        guard beginsPlain else { return nil }
        let start = position
        var last = position
        while !isLineEnd(position) {
            switch bytes[position] {
            case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"):
                return YAMLScalar(text: text(start..<last), isPlain: true)
            case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "?"):
                return nil
            case 0x20:
                position += 1
                if byte(at: position) == UInt8(ascii: "#") { return nil }
                continue
            case UInt8(ascii: ":"):
                guard let next = byte(at: position + 1), next != 0x0A, !",?[]{}".utf8.contains(next) else { return nil }
                if next == 0x20 { return YAMLScalar(text: text(start..<last), isPlain: true) }
            default: break
            }
            position += 1
            last = position
        }
        return nil
    }
}
