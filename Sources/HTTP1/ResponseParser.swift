/// Reads response heads (RFC 9112 2, 4, 5) from an upstream; as strict as `RequestParser`, and every fault is a 502.
public struct ResponseParser: Sendable {
    /// Effective from the next line on; `requestLine` limits the status line.
    public var limits: HeadLimits
    /// Complete once `parse` has said so; until then partly filled.
    public internal(set) var head = ResponseHead()

    private var phase = Phase.statusLine
    private var lines = LineScanner()
    private var reader = FieldReader()
    private var failure: ParseError?

    private enum Phase: UInt8 {
        case statusLine, fields, complete, failed
    }

    public init(limits: HeadLimits = HeadLimits()) {
        self.limits = limits
    }

    /// Some byte of a response was seen.
    public var hasStarted: Bool { phase != .statusLine || lines.scanned > 0 }

    /// Forgets the response and expects the next one, at the start of the next input; also between interim responses.
    public mutating func reset() {
        head.reset()
        phase = .statusLine
        lines = LineScanner()
        reader = FieldReader()
        failure = nil
    }

    /// Reads on.
    ///
    /// - Parameters:
    ///   - input: All bytes from the first of this response on; those of earlier calls unchanged, and more.
    ///   - method: The request's method, which decides whether there is a body.
    /// - Returns: The same again after `complete` and `failed`, until `reset`.
    public mutating func parse(_ input: Span<UInt8>, answering method: Method) -> ParseProgress {
        while true {
            switch phase {
            case .statusLine:
                if let progress = readStatusLine(input) { return progress }
            case .fields:
                let step = reader.read(
                    input, lines: &lines, limits: limits, minorVersion: head.minorVersion, role: .response,
                    into: &head.fields)
                switch step {
                case .incomplete: return .incomplete
                case .failed(let error): return fail(error)
                case .complete(let length):
                    if let error = finish(input, length: length, answering: method) { return fail(error) }
                    phase = .complete
                }
            case .complete:
                return .complete(length: head.length)
            case .failed:
                return failure.map { .failed($0) } ?? .incomplete
            }
        }
    }

    private mutating func fail(_ error: ParseError) -> ParseProgress {
        failure = error.ofUpstream
        phase = .failed
        return .failed(error.ofUpstream)
    }

    /// Nil once the line is read.
    private mutating func readStatusLine(_ input: Span<UInt8>) -> ParseProgress? {
        // Something else than HTTP/1 may never send a line end: tell from its first bytes.
        let prefix: StaticString = "HTTP/1."
        var index = 0
        while index < min(input.count, prefix.utf8CodeUnitCount) {
            // A literal's bytes live forever and index < utf8CodeUnitCount.
            if unsafe input[index] != prefix.utf8Start[index] { return fail(ParseError(.invalidStatusLine, at: index)) }
            index &+= 1
        }
        switch lines.next(in: input, bound: limits.requestLine) {
        case .incomplete:
            return .incomplete
        case .tooLong:
            return fail(ParseError(.requestLineTooLong, at: 0))
        case .failed(let error):
            return fail(error)
        case .line(let end):
            lines.advance(past: end)
            guard head.readStatusLine(in: input, to: end) else { return fail(ParseError(.invalidStatusLine, at: 0)) }
            reader = FieldReader(startingAt: lines.lineStart)
            phase = .fields
            return nil
        }
    }

    /// What only the complete head can tell.
    private mutating func finish(_ input: Span<UInt8>, length: Int, answering method: Method) -> ParseError? {
        if reader.framing.hasUnknownCoding { return ParseError(.unknownTransferCoding, at: 0) }
        let result = reader.connection(
            of: &head.fields, in: input, minorVersion: head.minorVersion, limits: limits)
        switch result {
        case .failure(let error):
            return error
        case .success(let connection):
            head.isPersistent = connection.isPersistent
            head.upgrade = connection.upgrade
        }
        head.framing = reader.framing.ofResponse(status: head.status, answering: method)
        // The next response on the connection could not be told from this one's stray body.
        if head.framing == .untilClose || reader.framing.contradicts(status: head.status) { head.isPersistent = false }
        head.length = length
        return nil
    }
}

extension ResponseHead {
    /// `HTTP-version SP status-code SP [reason-phrase]` (RFC 9112 4); the second space may be missing with the reason, as
    /// many origins write it.
    fileprivate mutating func readStatusLine(in input: Span<UInt8>, to end: Int) -> Bool {
        let line = input.extracting(0 ..< end)
        let codeStart = HTTPVersion.length &+ 1
        let codeEnd = codeStart &+ 3
        guard line.count >= codeEnd, line[HTTPVersion.length] == .space,
              case .one(let minor) = HTTPVersion(line.extracting(0 ..< HTTPVersion.length)),
              let code = line.extracting(codeStart ..< codeEnd).decimalValue, code >= 100
        else { return false }
        minorVersion = minor
        status = UInt16(code)
        guard line.count > codeEnd else { return true }
        guard line[codeEnd] == .space else { return false }
        reason = Slice(codeEnd &+ 1 ..< end)
        return true
    }
}
