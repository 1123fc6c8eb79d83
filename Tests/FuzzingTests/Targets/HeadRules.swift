import HTTP1
import TestSupport

/// What a parser of heads owes: the same verdict however the bytes arrive, and nothing accepted that a strict reading refuses
/// or frames in another way.
enum HeadRules {
    /// What was understood, in numbers and offsets.
    private struct Facts: Equatable {
        var numbers: [Int] = []
        var slices: [Slice] = []
        var framing = BodyLength.none
        var fields: [HeaderField] = []
    }

    private enum Verdict: Equatable {
        case incomplete
        case failed(ParseError.Reason, UInt16)
        case complete(Facts)
    }

    // MARK: Requests

    static func request(_ input: [UInt8]) -> String? {
        var chance = SeededGenerator(of: input)
        let whole = readRequest(input, ends: [input.count])
        let grain = chance.pick([1, 5, 40])
        let pieces = readRequest(input, ends: ends(of: input.count, grain: grain, &chance))
        guard pieces == whole else { return "in pieces of \(grain): \(pieces), not \(whole)" }
        guard case .complete(let facts) = whole else { return nil }
        // One blank line before the request is forgiven.
        let skipped = input.starts(with: [13, 10]) ? 2 : 0
        switch StrictMessage.head(input[skipped...]) {
        case .incomplete: return "accepted without a blank line"
        case .wrong(let what): return "accepted: \(what)"
        case .whole(let head):
            guard facts.numbers[0] == head.length + skipped else { return "length \(facts.numbers[0]), not \(head.length)" }
            guard facts.fields.count == head.fields.count else { return "\(facts.fields.count) fields" }
            switch StrictMessage.requestBody(head) {
            case .incomplete: return nil
            case .wrong(let what): return "accepted: \(what)"
            case .whole(let body): return isSame(facts.framing, body) ? nil : "framed as \(facts.framing), not \(body)"
            }
        }
    }

    private static func readRequest(_ input: [UInt8], ends: [Int]) -> Verdict {
        var parser = RequestParser()
        for end in ends {
            switch parser.parse(input.span.extracting(0..<end)) {
            case .incomplete: continue
            case .failed(let error): return .failed(error.reason, error.status)
            case .complete(let length):
                let head = parser.head
                return .complete(Facts(
                    numbers: [
                        length, Int(head.minorVersion), head.isPersistent ? 1 : 0, head.expectsContinue ? 1 : 0,
                        head.hasQuery ? 1 : 0, Int(head.method.rawValue),
                    ],
                    slices: [head.methodName, head.target, head.path, head.query, head.authority, head.hostName, head.upgrade],
                    framing: head.framing, fields: head.fields))
            }
        }
        return .incomplete
    }

    // MARK: Responses

    static func responses(_ input: [UInt8]) -> String? {
        var chance = SeededGenerator(of: input)
        let method = chance.oneIn(4) ? Method.head : .get
        var rest = input
        // Interim responses and those without a body may be followed by another one.
        for _ in 0..<8 where !rest.isEmpty {
            let whole = readResponse(rest, ends: [rest.count], answering: method)
            let grain = chance.pick([1, 5, 40])
            let pieces = readResponse(rest, ends: ends(of: rest.count, grain: grain, &chance), answering: method)
            guard pieces == whole else { return "in pieces of \(grain): \(pieces), not \(whole)" }
            guard case .complete(let facts) = whole else { return nil }
            if let problem = response(rest, facts, answering: method) { return problem }
            rest.removeFirst(facts.numbers[0])
        }
        return nil
    }

    private static func response(_ input: [UInt8], _ facts: Facts, answering method: Method) -> String? {
        switch StrictMessage.head(input[...]) {
        case .incomplete: return "accepted without a blank line"
        case .wrong(let what): return "accepted: \(what)"
        case .whole(let head):
            guard facts.numbers[0] == head.length else { return "length \(facts.numbers[0]), not \(head.length)" }
            switch StrictMessage.responseBody(head, toHEAD: method == .head) {
            case .incomplete: return nil
            case .wrong(let what): return "accepted: \(what)"
            case .whole(let (status, body)):
                guard facts.numbers[1] == status else { return "status \(facts.numbers[1]), not \(status)" }
                return isSame(facts.framing, body) ? nil : "framed as \(facts.framing), not \(body)"
            }
        }
    }

    private static func readResponse(_ input: [UInt8], ends: [Int], answering method: Method) -> Verdict {
        var parser = ResponseParser()
        for end in ends {
            switch parser.parse(input.span.extracting(0..<end), answering: method) {
            case .incomplete: continue
            case .failed(let error): return .failed(error.reason, error.status)
            case .complete(let length):
                let head = parser.head
                return .complete(Facts(
                    numbers: [length, Int(head.status), Int(head.minorVersion), head.isPersistent ? 1 : 0],
                    slices: [head.reason, head.upgrade], framing: head.framing, fields: head.fields))
            }
        }
        return .incomplete
    }

    // MARK: Both

    /// The lengths of growing prefixes of an input.
    private static func ends(of count: Int, grain: Int, _ chance: inout SeededGenerator) -> [Int] {
        var ends: [Int] = []
        var end = 0
        while end < count {
            end = min(count, end + 1 + chance.below(grain))
            ends.append(end)
        }
        return ends
    }

    private static func isSame(_ framing: BodyLength, _ body: StrictMessage.Body) -> Bool {
        switch (framing, body) {
        case (.none, .none), (.chunked, .chunked), (.untilClose, .untilClose): true
        case (.length(let one), .length(let other)): one == other
        default: false
        }
    }
}
