/// Reads response heads (RFC 9112 2, 4, 5) from an upstream; as strict as `RequestParser`, and every fault is a 502.
public struct ResponseParser: ~Copyable {
    /// Effective from the next line on; `requestLine` limits the status line.
    public var limits: HeadLimits
    /// Complete once `parse` has said so; until then partly filled.
    public let head = ResponseHead()

    private var phase = Phase.statusLine
    private var lines = LineScanner()
    private var reader = FieldReader(.response)
    private var failure: ParseError?

    private enum Phase: UInt8 {
        case statusLine, fields, complete
    }

    public init(limits: HeadLimits = HeadLimits()) {
        self.limits = limits
    }

    /// Some byte of a response was seen.
    public var hasStarted: Bool { phase != .statusLine || failure != nil || lines.scanned > 0 }

    /// Forgets the response and expects the next one, at the start of the next input; also between interim responses.
    public mutating func reset() {
        head.reset()
        phase = .statusLine
        lines = LineScanner()
        failure = nil
    }

    /// Reads on.
    ///
    /// - Parameters:
    ///   - input: All bytes from the first of this response on; those of earlier calls unchanged, and more.
    ///   - method: The request's method, which decides whether there is a body.
    /// - Returns: The same again after `complete` and `failed`, until `reset`.
    public mutating func parse(_ input: Span<UInt8>, answering method: Method) -> ParseProgress {
        if let failure { return .failed(failure) }
        do throws(ParseError) {
            if phase == .statusLine {
                guard try readStatusLine(input) else { return .incomplete }
            }
            if phase == .fields {
                // By a name of its own: ThreadSanitizer's marks in `&self.head.fields` break Swift 6.3.
                let head = head
                let length = try reader.read(input, lines: &lines, limits: limits, into: &head.fields)
                guard let length else { return .incomplete }
                try finish(input, length: length, answering: method)
                phase = .complete
            }
            return .complete(length: head.length)
        } catch {
            failure = error.ofUpstream
            return .failed(error.ofUpstream)
        }
    }

    /// False if the line has not ended.
    private mutating func readStatusLine(_ input: Span<UInt8>) throws(ParseError) -> Bool {
        // Something else than HTTP/1 may never send a line end: tell from its first bytes.
        let difference = ByteWord(short: input).first(min(input.count, 7)).firstDifference(from: "HTTP/1.")
        if let difference, difference < input.count { throw ParseError(.invalidStatusLine, at: difference) }
        let end = try lines.lineEnd(in: input, bound: limits.requestLine, overrun: .requestLineTooLong)
        guard let end else { return false }
        lines.advance(past: end)
        guard head.readStatusLine(in: input, to: end) else { throw ParseError(.invalidStatusLine, at: 0) }
        head.reuseFields()
        reader = FieldReader(.response, startingAt: lines.lineStart, minorVersion: head.minorVersion)
        phase = .fields
        return true
    }

    /// What only the complete head can tell.
    private mutating func finish(_ input: Span<UInt8>, length: Int, answering method: Method) throws(ParseError) {
        if reader.framing.hasUnknownCoding { throw ParseError(.unknownTransferCoding, at: 0) }
        let head = head  // As in `parse`.
        let connection = try reader.connection(of: &head.fields, in: input, limits: limits)
        head.isPersistent = connection.isPersistent
        head.upgrade = connection.upgrade
        head.framing = reader.framing.ofResponse(status: head.status, answering: method)
        // The next response on the connection could not be told from this one's stray body.
        if head.framing == .untilClose || reader.framing.contradicts(status: head.status) { head.isPersistent = false }
        head.length = length
    }
}

extension ResponseHead {
    /// `HTTP-version SP status-code SP [reason-phrase]` (RFC 9112 4); the second space may be missing with the reason, as
    /// many origins write it.
    fileprivate func readStatusLine(in input: Span<UInt8>, to end: Int) -> Bool {
        let line = input.extracting(0 ..< end)
        let codeEnd = HTTPVersion.length &+ 4
        guard line.count >= codeEnd, line[HTTPVersion.length] == .space,
              case .one(let minor) = HTTPVersion(line.extracting(first: HTTPVersion.length)) else { return false }
        let (hundreds, tens, units) = (line[codeEnd &- 3], line[codeEnd &- 2], line[codeEnd &- 1])
        guard hundreds.isDigit, tens.isDigit, units.isDigit, hundreds != UInt8(ascii: "0") else { return false }
        minorVersion = minor
        status = UInt16(hundreds &- 0x30) &* 100 &+ UInt16(tens &- 0x30) &* 10 &+ UInt16(units &- 0x30)
        guard line.count > codeEnd else { return true }
        guard line[codeEnd] == .space else { return false }
        reason = Slice(codeEnd &+ 1 ..< end)
        return true
    }
}
