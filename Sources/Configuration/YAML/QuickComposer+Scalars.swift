/// Scalars: plain and quoted ones of one line, and `|`.
extension QuickComposer {
    /// A plain or quoted one; `position` is behind it.
    mutating func scalar() -> YAMLScalar? {
        switch byte(at: position) {
        case UInt8(ascii: "\""): doubleQuoted()
        case UInt8(ascii: "'"): singleQuoted()
        default: plain()
        }
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Whether a plain scalar may begin with the byte at `position`. That some signs may, if no space follows, is left to the
    /// parser, but for a dash.
    var beginsPlain: Bool {
        guard let byte = byte(at: position) else { return false }
        switch byte {
        case UInt8(ascii: "-"):
            guard let next = self.byte(at: position + 1) else { return false }
            return next == UInt8(ascii: "-") || (0x30...0x39).contains(next) || (0x61...0x7A).contains(next | 0x20)
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: return true
        default: return "$()+./;<=^_~\\".utf8.contains(byte)
        }
    }

    private mutating func plain() -> YAMLScalar? {
        guard beginsPlain else { return nil }
        let start = position
        var last = position
        while !isLineEnd(position) {
            switch bytes[position] {
            case 0x20:
                position += 1
                if byte(at: position) == UInt8(ascii: "#") { return YAMLScalar(text: text(start..<last), isPlain: true) }
                continue
            case UInt8(ascii: ":") where isBlankOrLineEnd(position + 1):
                return YAMLScalar(text: text(start..<last), isPlain: true)
            default: break
            }
            position += 1
            last = position
        }
        return YAMLScalar(text: text(start..<last), isPlain: true)
    }

    private mutating func singleQuoted() -> YAMLScalar? {
        var text: [UInt8] = []
        position += 1
        while !isLineEnd(position) {
            if bytes[position] == UInt8(ascii: "'") {
                position += 1
                guard byte(at: position) == UInt8(ascii: "'") else { return quoted(text) }
            }
            text.append(bytes[position])
            position += 1
        }
        return nil
    }

    private mutating func doubleQuoted() -> YAMLScalar? {
        var text: [UInt8] = []
        position += 1
        while !isLineEnd(position) {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return quoted(text)
            case UInt8(ascii: "\\"):
                position += 1
                switch byte(at: position) {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(bytes[position])
                case UInt8(ascii: "n"): text.append(0x0A)
                case UInt8(ascii: "t"): text.append(0x09)
                default: return nil
                }
            case let byte: text.append(byte)
            }
            position += 1
        }
        return nil
    }

    private func quoted(_ text: [UInt8]) -> YAMLScalar {
        YAMLScalar(text: String(decoding: text, as: UTF8.self), isPlain: false)
    }

    /// A block of text behind `|`, `|-` or `|+`, up to the next line with content.
    mutating func literal(in indent: Int) -> YAMLNode? {
        let start = line
        position += 1
        let chomping = byte(at: position).flatMap { "+-".utf8.contains($0) ? $0 : nil }
        if chomping != nil { position += 1 }
        skipSpaces()
        guard isLineEnd(position) else { return nil }
        skipLine()
        var text: [UInt8] = []
        while position < end, bytes[position] == 0x0A {
            text.append(0x0A)
            skipLine()
        }
        // The first line says how far all are indented.
        let first = position
        skipSpaces()
        let width = position - first
        guard width > indent, !isLineEnd(position) else { return nil }
        position = first
        var breaks = 0
        while position < end {
            let begin = position
            while position < end, position - begin < width, bytes[position] == 0x20 { position += 1 }
            if isLineEnd(position) {
                breaks += 1
            } else if position - begin < width {
                position = begin
                break
            } else {
                text.append(contentsOf: repeatElement(0x0A, count: breaks))
                let content = position
                while !isLineEnd(position) { position += 1 }
                text.append(contentsOf: bytes[content..<position])
                breaks = 1
            }
            skipLine()
        }
        let kept = chomping == nil ? 1 : chomping == UInt8(ascii: "+") ? breaks : 0
        text.append(contentsOf: repeatElement(0x0A, count: kept))
        seekContent()
        guard column <= indent else { return nil }
        return YAMLNode(content: .scalar(quoted(text)), line: start)
    }
}
