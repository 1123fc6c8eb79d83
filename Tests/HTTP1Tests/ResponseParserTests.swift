import Testing
@testable import HTTP1

@Suite("Response heads")
struct ResponseParserTests {
    struct Case: NamedCase {
        let name: String
        let input: String
        /// As `describe(_: ResponseHead)` writes it.
        let facts: String
    }

    @Test(arguments: [
        Case(name: "plain", input: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", facts: "200 reason=OK 1.1 length(3) keep"),
        Case(name: "reason of several words", input: "HTTP/1.1 404 Not \tFound!\r\nContent-Length: 0\r\n\r\n",
             facts: "404 reason=Not \tFound! 1.1 length(0) keep"),
        Case(name: "reason in obs-text", input: "HTTP/1.1 200 \u{E9}t\u{E9}\r\nContent-Length: 0\r\n\r\n",
             facts: "200 reason=\u{E9}t\u{E9} 1.1 length(0) keep"),
        Case(name: "empty reason", input: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", facts: "200 reason= 1.1 length(0) keep"),
        Case(name: "no reason and no space", input: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
             facts: "200 reason= 1.1 length(0) keep"),
        Case(name: "until close", input: "HTTP/1.1 200 OK\r\n\r\n", facts: "200 reason=OK 1.1 untilClose close"),
        Case(name: "until close whatever Connection says", input: "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n",
             facts: "200 reason=OK 1.1 untilClose close"),
        Case(name: "close", input: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
             facts: "200 reason=OK 1.1 length(0) close"),
        Case(name: "HTTP/1.0", input: "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", facts: "200 reason=OK 1.0 length(0) close"),
        Case(name: "HTTP/1.0 keep-alive", input: "HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n",
             facts: "200 reason=OK 1.0 length(0) keep"),
        Case(name: "HTTP/1.5", input: "HTTP/1.5 200 OK\r\nContent-Length: 0\r\n\r\n", facts: "200 reason=OK 1.1 length(0) keep"),
        Case(name: "interim", input: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
             facts: "103 reason=Early Hints 1.1 none keep interim"),
        Case(name: "switching protocols",
             input: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
             facts: "101 reason=Switching Protocols 1.1 none keep interim upgrade=websocket"),
        Case(name: "unregistered status", input: "HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n",
             facts: "999 reason=No 1.1 length(0) keep"),
        Case(name: "several Host and Expect fields mean nothing",
             input: "HTTP/1.1 204 x\r\nHost: a\r\nHost: b/c\r\nExpect: y\r\n\r\n", facts: "204 reason=x 1.1 none keep"),
    ])
    func accepts(_ row: Case) {
        let input = bytes(row.input)
        expectSameHoweverItArrives(.complete(length: input.count, facts: row.facts), count: input.count) {
            readResponse(input, arriving: $0)
        }
        // What follows is the body's, or the next response's.
        let more = input + bytes("HTTP/1.1 500 Stray\r\n\r\n")
        expectSameHoweverItArrives(.complete(length: input.count, facts: row.facts), count: more.count) {
            readResponse(more, arriving: $0)
        }
    }

    struct Refusal: NamedCase {
        let name: String
        let input: String
        let reason: ParseError.Reason
    }

    @Test(arguments: [
        Refusal(name: "HTTP/0.9 body", input: "<html>", reason: .invalidStatusLine),
        Refusal(name: "leading blank line", input: "\r\nHTTP/1.1 200 OK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "lower case", input: "http/1.1 200 OK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "HTTP/2", input: "HTTP/2.0 200 OK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "two-digit minor", input: "HTTP/1.10 200 OK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "no minor", input: "HTTP/1. 200 OK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "no status", input: "HTTP/1.1\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "no status after the space", input: "HTTP/1.1 \r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "two digits", input: "HTTP/1.1 20\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "two digits and a reason", input: "HTTP/1.1 20 OK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "four digits", input: "HTTP/1.1 2000 OK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "below 100", input: "HTTP/1.1 099 OK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "sign", input: "HTTP/1.1 +20 OK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "letters", input: "HTTP/1.1 2xx OK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "two spaces", input: "HTTP/1.1  200 OK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "tab", input: "HTTP/1.1\t200 OK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "tab after the status", input: "HTTP/1.1 200\tOK\r\n\r\n", reason: .invalidStatusLine),
        Refusal(name: "bare LF", input: "HTTP/1.1 200 OK\n\n", reason: .bareLineFeed),
        Refusal(name: "bare CR in the reason", input: "HTTP/1.1 200 O\rK\r\n\r\n", reason: .bareCarriageReturn),
        Refusal(name: "NUL in the reason", input: "HTTP/1.1 200 O\u{00}K\r\n\r\n", reason: .controlCharacter),
        Refusal(name: "folded field", input: "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", reason: .foldedLine),
        Refusal(name: "space before a colon", input: "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", reason: .whitespaceInName),
        Refusal(name: "no colon", input: "HTTP/1.1 200 OK\r\nX\r\n\r\n", reason: .missingColon),
        Refusal(name: "bare CR in a value", input: "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", reason: .bareCarriageReturn),
        Refusal(name: "bare LF in the fields", input: "HTTP/1.1 200 OK\r\nX: a\n\r\n", reason: .bareLineFeed),
    ])
    func refuses(_ row: Refusal) {
        let input = bytes(row.input)
        expectSameHoweverItArrives(.failed(row.reason, status: 502), count: input.count) {
            readResponse(input, arriving: $0)
        }
    }

    @Test("A reset parser reads the final response after an interim one")
    func reset() {
        var parser = ResponseParser()
        let interim = bytes("HTTP/1.1 100 Continue\r\nConnection: x\r\nX: 1\r\n\r\n")
        #expect(parser.hasStarted == false)
        #expect(parser.parse(interim.span, answering: .post) == .complete(length: interim.count))
        #expect(parser.hasStarted == true)
        #expect(describe(parser.head.fields, in: interim) == ["Connection|x|connection", "X|1|other!"])
        parser.reset()
        #expect(parser.hasStarted == false)
        let final = bytes("HTTP/1.0 200\r\nContent-Length: 0\r\n\r\n")
        #expect(parser.parse(final.span, answering: .post) == .complete(length: final.count))
        #expect(describe(parser.head, in: final) == "200 reason= 1.0 length(0) close")
        #expect(describe(parser.head.fields, in: final) == ["Content-Length|0|contentLength"])
    }
}
