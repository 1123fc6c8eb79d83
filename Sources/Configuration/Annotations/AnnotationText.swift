internal import Exchange

/// How ingress-nginx reads the texts of annotations.
enum AnnotationText {
    /// Go's `ParseBool` (R3); nil for anything else, also with spaces around.
    static func bool(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "TRUE", "true", "True": true
        case "0", "f", "F", "FALSE", "false", "False": false
        default: nil
        }
    }

    /// Go's `Atoi` (R4): an optional sign and decimal digits, within 64 bits.
    static func integer(_ text: String) -> Int? {
        let digits = text.hasPrefix("+") || text.hasPrefix("-") ? text.dropFirst() : Substring(text)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }

    /// Every line trimmed of white space (R5), and line breaks at the ends, which a YAML block leaves there.
    static func normalized(_ text: String) -> String {
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map { $0.trimmed }
        return String(lines.joined(separator: "\n")[...].trimmed)
    }

    /// What the characters of `text` are looked for in: in `ingress-nginx` what is written, white space and all, as there (R6); in
    /// `scoped` white space around it is nobody's fault.
    static func checked(_ text: String, _ compatibility: Compatibility) -> String {
        compatibility == .ingressNginx ? text : normalized(text)
    }

    /// How a message calls what is not allowed.
    static func name(_ byte: UInt8) -> String {
        switch byte {
        case 0x20: "a space"
        case 0x09: "a tab"
        case 0x0A, 0x0D: "a line break"
        case 0x21...0x7E: "`\(Character(UnicodeScalar(byte)))`"
        default: "the byte 0x" + String(byte, radix: 16)
        }
    }

    /// Allowed in header names, header values and cookie names (R6).
    static func isBasic(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || isWord(byte)
    }

    /// Allowed in header patterns: more signs, but no space (R6).
    static func isPattern(_ byte: UInt8) -> Bool {
        isWord(byte) || "^$[](){}*+?|&=\\".utf8.contains(byte)
    }

    /// What ingress-nginx allows in lists of ciphers.
    static func isCipherList(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "+:_-!".utf8.contains(byte)
            }
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-._~/:".utf8.contains(byte)
        }
    }
}

extension Substring {
    /// Without the white space around it.
    var trimmed: Substring {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return start[...last]
    }
}

extension String {
    /// What follows `prefix`; nil if it does not begin so.
    func droppingPrefix(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }

    /// In memory of its own: what stays keeps nothing of the manifests, whose memory is given back page by page.
    var copied: String { String(decoding: Array(utf8), as: UTF8.self) }
}
