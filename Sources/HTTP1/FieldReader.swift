/// What both parsers do with field lines: validate them, collect them, and note those that govern the message itself.
struct FieldReader {
    private(set) var framing = Framing()
    /// The last Host field's value, and how many there were.
    private(set) var host = Slice.empty
    private(set) var hostCount = 0
    /// An Expect field says `100-continue`.
    private(set) var expectsContinue = false
    private var upgrade = Slice.empty
    private var upgradeCount = 0
    private var hasConnection = false
    /// Offset of the first field line; the size limit counts from here.
    private var fieldsStart = 0

    init(startingAt offset: Int = 0) {
        fieldsStart = offset
    }

    enum Step {
        case incomplete
        /// The blank line was read; the head has `length` bytes.
        case complete(length: Int)
        case failed(ParseError)
    }

    /// Reads as many field lines as there are into `fields`.
    mutating func read(
        _ input: Span<UInt8>, lines: inout LineScanner, limits: HeadLimits, minorVersion: UInt8,
        role: Role, into fields: inout [HeaderField]
    ) -> Step {
        let bound = fieldsStart &+ limits.fieldBytes
        while true {
            let start = lines.lineStart
            if fields.count == limits.fieldCount, start < input.count, input[start] != .carriageReturn {
                return .failed(ParseError(.tooManyFields, at: start))
            }
            let end: Int
            switch lines.next(in: input, bound: bound) {
            case .incomplete: return .incomplete
            case .tooLong: return .failed(ParseError(.fieldsTooLong, at: start))
            case .failed(let error): return .failed(error)
            case .line(let offset): end = offset
            }
            lines.advance(past: end)
            if end == start { return .complete(length: lines.lineStart) }
            guard lines.lineStart <= bound else { return .failed(ParseError(.fieldsTooLong, at: start)) }

            switch FieldReader.field(in: input, from: start, to: end) {
            case .failure(let error): return .failed(error)
            case .success(let field):
                fields.append(field)
                if field.known != .other, let reason = note(field, in: input, minorVersion: minorVersion, role: role) {
                    return .failed(ParseError(reason, at: start))
                }
            }
        }
    }

    enum Role {
        case request, response
    }

    /// One field line (RFC 9112 5): a token, a colon at once, and a value whose bytes the scanner has checked.
    private static func field(in input: Span<UInt8>, from start: Int, to end: Int) -> Result<HeaderField, ParseError> {
        let line = input.extracting(start ..< end)
        var index = 0
        var isUnusual = false
        while index < line.count {
            let byte = line[index]
            if byte.isAlphanumeric || byte == UInt8(ascii: "-") {
                index &+= 1
            } else if byte == UInt8(ascii: ":") {
                break
            } else if byte.isToken {
                isUnusual = true
                index &+= 1
            } else if byte.isBlank {
                // Before the name it would continue the line above (obs-fold), which a proxy must not guess about.
                return .failure(ParseError(index == 0 ? .foldedLine : .whitespaceInName, at: start &+ index))
            } else {
                return .failure(ParseError(.invalidName, at: start &+ index))
            }
        }
        guard index < line.count else { return .failure(ParseError(.missingColon, at: start)) }
        guard index > 0 else { return .failure(ParseError(.emptyName, at: start)) }
        let value = line.trimmedOWS(index &+ 1 ..< line.count)
        return .success(HeaderField(
            name: Slice(start: start, count: index),
            value: Slice(start: start &+ value.start, count: value.count),
            known: isUnusual ? .other : KnownHeader(name: line.extracting(0 ..< index)),
            isNominated: false, isUnusual: isUnusual))
    }

    private mutating func note(
        _ field: HeaderField, in input: Span<UInt8>, minorVersion: UInt8, role: Role
    ) -> ParseError.Reason? {
        switch field.known {
        case .contentLength:
            return framing.addContentLength(input[field.value])
        case .transferEncoding:
            return framing.addTransferEncoding(input[field.value], minorVersion: minorVersion)
        case .connection:
            hasConnection = true
        case .upgrade:
            upgrade = field.value
            upgradeCount &+= 1
        case .host:
            guard role == .request else { return nil }
            guard hostCount == 0 else { return .duplicateHost }
            hostCount = 1
            host = field.value
        case .expect:
            // Has no meaning in HTTP/1.0 and in responses (RFC 9110 10.1.1).
            guard role == .request, minorVersion > 0 else { return nil }
            guard input[field.value].equalsIgnoringCase("100-continue") else { return .unknownExpectation }
            expectsContinue = true
        default: break
        }
        return nil
    }

    /// Evaluates the Connection fields of a complete head and marks the fields they nominate.
    func connection(
        of fields: inout [HeaderField], in input: Span<UInt8>, minorVersion: UInt8, limits: HeadLimits
    ) -> Result<Connection, ParseError> {
        var connection = Connection(isPersistent: minorVersion > 0)
        guard hasConnection else { return .success(connection) }
        var options = ConnectionOptions(limit: limits.fieldCount)
        if let error = options.read(&fields, in: input) { return .failure(error) }
        connection.isPersistent = !options.close && (minorVersion > 0 || options.keepAlive)
        // Two Upgrade lines are a list this proxy never forwards; ignoring Upgrade is always allowed (RFC 9110 7.8).
        if options.upgrade, minorVersion > 0, upgradeCount == 1 { connection.upgrade = upgrade }
        return .success(connection)
    }

    /// What becomes of the connection after this message, as far as its sender says.
    struct Connection {
        var isPersistent: Bool
        /// The Upgrade field's value if the Connection field names it.
        var upgrade = Slice.empty
    }
}
