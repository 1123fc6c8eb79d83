/// What both parsers do with field lines: validate them, collect them, and note those that govern the message itself.
struct FieldReader: Sendable {
    private(set) var framing = Framing()
    /// The Host field's value, if there is one.
    private(set) var host: Slice?
    /// An Expect field says `100-continue`.
    private(set) var expectsContinue = false
    private var upgrade = Slice.empty
    private var upgradeCount = 0
    private var hasConnection = false
    /// How many fields were read.
    private var count = 0
    /// Offset of the first field line; the size limit counts from here.
    private let fieldsStart: Int
    private let minorVersion: UInt8
    private let role: Role

    enum Role {
        case request, response
    }

    init(_ role: Role, startingAt offset: Int = 0, minorVersion: UInt8 = 1) {
        self.role = role
        fieldsStart = offset
        self.minorVersion = minorVersion
    }

    /// Reads as many field lines as there are into `fields`.
    ///
    /// - Parameter fields: At the first call whatever an earlier head left there, to be written over: an array's elements are
    ///   cheaper to replace than to append. Holds the fields read so far when this returns or throws, and no others.
    /// - Returns: The length of the head once its blank line is read; nil before.
    mutating func read(
        _ input: Span<UInt8>, lines: inout LineScanner, limits: HeadLimits, into fields: inout [HeaderField]
    ) throws(ParseError) -> Int? {
        defer {
            if fields.count > count { fields.removeLast(fields.count &- count) }
        }
        while true {
            var places = fields.mutableSpan
            let reading = try readLines(input, lines: &lines, limits: limits, into: &places)
            switch reading {
            case .ended: return lines.lineStart
            case .incomplete: return nil
            case .full: fields.append(contentsOf: repeatElement(.blank, count: 8))
            }
        }
    }

    private enum Reading {
        case ended, incomplete
        /// There is no place left, but another line.
        case full
    }

    /// As `read`, into the `places` that there are.
    private mutating func readLines(
        _ input: Span<UInt8>, lines: inout LineScanner, limits: HeadLimits, into places: inout MutableSpan<HeaderField>
    ) throws(ParseError) -> Reading {
        let bound = fieldsStart &+ limits.fieldBytes
        while true {
            let start = lines.lineStart
            guard start < input.count else { return .incomplete }
            if input[start] == .carriageReturn {
                guard try lines.lineEnd(in: input, bound: bound, overrun: .fieldsTooLong) != nil else { return .incomplete }
                lines.advance(past: start)
                return .ended
            }
            guard count < limits.fieldCount else { throw ParseError(.tooManyFields, at: start) }
            guard count < places.count else { return .full }
            let field: HeaderField
            if let plain = FieldReader.plainField(in: input, from: start, lines: &lines, bound: bound) {
                field = plain
            } else {
                guard let end = try lines.lineEnd(in: input, bound: bound, overrun: .fieldsTooLong) else { return .incomplete }
                lines.advance(past: end)
                guard lines.lineStart <= bound else { throw ParseError(.fieldsTooLong, at: start) }
                field = try FieldReader.field(in: input, from: start, to: end)
            }
            places[count] = field
            count &+= 1
            if field.known != .other, let reason = note(field, in: input) { throw ParseError(reason, at: start) }
        }
    }

    /// The field line at `start`, if all of it is there and it is as nearly all are: `name: value` with a name of letters,
    /// digits and hyphens and a value without HTAB. Nil for every other line, valid or not, and for one whose beginning was
    /// scanned already.
    ///
    /// Looks at the bytes of the name less closely than `lineEnd` and `field` do one after the other, and takes what it finds
    /// only if they would come to the same.
    @inline(__always)
    private static func plainField(
        in input: Span<UInt8>, from start: Int, lines: inout LineScanner, bound: Int
    ) -> HeaderField? {
        guard lines.scanned == start, input.count &- start >= 8 else { return nil }
        let colon = input.firstOffset(of: UInt8(ascii: ":"), from: start)
        let valueStart = colon &+ 2
        guard start < colon, valueStart < input.count, input[colon &+ 1] == .space, input[valueStart] != .space
        else { return nil }
        let known = KnownHeader(count: colon &- start, of: input.extracting(start...))
        guard known != .other || input.endOfWord(from: start, to: colon) == colon else { return nil }
        let end = input.firstControl(from: valueStart)
        guard end > valueStart, end &+ 1 < input.count, end &+ 2 <= bound,
              input[end] == .carriageReturn, input[end &+ 1] == .lineFeed, input[end &- 1] != .space else { return nil }
        lines.advance(past: end)
        return HeaderField(
            name: Slice(start ..< colon), value: Slice(valueStart ..< end), known: known, isNominated: false, isUnusual: false)
    }

    /// One field line (RFC 9112 5): a token, a colon at once, and a value whose bytes the scanner has checked.
    @inline(never)
    private static func field(in input: Span<UInt8>, from start: Int, to end: Int) throws(ParseError) -> HeaderField {
        var index = input.endOfWord(from: start, to: end)
        var isUnusual = false
        while index < end, input[index] != UInt8(ascii: ":") {
            let byte = input[index]
            guard byte.isToken else {
                guard byte.isBlank else { throw ParseError(.invalidName, at: index) }
                // Before the name it would continue the line above (obs-fold), which a proxy must not guess about.
                throw ParseError(index == start ? .foldedLine : .whitespaceInName, at: index)
            }
            isUnusual = true
            index = input.endOfWord(from: index &+ 1, to: end)
        }
        guard index < end else { throw ParseError(.missingColon, at: start) }
        guard index > start else { throw ParseError(.emptyName, at: start) }
        return HeaderField(
            name: Slice(start ..< index),
            value: input.trimmedOWS(index &+ 1 ..< end),
            known: isUnusual ? .other : KnownHeader(name: input.extracting(start ..< index)),
            isNominated: false, isUnusual: isUnusual)
    }

    /// Takes in a field that governs the message; returns what is wrong with it.
    private mutating func note(_ field: HeaderField, in input: Span<UInt8>) -> ParseError.Reason? {
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
            guard host == nil else { return .duplicateHost }
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

    /// What becomes of the connection after this message, as far as its sender says.
    struct Connection {
        var isPersistent: Bool
        /// The Upgrade field's value if the Connection field names it.
        var upgrade = Slice.empty
    }

    /// Evaluates the Connection fields of a complete head and marks the fields they nominate.
    func connection(
        of fields: inout [HeaderField], in input: Span<UInt8>, limits: HeadLimits
    ) throws(ParseError) -> Connection {
        var connection = Connection(isPersistent: minorVersion > 0)
        guard hasConnection else { return connection }
        var options = ConnectionOptions(limit: min(limits.fieldCount, ConnectionOptions.most))
        try options.read(&fields, in: input)
        connection.isPersistent = !options.close && (minorVersion > 0 || options.keepAlive)
        // Two Upgrade lines are a list this proxy never forwards; ignoring Upgrade is always allowed (RFC 9110 7.8).
        if options.upgrade, minorVersion > 0, upgradeCount == 1 { connection.upgrade = upgrade }
        return connection
    }
}
