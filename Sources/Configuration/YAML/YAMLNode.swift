/// A node of a YAML document together with the line it stands on.
///
/// Scalars keep their source text: whether `on` is a word or a truth is for the reader of a key to say, not for the
/// parser, so that `via: off` and `canary: true` both reach their readers as written.
struct YAMLNode: Equatable, Sendable {
    enum Content: Equatable, Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([YAMLEntry])
    }

    let content: Content
    /// In the file, counted from 1.
    let line: Int
}

/// One key of a mapping with its value.
struct YAMLEntry: Equatable, Sendable {
    let key: String
    /// The line of the key.
    let line: Int
    let value: YAMLNode
}

/// A scalar as written.
struct YAMLScalar: Equatable, Sendable {
    let text: String
    /// Neither quoted, nor a block, nor tagged: only such a scalar can be read as something other than text without a tag that says so.
    let isPlain: Bool
    /// See `reading(ofTag:)`.
    var tagReading: String?

    var isNull: Bool {
        guard isPlain else { return false }
        switch text.utf8.count {
        case 0: return true
        case 1: return text == "~"
        case 4: return text == "null" || text == "Null" || text == "NULL"
        default: return false
        }
    }

    /// What YAML 1.1, the dialect of kubectl, would read instead of text: `a boolean`, `a number`, or nil.
    var readAsOtherThanText: String? {
        if let tagReading { return tagReading }
        guard isPlain else { return nil }
        if Self.booleans.contains(text.lowercased()) { return "a boolean" }
        return Self.isNumber(text) ? "a number" : nil
    }

    /// What a tag makes of any scalar: `a boolean`, `a number`, or nil for text.
    static func reading(ofTag tag: String) -> String? {
        switch tag {
        case "tag:yaml.org,2002:bool": "a boolean"
        case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float": "a number"
        default: nil
        }
    }

    private static let booleans: Set<String> = ["true", "false", "yes", "no", "on", "off", "y", "n"]

    private static func isNumber(_ text: String) -> Bool {
        var digits = Substring(text)
        if digits.first == "+" || digits.first == "-" { digits.removeFirst() }
        if [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"].contains(digits) { return true }
        guard let first = digits.first, first.isASCII, first.isNumber || first == "." else { return false }
        let plain = digits.filter { $0 != "_" }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where plain.hasPrefix(prefix) {
            return UInt64(plain.dropFirst(2), radix: radix) != nil
        }
        // `Double` also takes hexadecimal floats, which YAML does not have; they begin with 0x and never get here.
        return Double(plain) != nil
    }
}

extension YAMLNode {
    var scalar: YAMLScalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    /// The text of a scalar that is not null.
    var text: String? {
        guard let scalar, !scalar.isNull else { return nil }
        return scalar.text
    }

    var isNull: Bool { scalar?.isNull ?? false }

    var sequence: [YAMLNode]? {
        if case .sequence(let nodes) = content { nodes } else { nil }
    }

    var mapping: [YAMLEntry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// The value of a key, nil if this is no mapping, lacks the key, or the value is null.
    subscript(key: String) -> YAMLNode? {
        guard let value = entry(key)?.value, !value.isNull else { return nil }
        return value
    }

    func entry(_ key: String) -> YAMLEntry? {
        mapping?.first { $0.key == key }
    }

    /// `a mapping`, `a list`, `nothing`, or the scalar in quotes: what a diagnostic says was found.
    var found: String {
        switch content {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar(let scalar) where scalar.isNull: "nothing"
        case .scalar(let scalar) where scalar.text.isEmpty: "an empty text"
        case .scalar(let scalar): "`\(scalar.text.clipped)`"
        }
    }
}

extension String {
    /// At most 80 code points of it, for messages. What people see as one character may be any number of them.
    var clipped: String {
        let end = unicodeScalars.index(startIndex, offsetBy: 80, limitedBy: endIndex) ?? endIndex
        return end == endIndex ? self : self[..<end] + "…"
    }
}
