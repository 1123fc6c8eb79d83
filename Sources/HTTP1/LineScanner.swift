/// Finds the lines of a head, remembering how far it looked, so that a slow sender never makes it look twice.
///
/// Along the way it refuses what no line of a head may contain: bare CR, bare LF (RFC 9112 2.2), NUL and the other
/// control characters but HTAB (RFC 9110 5.5). Bytes from 0x80 pass here.
struct LineScanner {
    enum Step {
        /// The line has no end yet.
        case incomplete
        /// The line is `lineStart ..< end`, its CRLF follows.
        case line(end: Int)
        /// More bytes without a line end than allowed.
        case tooLong
        case failed(ParseError)
    }

    /// Offset of the line being read.
    private(set) var lineStart = 0
    /// Everything before this offset is known to be text.
    private(set) var scanned = 0

    /// Looks for the end of the current line, which must not lie beyond offset `bound`.
    mutating func next(in input: Span<UInt8>, bound: Int) -> Step {
        var index = scanned
        let limit = min(input.count, bound &+ 1)
        while index < limit {
            if limit &- index >= 8 {
                guard let offset = ByteWord(input, at: index).firstControl else {
                    index &+= 8
                    continue
                }
                index &+= offset
            }
            let byte = input[index]
            if byte.isFieldText {
                index &+= 1
                continue
            }
            scanned = index
            guard byte == .carriageReturn else {
                return .failed(ParseError(byte == .lineFeed ? .bareLineFeed : .controlCharacter, at: index))
            }
            guard index &+ 1 < input.count else { return .incomplete }
            return input[index &+ 1] == .lineFeed ? .line(end: index) : .failed(ParseError(.bareCarriageReturn, at: index))
        }
        scanned = index
        return index > bound ? .tooLong : .incomplete
    }

    /// Goes to the line after the one that ends at `end`.
    mutating func advance(past end: Int) {
        lineStart = end &+ 2
        scanned = lineStart
    }
}
