/// Reads request heads (RFC 9112 2 to 3, 5) without ever looking at a byte twice for having come too early.
///
/// Strict: what the RFC calls invalid is refused, and so is what it leaves to the recipient if recipients are known to
/// disagree about it (bare LF, folded lines, repeated lengths).
public struct RequestParser: Sendable {
    /// Effective from the next line on.
    public var limits: HeadLimits
    /// Complete once `parse` has said so; until then partly filled.
    public internal(set) var head = RequestHead()

    private var phase = Phase.requestLine
    private var lines = LineScanner()
    private var reader = FieldReader()
    private var failure: ParseError?

    private enum Phase: UInt8 {
        case requestLine, fields, complete, failed
    }

    public init(limits: HeadLimits = HeadLimits()) {
        self.limits = limits
    }

    /// Some byte of a request line was seen: the connection is no longer between two requests.
    public var hasStarted: Bool { phase != .requestLine || lines.scanned > lines.lineStart }

    /// Forgets the request and expects the next one, at the start of the next input.
    public mutating func reset() {
        head.reset()
        phase = .requestLine
        lines = LineScanner()
        reader = FieldReader()
        failure = nil
    }

    /// Reads on.
    ///
    /// - Parameter input: All bytes from the first of this request on; those of earlier calls unchanged, and more.
    /// - Returns: The same again after `complete` and `failed`, until `reset`.
    public mutating func parse(_ input: Span<UInt8>) -> ParseProgress {
        while true {
            switch phase {
            case .requestLine:
                if let progress = readRequestLine(input) { return progress }
            case .fields:
                let step = reader.read(
                    input, lines: &lines, limits: limits, minorVersion: head.minorVersion, role: .request,
                    into: &head.fields)
                switch step {
                case .incomplete: return .incomplete
                case .failed(let error): return fail(error)
                case .complete(let length):
                    if let error = finish(input, length: length) { return fail(error) }
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
        failure = error
        phase = .failed
        return .failed(error)
    }

    /// Nil once the line is read.
    private mutating func readRequestLine(_ input: Span<UInt8>) -> ParseProgress? {
        let start = lines.lineStart
        switch lines.next(in: input, bound: start &+ limits.requestLine) {
        case .incomplete:
            return .incomplete
        case .tooLong:
            return fail(ParseError(.requestLineTooLong, at: start))
        case .failed(let error):
            return fail(error)
        case .line(let end):
            lines.advance(past: end)
            if end == start {
                // One blank line before a request is forgiven, as RFC 9112 2.2 asks: old clients end a body with one.
                return start == 0 ? nil : fail(ParseError(.blankLines, at: start))
            }
            if let error = head.readRequestLine(in: input, from: start, to: end) { return fail(error) }
            reader = FieldReader(startingAt: lines.lineStart)
            phase = .fields
            return nil
        }
    }

    /// What only the complete head can tell.
    private mutating func finish(_ input: Span<UInt8>, length: Int) -> ParseError? {
        if reader.framing.hasUnknownCoding { return ParseError(.unknownTransferCoding, at: 0) }
        if reader.hostCount > 0 {
            guard let host = Authority(reader.host, in: input) else { return ParseError(.invalidHost, at: reader.host.start) }
            if head.authority.isEmpty {
                head.authority = reader.host
                head.hostName = host.host
            }
        } else if head.minorVersion > 0 {
            return ParseError(.missingHost, at: length)
        }
        let result = reader.connection(
            of: &head.fields, in: input, minorVersion: head.minorVersion, limits: limits)
        switch result {
        case .failure(let error):
            return error
        case .success(let connection):
            head.isPersistent = connection.isPersistent
            head.upgrade = connection.upgrade
        }
        head.framing = reader.framing.ofRequest
        head.expectsContinue = reader.expectsContinue
        head.length = length
        return nil
    }
}

extension RequestHead {
    /// `method SP request-target SP HTTP-version`, with single spaces (RFC 9112 3).
    fileprivate mutating func readRequestLine(in input: Span<UInt8>, from start: Int, to end: Int) -> ParseError? {
        let line = input.extracting(start ..< end)
        guard let methodEnd = line.firstIndex(of: .space), methodEnd > 0 else {
            return ParseError(.malformedRequestLine, at: start)
        }
        let name = line.extracting(0 ..< methodEnd)
        guard name.isToken else { return ParseError(.invalidMethod, at: start) }
        method = Method(token: name)
        methodName = Slice(start: start, count: methodEnd)

        let targetStart = methodEnd &+ 1
        // Without a version it would be HTTP/0.9.
        guard let targetEnd = line.firstIndex(of: .space, from: targetStart), targetEnd > targetStart else {
            return ParseError(.malformedRequestLine, at: start)
        }
        switch HTTPVersion(line.extracting((targetEnd &+ 1)...)) {
        case .one(let minor): minorVersion = minor
        case .unsupported: return ParseError(.unsupportedVersion, at: start &+ targetEnd &+ 1)
        case .malformed: return ParseError(.invalidVersion, at: start &+ targetEnd &+ 1)
        }

        target = Slice(start: start &+ targetStart, count: targetEnd &- targetStart)
        guard let parts = RequestTarget(target, method: method, in: input) else {
            return ParseError(.invalidTarget, at: target.start)
        }
        form = parts.form
        path = parts.path
        query = parts.query
        hasQuery = parts.hasQuery
        authority = parts.authority
        hostName = parts.hostName
        return nil
    }
}
