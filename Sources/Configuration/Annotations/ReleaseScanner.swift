/// Takes the entries of `service-match` apart: `SERVICE: KIND("NAME", /PATTERN/)` or `SERVICE: KIND("NAME", "VALUE")`, with commas
/// or line breaks between them. A value may hold parentheses, at which ACK's own reader stops.
struct ReleaseScanner {
    struct Entry: Equatable {
        let service: String
        /// The word before the parenthesis.
        let kind: String
        let name: String
        let value: String
        let isPattern: Bool
    }

    private var rest: Substring

    init(_ text: String) { rest = text[...] }

    /// Whether all of the text was understood.
    var isAtEnd: Bool { rest.isEmpty }

    /// Nil at the end, and where the text can't be read on.
    mutating func next() -> Entry? {
        rest = rest.drop { $0 == "," || $0.isWhitespace }
        let start = rest
        if let entry = entry() { return entry }
        rest = start
        return nil
    }

    private mutating func entry() -> Entry? {
        let service = String(word(upTo: ":"))
        let kind = String(word(upTo: "("))
        guard !service.isEmpty, !service.contains(where: \.isWhitespace), take("\"") else { return nil }
        guard let end = rest.firstIndex(of: "\"") else { return nil }
        let name = String(rest[..<end])
        rest = rest[rest.index(after: end)...]
        guard !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), take(",") else { return nil }
        let isPattern = take("/")
        guard isPattern || take("\""), let value = value(closedBy: isPattern ? "/" : "\"", isPattern: isPattern) else { return nil }
        return Entry(service: service, kind: kind, name: name, value: value, isPattern: isPattern)
    }

    /// Up to the first `mark` that a parenthesis follows. Behind it a text's entry ends, or can't be read; a pattern, which may have both
    /// in itself, goes on. Neither takes in another entry, as it would where a comma, a mark or a parenthesis is missing between the two.
    private mutating func value(closedBy mark: Character, isPattern: Bool) -> String? {
        var index = rest.startIndex
        while let close = rest[index...].firstIndex(of: mark) {
            index = rest.index(after: close)
            let after = rest[index...].drop { $0 == " " }
            guard after.first == ")" else { continue }
            let following = after.dropFirst().drop { $0 == " " || $0 == "\t" }
            guard following.isEmpty || following.first == "," || following.first?.isNewline == true else {
                if isPattern { continue }
                return nil
            }
            let value = rest[..<close]
            if Self.holdsEntry(value, ofAnyKind: !isPattern && value.contains(mark)) { return nil }
            rest = following
            return String(value)
        }
        return nil
    }

    /// Whether the beginning of an entry is in `text`: `: KIND(`.
    private static func holdsEntry(_ text: Substring, ofAnyKind: Bool) -> Bool {
        for open in text.indices where text[open] == "(" {
            let before = text[..<open].reversed().drop { $0.isWhitespace }
            let kind = String(String(before.prefix { $0.isLetter }).reversed())
            guard before.dropFirst(kind.count).first(where: { !$0.isWhitespace }) == ":" else { continue }
            if ofAnyKind ? !kind.isEmpty : ["header", "cookie", "query"].contains(kind) { return true }
        }
        return false
    }

    /// What comes before `mark`, which is skipped; empty if it does not come.
    private mutating func word(upTo mark: Character) -> Substring {
        guard let end = rest.firstIndex(of: mark) else { return "" }
        let word = rest[..<end].trimmed
        rest = rest[rest.index(after: end)...]
        return word
    }

    private mutating func take(_ mark: Character) -> Bool {
        let next = rest.drop { $0 == " " }
        guard next.first == mark else { return false }
        rest = next.dropFirst()
        return true
    }
}
