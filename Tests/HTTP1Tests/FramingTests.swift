import Testing
@testable import HTTP1

/// The same table of fields is read as a request and as a response: there is one rule for both.
@Suite("Framing")
struct FramingTests {
    struct Case: NamedCase {
        let name: String
        let fields: String
        var minorVersion = 1
        var request: Expectation
        var response: Expectation

        enum Expectation: Sendable {
            case body(BodyLength)
            case fault(ParseError.Reason, UInt16 = 400)
        }

        init(_ name: String, _ fields: String, minorVersion: Int = 1, request: BodyLength, response: BodyLength) {
            self.name = name
            self.fields = fields
            self.minorVersion = minorVersion
            self.request = .body(request)
            self.response = .body(response)
        }

        init(_ name: String, _ fields: String, minorVersion: Int = 1, fault: ParseError.Reason, _ status: UInt16 = 400) {
            self.name = name
            self.fields = fields
            self.minorVersion = minorVersion
            request = .fault(fault, status)
            response = .fault(fault, 502)
        }
    }

    static let cases = [
        Case("nothing", "", request: .none, response: .untilClose),
        Case("nothing in 1.0", "", minorVersion: 0, request: .none, response: .untilClose),
        Case("length", "Content-Length: 5\r\n", request: .length(5), response: .length(5)),
        Case("length zero", "Content-Length: 0\r\n", request: .length(0), response: .length(0)),
        Case("length with zeros in front", "Content-Length: 007\r\n", request: .length(7), response: .length(7)),
        Case("length after a tab", "content-length:\t5 \r\n", request: .length(5), response: .length(5)),
        Case("the largest length", "Content-Length: 9223372036854775807\r\n",
             request: .length(.max), response: .length(.max)),
        Case("length in 1.0", "Content-Length: 5\r\n", minorVersion: 0, request: .length(5), response: .length(5)),
        Case("chunked", "Transfer-Encoding: chunked\r\n", request: .chunked, response: .chunked),
        Case("chunked in capitals", "TRANSFER-ENCODING: CHUNKED\r\n", request: .chunked, response: .chunked),
        Case("chunked among blanks", "Transfer-Encoding: \t chunked\t \r\n", request: .chunked, response: .chunked),
        Case("underscore is another field", "Content_Length: 5\r\nTransfer_Encoding: chunked\r\n",
             request: .none, response: .untilClose),

        Case("length overflows", "Content-Length: 9223372036854775808\r\n", fault: .invalidContentLength),
        Case("length of 2^64", "Content-Length: 18446744073709551616\r\n", fault: .invalidContentLength),
        Case("length with plus", "Content-Length: +5\r\n", fault: .invalidContentLength),
        Case("length with minus", "Content-Length: -5\r\n", fault: .invalidContentLength),
        Case("length in hex", "Content-Length: 0x5\r\n", fault: .invalidContentLength),
        Case("length with a fraction", "Content-Length: 5.0\r\n", fault: .invalidContentLength),
        Case("length with a space inside", "Content-Length: 1 0\r\n", fault: .invalidContentLength),
        Case("length with underscore", "Content-Length: 1_0\r\n", fault: .invalidContentLength),
        Case("length empty", "Content-Length:\r\n", fault: .invalidContentLength),
        Case("length of other digits", "Content-Length: \u{B2}\r\n", fault: .invalidContentLength),
        Case("list of lengths", "Content-Length: 5, 5\r\n", fault: .invalidContentLength),
        Case("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n", fault: .duplicateContentLength),
        Case("two equal lengths", "Content-Length: 5\r\nContent-Length: 5\r\n", fault: .duplicateContentLength),
        Case("length, then coding", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", fault: .lengthWithCoding),
        Case("coding, then length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", fault: .lengthWithCoding),
        Case("unknown coding with length", "Transfer-Encoding: x\r\nContent-Length: 5\r\n", fault: .lengthWithCoding),
        Case("coding and broken length", "Transfer-Encoding: chunked\r\nContent-Length: x\r\n", fault: .lengthWithCoding),
        Case("unknown coding", "Transfer-Encoding: gzip\r\n", fault: .unknownTransferCoding, 501),
        Case("identity", "Transfer-Encoding: identity\r\n", fault: .unknownTransferCoding, 501),
        Case("nearly chunked", "Transfer-Encoding: xchunked\r\n", fault: .unknownTransferCoding, 501),
        Case("chunked twice", "Transfer-Encoding: chunked, chunked\r\n", fault: .invalidTransferEncoding),
        Case("chunked on two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
             fault: .invalidTransferEncoding),
        Case("unknown, then chunked line", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n",
             fault: .invalidTransferEncoding),
        Case("chunked, then empty line", "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n",
             fault: .invalidTransferEncoding),
        Case("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n", fault: .invalidTransferEncoding),
        Case("chunked, gzip", "Transfer-Encoding: chunked, gzip\r\n", fault: .invalidTransferEncoding),
        Case("comma before", "Transfer-Encoding: ,chunked\r\n", fault: .invalidTransferEncoding),
        Case("comma after", "Transfer-Encoding: chunked,\r\n", fault: .invalidTransferEncoding),
        Case("parameter", "Transfer-Encoding: chunked;a=b\r\n", fault: .invalidTransferEncoding),
        Case("quoted", "Transfer-Encoding: \"chunked\"\r\n", fault: .invalidTransferEncoding),
        Case("empty coding", "Transfer-Encoding:\r\n", fault: .invalidTransferEncoding),
        Case("two words", "Transfer-Encoding: chunked x\r\n", fault: .invalidTransferEncoding),
        Case("obs-text behind", "Transfer-Encoding: chunked\u{A0}\r\n", fault: .invalidTransferEncoding),
        Case("vertical tab before", "Transfer-Encoding: \u{0B}chunked\r\n", fault: .controlCharacter),
        Case("NUL behind", "Transfer-Encoding: chunked\u{00}\r\n", fault: .controlCharacter),
        Case("folded", "Transfer-Encoding:\r\n chunked\r\n", fault: .invalidTransferEncoding),
        Case("space before the colon", "Transfer-Encoding : chunked\r\n", fault: .whitespaceInName),
        Case("chunked in 1.0", "Transfer-Encoding: chunked\r\n", minorVersion: 0, fault: .codingInHTTP10),
    ]

    @Test(arguments: cases)
    func request(_ row: Case) {
        // The method has no say in it.
        for method in ["GET", "POST", "HEAD", "DELETE", "OPTIONS", "X"] {
            let input = bytes("\(method) / HTTP/1.\(row.minorVersion)\r\nHost: h\r\n\(row.fields)\r\n")
            check(row.request, input: input) { prefixes in
                var parser = RequestParser()
                return FramingTests.verdict(of: prefixes.map { parser.parse(input.span.extracting(0 ..< $0)) }) {
                    parser.head.framing
                }
            }
        }
    }

    @Test(arguments: cases)
    func response(_ row: Case) {
        let input = bytes("HTTP/1.\(row.minorVersion) 200 OK\r\n\(row.fields)\r\n")
        check(row.response, input: input) { prefixes in
            var parser = ResponseParser()
            return FramingTests.verdict(
                of: prefixes.map { parser.parse(input.span.extracting(0 ..< $0), answering: .get) }
            ) { parser.head.framing }
        }
    }

    private func check(_ expected: Case.Expectation, input: [UInt8], read: ([Int]) -> String) {
        let wanted = switch expected {
        case .body(let length): "\(length)"
        case .fault(let reason, let status): "\(reason) \(status)"
        }
        expectSameHoweverItArrives(wanted, count: input.count, read: read)
    }

    private static func verdict(of progress: [ParseProgress], framing: () -> BodyLength) -> String {
        switch progress.last {
        case .complete: "\(framing())"
        case .failed(let error): "\(error.reason) \(error.status)"
        case .incomplete, nil: "incomplete"
        }
    }

    struct NoBodyCase: NamedCase {
        var name: String { "\(status) to \(method), \(fields)" }
        let status: Int
        let method: Method
        let fields: String
        let framing: BodyLength
        let isPersistent: Bool

        init(_ status: Int, _ method: Method, _ fields: String, _ framing: BodyLength, keep: Bool) {
            self.status = status
            self.method = method
            self.fields = fields
            self.framing = framing
            isPersistent = keep
        }
    }

    @Test("Status and method may rule a body out", arguments: [
        NoBodyCase(200, .head, "Content-Length: 5", .none, keep: true),
        NoBodyCase(200, .head, "Transfer-Encoding: chunked", .none, keep: true),
        NoBodyCase(200, .head, "X: y", .none, keep: true),
        NoBodyCase(304, .get, "Content-Length: 5", .none, keep: true),
        NoBodyCase(304, .get, "Transfer-Encoding: chunked", .none, keep: true),
        NoBodyCase(204, .get, "X: y", .none, keep: true),
        NoBodyCase(204, .get, "Content-Length: 0", .none, keep: true),
        NoBodyCase(204, .get, "Content-Length: 5", .none, keep: false),
        NoBodyCase(204, .get, "Transfer-Encoding: chunked", .none, keep: false),
        NoBodyCase(100, .post, "X: y", .none, keep: true),
        NoBodyCase(103, .get, "Content-Length: 5", .none, keep: false),
        NoBodyCase(101, .get, "Connection: upgrade", .none, keep: true),
        NoBodyCase(200, .connect, "Content-Length: 5", .none, keep: true),
        NoBodyCase(403, .connect, "Content-Length: 5", .length(5), keep: true),
        NoBodyCase(205, .get, "Content-Length: 0", .length(0), keep: true),
        NoBodyCase(200, .options, "X: y", .untilClose, keep: false),
        NoBodyCase(404, .post, "Content-Length: 5", .length(5), keep: true),
    ])
    func withoutBody(_ row: NoBodyCase) {
        let input = bytes("HTTP/1.1 \(row.status) x\r\n\(row.fields)\r\n\r\n")
        let expected = "\(row.framing), \(row.isPersistent ? "kept" : "closed")"
        expectSameHoweverItArrives(expected, count: input.count) { prefixes in
            var parser = ResponseParser()
            return FramingTests.verdict(
                of: prefixes.map { parser.parse(input.span.extracting(0 ..< $0), answering: row.method) }
            ) { parser.head.framing } + (parser.head.isPersistent ? ", kept" : ", closed")
        }
    }
}
