/// Turns a request's path into the form that routes are matched on: percent-decoded once, slashes merged, dot segments
/// resolved (RFC 3986 section 5.2.4, and as nginx does it). Only the match uses it; the original is forwarded.
///
/// One per worker: the storage is reused and never larger than the longest path seen.
public struct PathNormalizer {
    /// The first `count` bytes are the last result.
    private var storage: [UInt8]
    private var count = 0

    public init() {
        storage = Array(repeating: 0, count: 256)
    }

    /// The result after `.rewritten`.
    public var normalized: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(first: count) }
    }

    /// Normalises `path`, which is without the query. An empty path is `/`. With `strict`, spellings that only decoding
    /// turns into structure are refused, so that no rule can be bypassed by one; without, they count as decoded, as in
    /// nginx. An encoded NUL and a malformed escape are refused either way. A backslash, which some origins take for a slash, is
    /// refused with `strict` and else stays as it is.
    public mutating func normalize(_ path: Span<UInt8>, strict: Bool) -> NormalizedPath {
        guard path.count > 0 else {
            storage[0] = ASCII.slash
            count = 1
            return .rewritten
        }
        guard path[0] == ASCII.slash else { return .rejected(.relative) }
        if Self.isNormal(path) { return .asIs }
        // The normal form is never longer than the path.
        if storage.count < path.count { storage = Array(repeating: 0, count: path.count) }
        var writer = SegmentWriter()
        var output = storage.mutableSpan
        let rejection = Self.rewrite(path, strict: strict, into: &output, &writer)
        count = writer.count
        return rejection.map { .rejected($0) } ?? .rewritten
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
                if byte == UInt8(ascii: "%") || byte == UInt8(ascii: "\\") { return false }
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

    private static func rewrite(
        _ path: Span<UInt8>, strict: Bool, into output: inout MutableSpan<UInt8>, _ writer: inout SegmentWriter
    ) -> PathRejection? {
        output[0] = ASCII.slash
        var i = 1
        while i < path.count {
            var byte = path[i]
            let encoded = byte == UInt8(ascii: "%")
            i &+= 1
            if encoded {
                guard i &+ 1 < path.count, let high = ASCII.hexValue(path[i]), let low = ASCII.hexValue(path[i &+ 1])
                else { return .malformedEscape }
                byte = high << 4 | low
                i &+= 2
                if let rejection = refusal(of: byte, strict: strict) { return rejection }
            } else if byte == UInt8(ascii: "\\"), strict {
                return .backslash
            }
            if byte == ASCII.slash {
                if let rejection = writer.closeSegment(in: &output, slash: true, strict: strict) { return rejection }
            } else {
                writer.append(byte, encoded: encoded, to: &output)
            }
        }
        return writer.closeSegment(in: &output, slash: false, strict: strict)
    }

    /// Whether a byte may not be spelt encoded.
    private static func refusal(of byte: UInt8, strict: Bool) -> PathRejection? {
        switch byte {
        case 0: .encodedNUL
        case ASCII.slash: strict ? .encodedSlash : nil
        case UInt8(ascii: "\\"): strict ? .backslash : nil
        default: nil
        }
    }
}

/// Where the normal form has got to; its bytes are in the normaliser's storage.
private struct SegmentWriter {
    /// Bytes written, the root's slash included.
    private(set) var count = 1
    /// Where the segment being written begins, after its slash.
    private var segment = 1
    /// A dot of that segment was encoded.
    private var hasEncodedDot = false

    @inline(always)
    mutating func append(_ byte: UInt8, encoded: Bool, to output: inout MutableSpan<UInt8>) {
        output[count] = byte
        count &+= 1
        if encoded, byte == ASCII.dot { hasEncodedDot = true }
    }

    /// Ends the segment: drops it if it is empty or a dot segment, together with its parent if it is `..`; otherwise keeps
    /// it, with a slash behind it if there was one.
    mutating func closeSegment(in output: inout MutableSpan<UInt8>, slash: Bool, strict: Bool) -> PathRejection? {
        let length = count &- segment
        let isDots = (length == 1 || length == 2) && output[segment] == ASCII.dot && output[count &- 1] == ASCII.dot
        if isDots {
            if strict, hasEncodedDot { return .encodedDotSegment }
            count = segment
            if length == 2 {
                guard count > 1 else { return .aboveRoot }
                // Each byte is dropped at most once, so the whole stays linear. The root's slash stops the loop.
                repeat { count &-= 1 } while output[count &- 1] != ASCII.slash
            }
        } else if length > 0, slash {
            output[count] = ASCII.slash
            count &+= 1
        }
        segment = count
        hasEncodedDot = false
        return nil
    }
}
