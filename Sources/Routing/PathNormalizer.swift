/// What `PathNormalizer` made of a path.
public enum NormalizedPath: Equatable, Sendable {
    /// The input is normal already.
    case asIs
    /// The normal form is in `PathNormalizer.normalized`.
    case rewritten
    /// The request is malformed: 400.
    case rejected(PathRejection)
}

/// Why a path is refused.
public enum PathRejection: String, Sendable {
    /// A `%` without two hexadecimal digits behind it.
    case malformedEscape = "malformed escape in the path"
    case encodedNUL = "encoded NUL in the path"
    /// Strict mode only.
    case encodedSlash = "encoded slash in the path"
    /// Strict mode only.
    case encodedBackslash = "encoded backslash in the path"
    /// Strict mode only: a `.` or `..` segment of which a dot was encoded.
    case encodedDotSegment = "encoded dot segment in the path"
    /// More `..` than there are segments before them.
    case aboveRoot = "path leads above the root"
    /// The path does not begin with a slash.
    case relative = "path does not begin with a slash"
}

/// Turns a request's path into the form that routes are matched on: percent-decoded once, slashes merged, dot segments
/// resolved (RFC 3986 section 5.2.4, and as nginx does it). Only the match uses it; the original is forwarded.
///
/// One per worker: the storage is reused and never larger than the longest path seen.
public struct PathNormalizer {
    private var output: [UInt8] = []
    /// Where in `output` the segment being written begins, after its slash.
    private var segment = 1
    /// A dot of that segment was encoded.
    private var hasEncodedDot = false

    public init() {
        output.reserveCapacity(256)
    }

    /// The result after `.rewritten`.
    public var normalized: Span<UInt8> {
        @_lifetime(borrow self)
        get { output.span }
    }

    /// Normalises `path`, which is without the query. An empty path is `/`. With `strict`, spellings that only decoding
    /// turns into structure are refused, so that no rule can be bypassed by one; without, they count as decoded, as in
    /// nginx. An encoded NUL and a malformed escape are refused either way. A raw backslash stays as it is.
    public mutating func normalize(_ path: Span<UInt8>, strict: Bool) -> NormalizedPath {
        guard path.count > 0 else {
            output.removeAll(keepingCapacity: true)
            output.append(ASCII.slash)
            return .rewritten
        }
        guard path[0] == ASCII.slash else { return .rejected(.relative) }
        return Self.isNormal(path) ? .asIs : rewrite(path, strict: strict)
    }

    /// Whether rewriting `path` would change nothing, or at least has to look closer.
    private static func isNormal(_ path: Span<UInt8>) -> Bool {
        var afterSlash = false
        var i = 0
        while i < path.count {
            let byte = path[i]
            if byte == ASCII.slash {
                if afterSlash { return false }
                afterSlash = true
            } else {
                if byte == UInt8(ascii: "%") { return false }
                if byte == ASCII.dot, afterSlash, mayBeDotSegment(path, at: i) { return false }
                afterSlash = false
            }
            i &+= 1
        }
        return true
    }

    /// Whether the segment that begins with the dot at `start` is, or begins like, a dot segment.
    private static func mayBeDotSegment(_ path: Span<UInt8>, at start: Int) -> Bool {
        guard start &+ 1 < path.count else { return true }
        let next = path[start &+ 1]
        return next == ASCII.slash || next == ASCII.dot || next == UInt8(ascii: "%")
    }

    private mutating func rewrite(_ path: Span<UInt8>, strict: Bool) -> NormalizedPath {
        output.removeAll(keepingCapacity: true)
        output.append(ASCII.slash)
        segment = 1
        hasEncodedDot = false
        var i = 1
        while i < path.count {
            var byte = path[i]
            let encoded = byte == UInt8(ascii: "%")
            i &+= 1
            if encoded {
                guard i &+ 1 < path.count, let high = ASCII.hexValue(path[i]), let low = ASCII.hexValue(path[i &+ 1])
                else { return .rejected(.malformedEscape) }
                byte = high << 4 | low
                i &+= 2
                if let rejection = Self.refusal(of: byte, strict: strict) { return .rejected(rejection) }
            }
            if byte == ASCII.slash {
                if let rejection = closeSegment(slash: true, strict: strict) { return .rejected(rejection) }
            } else {
                output.append(byte)
                if encoded, byte == ASCII.dot { hasEncodedDot = true }
            }
        }
        if let rejection = closeSegment(slash: false, strict: strict) { return .rejected(rejection) }
        return .rewritten
    }

    /// Whether a byte may not be spelt encoded.
    private static func refusal(of byte: UInt8, strict: Bool) -> PathRejection? {
        switch byte {
        case 0: .encodedNUL
        case ASCII.slash: strict ? .encodedSlash : nil
        case UInt8(ascii: "\\"): strict ? .encodedBackslash : nil
        default: nil
        }
    }

    /// Ends the segment at the end of `output`: drops it if it is empty or a dot segment, together with its parent if it
    /// is `..`; otherwise keeps it, with a slash behind it if there was one.
    private mutating func closeSegment(slash: Bool, strict: Bool) -> PathRejection? {
        let count = output.count &- segment
        let isDots = count > 0 && count <= 2 && output[segment] == ASCII.dot && output[output.count &- 1] == ASCII.dot
        if isDots {
            if strict, hasEncodedDot { return .encodedDotSegment }
            output.removeLast(count)
            if count == 2 {
                guard output.count > 1 else { return .aboveRoot }
                // Each byte is removed at most once, so the whole stays linear. The root's slash stops the loop.
                repeat { output.removeLast() } while output[output.count &- 1] != ASCII.slash
            }
        } else if count > 0, slash {
            output.append(ASCII.slash)
        }
        segment = output.count
        hasEncodedDot = false
        return nil
    }
}
