import Testing
@testable import HTTP1

@Suite("Limits of a head")
struct HeadLimitTests {
    struct Case: NamedCase {
        let name: String
        let input: String
        let fault: (ParseError.Reason, UInt16)?

        init(_ name: String, _ input: String, _ fault: (ParseError.Reason, UInt16)?) {
            self.name = name
            self.input = input
            self.fault = fault
        }
    }

    /// A request line of 20 bytes, three fields, 60 bytes of them.
    static let limits = HeadLimits(requestLine: 20, fieldBytes: 60, fieldCount: 3)

    static func filler(_ count: Int) -> String { String(repeating: "x", count: count) }

    @Test(arguments: [
        Case("line at the limit", "GET /123456 HTTP/1.1\r\nHost: h\r\n\r\n", nil),
        Case("line at the limit after a blank line", "\r\nGET /123456 HTTP/1.1\r\nHost: h\r\n\r\n", nil),
        Case("line over the limit", "GET /1234567 HTTP/1.1\r\nHost: h\r\n\r\n", (.requestLineTooLong, 414)),
        Case("line over the limit without an end", "GET /1234567890123456", (.requestLineTooLong, 414)),
        Case("line over the limit, then nonsense", "GET /12345678901234567\u{00}", (.requestLineTooLong, 414)),
        Case("nonsense within the limit", "GET /\u{00}2345678901234567890", (.controlCharacter, 400)),
        // 9 bytes of Host, 51 of X; the blank line does not count.
        Case("fields at the limit", "GET / HTTP/1.1\r\nHost: h\r\nX: \(filler(46))\r\n\r\n", nil),
        Case("fields over the limit by one", "GET / HTTP/1.1\r\nHost: h\r\nX: \(filler(47))\r\n\r\n",
             (.fieldsTooLong, 431)),
        Case("fields over the limit without an end", "GET / HTTP/1.1\r\nHost: h\r\nX: \(filler(60))",
             (.fieldsTooLong, 431)),
        Case("fields over the limit, then nonsense", "GET / HTTP/1.1\r\nHost: h\r\nX: \(filler(60))\u{00}",
             (.fieldsTooLong, 431)),
        Case("a name over the limit", "GET / HTTP/1.1\r\n\(filler(70))", (.fieldsTooLong, 431)),
        Case("count at the limit", "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\n\r\n", nil),
        Case("count over the limit", "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\nC", (.tooManyFields, 431)),
        Case("options at the limit", "GET / HTTP/1.1\r\nHost: h\r\nConnection: a,b\r\nConnection: c\r\n\r\n", nil),
        Case("options over the limit", "GET / HTTP/1.1\r\nHost: h\r\nConnection: a,b\r\nConnection: c,d\r\n\r\n",
             (.tooManyConnectionOptions, 431)),
    ])
    func request(_ row: Case) {
        let input = bytes(row.input)
        expectSameHoweverItArrives(row.fault.map { "\($0.0) \($0.1)" } ?? "complete", count: input.count) { prefixes in
            switch readRequest(input, arriving: prefixes, limits: HeadLimitTests.limits) {
            case .incomplete: "incomplete"
            case .complete: "complete"
            case .failed(let reason, let status): "\(reason) \(status)"
            }
        }
    }

    @Test(arguments: [
        Case("line at the limit", "HTTP/1.1 200 4567890\r\n\r\n", nil),
        Case("line over the limit", "HTTP/1.1 200 45678901\r\n\r\n", (.requestLineTooLong, 502)),
        Case("fields over the limit", "HTTP/1.1 200 OK\r\nX: \(filler(60))", (.fieldsTooLong, 502)),
        Case("count over the limit", "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\nD", (.tooManyFields, 502)),
    ])
    func response(_ row: Case) {
        let input = bytes(row.input)
        expectSameHoweverItArrives(row.fault.map { "\($0.0) \($0.1)" } ?? "complete", count: input.count) { prefixes in
            switch readResponse(input, arriving: prefixes, limits: HeadLimitTests.limits) {
            case .incomplete: "incomplete"
            case .complete: "complete"
            case .failed(let reason, let status): "\(reason) \(status)"
            }
        }
    }

    @Test("Limits that cannot work are brought into range")
    func range() {
        let low = HeadLimits(requestLine: 0, fieldBytes: -1, fieldCount: .min)
        #expect(low == HeadLimits(requestLine: 1, fieldBytes: 1, fieldCount: 1))
        let high = HeadLimits(requestLine: .max, fieldBytes: .max, fieldCount: .max)
        #expect(high == HeadLimits(requestLine: 16 << 20, fieldBytes: 16 << 20, fieldCount: 16 << 20))
    }

    @Test("The defaults take a request line of 8192 bytes and 100 fields")
    func defaults() {
        let path = String(repeating: "a", count: 8192 - 14)
        let fields = (1 ... 99).map { "X-\($0): y\r\n" }.joined()
        let good = bytes("GET /\(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")
        var parser = RequestParser()
        #expect(parser.parse(good.span) == .complete(length: good.count))
        #expect(parser.head.fields.count == 100)
        parser.reset()
        let longLine = bytes("GET /a\(path) HTTP/1.1\r\n")
        #expect(parser.parse(longLine.span) == .failed(ParseError(.requestLineTooLong, at: 0)))
        parser.reset()
        let manyFields = bytes("GET / HTTP/1.1\r\nHost: h\r\n\(fields)X-100: y\r\n\r\n")
        guard case .failed(let error) = parser.parse(manyFields.span) else {
            Issue.record("accepted")
            return
        }
        #expect(error.reason == .tooManyFields)
    }
}
