/// Finds the lines of a head, remembering how far it looked, so that a slow sender never makes it look twice.
///
/// Along the way it refuses what no line of a head may contain: bare CR, bare LF (RFC 9112 2.2), NUL and the other
/// control characters but HTAB (RFC 9110 5.5). Bytes from 0x80 pass here.
struct LineScanner: Sendable {
    /// Offset of the line being read.
    private(set) var lineStart = 0
    /// Everything before this offset is known to be text.
    private(set) var scanned = 0

    /// Looks for the end of the current line.
    ///
    /// - Parameters:
    ///   - bound: The last offset the line may end at.
    ///   - overrun: The fault to report when it does not.
    /// - Returns: The offset of the line's CRLF; nil if it has not arrived.
    mutating func lineEnd(in input: Span<UInt8>, bound: Int, overrun: ParseError.Reason) throws(ParseError) -> Int? {
        if scanned &+ 1 < input.count, scanned <= bound, input[scanned] == .carriageReturn, input[scanned &+ 1] == .lineFeed {
            return scanned
        }
        let limit = min(input.count, bound &+ 1)
        var index = input.firstControl(from: scanned)
        while index < limit {
            let byte = input[index]
            if byte == .tab {
                index = input.firstControl(from: index &+ 1)
                continue
            }
            scanned = index
            guard byte == .carriageReturn else {
                throw ParseError(byte == .lineFeed ? .bareLineFeed : .controlCharacter, at: index)
            }
            guard index &+ 1 < input.count else { return nil }
            guard input[index &+ 1] == .lineFeed else { throw ParseError(.bareCarriageReturn, at: index) }
            return index
        }
        scanned = max(scanned, limit)
        if scanned > bound { throw ParseError(overrun, at: lineStart) }
        return nil
    }

    /// Goes to the line after the one that ends at `end`.
    mutating func advance(past end: Int) {
        lineStart = end &+ 2
        scanned = lineStart
    }
}
