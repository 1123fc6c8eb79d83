/// Reads request heads (RFC 9112 2 to 3, 5). A line that came too early is begun a second time, then read on from where it
/// ended, in however many pieces the rest comes.
///
/// Strict: what the RFC calls invalid is refused, and so is what it leaves to the recipient if recipients are known to
/// disagree about it (bare LF, folded lines, repeated lengths).
public struct RequestParser: ~Copyable {
    /// Effective from the next line on.
    public var limits: HeadLimits
    /// Complete once `parse` has said so; until then partly filled.
    public let head = RequestHead()

    private var phase = Phase.requestLine
    private var lines = LineScanner()
    private var reader = FieldReader(.request)
    private var failure: ParseError?

    private enum Phase: UInt8 {
        case requestLine, fields, complete
    }

    public init(limits: HeadLimits = HeadLimits()) {
        self.limits = limits
    }

    /// Some byte of a request line was seen: the connection is no longer between two requests.
    public var hasStarted: Bool { phase != .requestLine || failure != nil || lines.scanned > lines.lineStart }

    /// Forgets the request and expects the next one, at the start of the next input.
    public mutating func reset() {
        head.reset()
        phase = .requestLine
        lines = LineScanner()
        failure = nil
    }

    /// Reads on.
    ///
    /// - Parameter input: All bytes from the first of this request on; those of earlier calls unchanged, and more.
    /// - Returns: The same again after `complete` and `failed`, until `reset`.
    public mutating func parse(_ input: Span<UInt8>) -> ParseProgress {
        if let failure { return .failed(failure) }
        do throws(ParseError) {
            while phase == .requestLine {
                guard try readRequestLine(input) else { return .incomplete }
            }
            if phase == .fields {
                // By a name of its own: ThreadSanitizer's marks in `&self.head.fields` break Swift 6.3.
                let head = head
                let length = try reader.read(input, lines: &lines, limits: limits, into: &head.fields)
                guard let length else { return .incomplete }
                try finish(input, length: length)
                phase = .complete
            }
            return .complete(length: head.length)
        } catch {
            failure = error
            return .failed(error)
        }
    }

    /// False if the line has not ended.
    private mutating func readRequestLine(_ input: Span<UInt8>) throws(ParseError) -> Bool {
        let start = lines.lineStart
        let bound = start &+ limits.requestLine
        if lines.scanned == start, let end = head.readPlainRequestLine(in: input, from: start, bound: bound) {
            lines.advance(past: end)
        } else {
            guard let end = try lines.lineEnd(in: input, bound: bound, overrun: .requestLineTooLong) else { return false }
            lines.advance(past: end)
            if end == start {
                // One blank line before a request is forgiven, as RFC 9112 2.2 asks: old clients end a body with one.
                guard start == 0 else { throw ParseError(.blankLines, at: start) }
                return true
            }
            try head.readRequestLine(in: input, from: start, to: end)
        }
        head.reuseFields()
        reader = FieldReader(.request, startingAt: lines.lineStart, minorVersion: head.minorVersion)
        phase = .fields
        return true
    }

    /// What only the complete head can tell.
    private mutating func finish(_ input: Span<UInt8>, length: Int) throws(ParseError) {
        if reader.framing.hasUnknownCoding { throw ParseError(.unknownTransferCoding, at: 0) }
        if let value = reader.host {
            guard let host = Authority(value, in: input) else { throw ParseError(.invalidHost, at: value.start) }
            if head.authority.isEmpty {
                head.authority = value
                head.hostName = host.host
            }
        } else if head.minorVersion > 0 {
            throw ParseError(.missingHost, at: length)
        }
        let head = head  // As in `parse`.
        let connection = try reader.connection(of: &head.fields, in: input, limits: limits)
        head.isPersistent = connection.isPersistent
        head.upgrade = connection.upgrade
        head.framing = reader.framing.ofRequest
        head.expectsContinue = reader.expectsContinue
        head.length = length
    }
}

extension RequestHead {
    /// Takes apart the line at `start` if all of it is there and it is as nearly all are: a common method, a target in origin
    /// form, HTTP/1.1.
    ///
    /// - Returns: The line's end, at most `bound`; nil for every other line, which `readRequestLine` is to judge.
    fileprivate func readPlainRequestLine(in input: Span<UInt8>, from start: Int, bound: Int) -> Int? {
        guard input.count &- start >= 8 else { return nil }
        let word = ByteWord(input, at: start)
        guard let methodLength = word.first(of: .space) else { return nil }
        let method = Method(word: word.first(methodLength &+ 1))
        let targetStart = start &+ methodLength &+ 1
        guard method != .other, method != .connect, targetStart < input.count, input[targetStart] == UInt8(ascii: "/")
        else { return nil }

        let question = input.endOfTargetText(from: targetStart, to: input.count)
        var targetEnd = question
        while targetEnd < input.count, input[targetEnd] == UInt8(ascii: "?") {
            targetEnd = input.endOfTargetText(from: targetEnd &+ 1, to: input.count)
        }
        let end = targetEnd &+ 1 &+ HTTPVersion.length
        guard end &+ 1 < input.count, end <= bound, input[targetEnd] == .space,
              ByteWord(input, at: targetEnd &+ 1) == "HTTP/1.1",
              input[end] == .carriageReturn, input[end &+ 1] == .lineFeed else { return nil }

        self.method = method
        methodName = Slice(start ..< start &+ methodLength)
        target = Slice(targetStart ..< targetEnd)
        path = Slice(targetStart ..< question)
        if question < targetEnd {
            hasQuery = true
            query = Slice(question &+ 1 ..< targetEnd)
        }
        return end
    }

    /// `method SP request-target SP HTTP-version`, with single spaces (RFC 9112 3).
    fileprivate func readRequestLine(in input: Span<UInt8>, from start: Int, to end: Int) throws(ParseError) {
        let methodEnd = input.firstOffset(of: .space, from: start)
        guard start < methodEnd, methodEnd < end else {
            throw ParseError(.malformedRequestLine, at: start)
        }
        methodName = Slice(start ..< methodEnd)
        method = Method(token: input[methodName])
        if method == .other, !input[methodName].isToken { throw ParseError(.invalidMethod, at: start) }

        let (found, question) = try RequestTarget.extent(in: input, from: methodEnd &+ 1, to: end)
        // Without a version it would be HTTP/0.9.
        guard !found.isEmpty, found.end < end else { throw ParseError(.malformedRequestLine, at: start) }
        target = found
        switch HTTPVersion(input.extracting(found.end &+ 1 ..< end)) {
        case .one(let minor): minorVersion = minor
        case .unsupported: throw ParseError(.unsupportedVersion, at: found.end &+ 1)
        case .malformed: throw ParseError(.invalidVersion, at: found.end &+ 1)
        }

        guard let parts = RequestTarget(found, question: question, method: method, in: input) else {
            throw ParseError(.invalidTarget, at: found.start)
        }
        form = parts.form
        path = parts.path
        query = parts.query
        hasQuery = parts.hasQuery
        authority = parts.authority
        hostName = parts.hostName
    }
}
