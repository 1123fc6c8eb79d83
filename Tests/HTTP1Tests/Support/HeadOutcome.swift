@testable import HTTP1

/// What reading a head came to, as text, for comparing.
enum HeadOutcome: Equatable {
    case incomplete
    case failed(ParseError.Reason, status: UInt16)
    /// Everything the head says, one `key=value` each, apart from fields.
    case complete(length: Int, facts: String)
}

/// Parses `input` as it arrives and describes the end; after the first verdict the rest must not change it.
func readRequest(_ input: [UInt8], arriving prefixes: [Int], limits: HeadLimits = HeadLimits()) -> HeadOutcome {
    var parser = RequestParser(limits: limits)
    var verdict: ParseProgress?
    for count in prefixes {
        let progress = parser.parse(input.span.extracting(0 ..< count))
        if let verdict, verdict != progress { return .incomplete }
        if progress != .incomplete { verdict = progress }
    }
    return outcome(verdict) { describe(parser.head, in: input) }
}

func readResponse(
    _ input: [UInt8], arriving prefixes: [Int], answering method: Method = .get, limits: HeadLimits = HeadLimits()
) -> HeadOutcome {
    var parser = ResponseParser(limits: limits)
    var verdict: ParseProgress?
    for count in prefixes {
        let progress = parser.parse(input.span.extracting(0 ..< count), answering: method)
        if let verdict, verdict != progress { return .incomplete }
        if progress != .incomplete { verdict = progress }
    }
    return outcome(verdict) { describe(parser.head, in: input) }
}

private func outcome(_ verdict: ParseProgress?, facts: () -> String) -> HeadOutcome {
    switch verdict {
    case nil, .incomplete: .incomplete
    case .failed(let error): .failed(error.reason, status: error.status)
    case .complete(let length): .complete(length: length, facts: facts())
    }
}

/// `GET /a?b [/a?b] origin path=/a query=b authority=h host=h 1.1 none keep`
func describe(_ head: RequestHead, in input: [UInt8]) -> String {
    var facts = ["\(head.method):\(text(head.methodName, in: input))", text(head.target, in: input), "\(head.form)"]
    facts.append("path=\(text(head.path, in: input))")
    if head.hasQuery { facts.append("query=\(text(head.query, in: input))") }
    facts.append("authority=\(text(head.authority, in: input))")
    facts.append("host=\(text(head.hostName, in: input))")
    facts.append("1.\(head.minorVersion)")
    facts.append(describe(head.framing))
    facts.append(head.isPersistent ? "keep" : "close")
    if head.expectsContinue { facts.append("100-continue") }
    if !head.upgrade.isEmpty { facts.append("upgrade=\(text(head.upgrade, in: input))") }
    return facts.joined(separator: " ")
}

func describe(_ head: ResponseHead, in input: [UInt8]) -> String {
    var facts = ["\(head.status)", "reason=\(text(head.reason, in: input))", "1.\(head.minorVersion)"]
    facts.append(describe(head.framing))
    facts.append(head.isPersistent ? "keep" : "close")
    if head.isInterim { facts.append("interim") }
    if !head.upgrade.isEmpty { facts.append("upgrade=\(text(head.upgrade, in: input))") }
    return facts.joined(separator: " ")
}

private func describe(_ framing: BodyLength) -> String {
    switch framing {
    case .none: "none"
    case .length(let count): "length(\(count))"
    case .chunked: "chunked"
    case .untilClose: "untilClose"
    }
}

/// `name|value|known` of every field, with `!` if nominated and `?` if unusual.
func describe(_ fields: [HeaderField], in input: [UInt8]) -> [String] {
    fields.map { field in
        "\(text(field.name, in: input))|\(text(field.value, in: input))|\(field.known)"
            + (field.isNominated ? "!" : "") + (field.isUnusual ? "?" : "")
    }
}
