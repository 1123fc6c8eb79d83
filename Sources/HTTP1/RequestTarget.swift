/// The four forms of a request target (RFC 9112 3.2).
public enum TargetForm: UInt8, Sendable {
    /// `/path?query`
    case origin
    /// `http://host/path?query`
    case absolute
    /// `host:port`, CONNECT only
    case authority
    /// `*`, OPTIONS only
    case asterisk
}

/// A request target taken apart; the offsets count from the start of the input.
struct RequestTarget {
    let form: TargetForm
    /// The target's own authority; empty for origin and asterisk form.
    private(set) var authority = Slice.empty
    private(set) var hostName = Slice.empty
    private(set) var path = Slice.empty
    private(set) var query = Slice.empty
    private(set) var hasQuery = false

    /// Takes apart what `extent` found; nil when the target is of no form, or of one its method must not use.
    ///
    /// - Parameter question: Offset in the input of the first `?`, or the slice's end.
    init?(_ slice: Slice, question: Int, method: Method, in input: Span<UInt8>) {
        let bytes = input[slice]
        guard bytes.count > 0 else { return nil }
        let question = question &- slice.start
        if method == .connect {
            form = .authority
            guard setAuthority(slice, in: input, needsPort: true) else { return nil }
            return
        }
        let pathStart: Int
        if bytes[0] == UInt8(ascii: "/") {
            form = .origin
            pathStart = 0
        } else if bytes.equals("*") {
            form = .asterisk
            guard method == .options else { return nil }
            path = slice
            return
        } else {
            form = .absolute
            let authorityStart = bytes.startsIgnoringCase("http://") ? 7 : bytes.startsIgnoringCase("https://") ? 8 : 0
            guard authorityStart > 0 else { return nil }
            let slash = bytes.firstIndex(of: UInt8(ascii: "/"), from: authorityStart) ?? bytes.count
            pathStart = min(slash, question)
            let authority = Slice(start: slice.start &+ authorityStart, count: pathStart &- authorityStart)
            guard pathStart >= authorityStart, setAuthority(authority, in: input, needsPort: false) else { return nil }
        }
        path = Slice(start: slice.start &+ pathStart, count: question &- pathStart)
        if question < bytes.count {
            hasQuery = true
            query = Slice(start: slice.start &+ question &+ 1, count: bytes.count &- question &- 1)
        }
    }

    /// Where the target that begins at `start` ends, on a line that ends at `end`, and where its query begins.
    ///
    /// Every byte must be visible ASCII. A fragment is refused: no form has one, and readers disagree on where it ends.
    static func extent(
        in input: Span<UInt8>, from start: Int, to end: Int
    ) throws(ParseError) -> (target: Slice, question: Int) {
        var question: Int?
        var index = input.endOfTargetText(from: start, to: end)
        while index < end, input[index] != .space {
            guard input[index] == UInt8(ascii: "?") else { throw ParseError(.invalidTarget, at: index) }
            if question == nil { question = index }
            index = input.endOfTargetText(from: index &+ 1, to: end)
        }
        return (Slice(start ..< index), question ?? index)
    }

    private mutating func setAuthority(_ slice: Slice, in input: Span<UInt8>, needsPort: Bool) -> Bool {
        guard let parsed = Authority(slice, in: input) else { return false }
        // CONNECT to no port, or to port 0, must be refused (RFC 9110 9.3.6).
        if needsPort, parsed.port ?? 0 == 0 { return false }
        authority = slice
        hostName = parsed.host
        return true
    }
}
