import Telemetry
import Testing

@Suite("Access line")
struct AccessLineTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var remote: [UInt8] = Array("10.1.2.3".utf8)
        var user: [UInt8] = []
        var request: [UInt8] = Array("GET / HTTP/1.1".utf8)
        var status = 200
        var bytes: UInt64 = 5
        var referer: [UInt8] = []
        var agent: [UInt8] = []
        let line: String
        var testDescription: String { name }
    }

    static let time = "[20/Nov/2026:23:30:05 +0000]"

    static let cases = [
        Case(name: "nothing but the request", line: #"10.1.2.3 - - \#(time) "GET / HTTP/1.1" 200 5 "-" "-""#),
        Case(name: "everything", remote: Array("2001:db8::1".utf8), user: Array("ann".utf8),
             request: Array("POST /a?b=c HTTP/1.1".utf8), status: 404, bytes: 1_234_567,
             referer: Array("https://a.example/".utf8), agent: Array("curl/8.1 (x)".utf8),
             line: #"2001:db8::1 - ann \#(time) "POST /a?b=c HTTP/1.1" 404 1234567 "https://a.example/" "curl/8.1 (x)""#),
        Case(name: "no request line, no answer", request: [], status: 0, bytes: 0, line: #"10.1.2.3 - - \#(time) "-" 000 0 "-" "-""#),
        Case(name: "the largest body", bytes: .max, line: #"10.1.2.3 - - \#(time) "GET / HTTP/1.1" 200 18446744073709551615 "-" "-""#),
        Case(name: "a status beyond three digits", status: .max, line: #"10.1.2.3 - - \#(time) "GET / HTTP/1.1" 999 5 "-" "-""#),
        Case(name: "a negative status", status: -4, line: #"10.1.2.3 - - \#(time) "GET / HTTP/1.1" 000 5 "-" "-""#),
        Case(name: "quote and backslash", referer: Array(#"a"b"#.utf8), agent: Array(#"c\d"#.utf8),
             line: #"10.1.2.3 - - \#(time) "GET / HTTP/1.1" 200 5 "a\x22b" "c\x5Cd""#),
        Case(name: "line breaks cannot forge a line", agent: Array("x\r\n1.1.1.1 - -".utf8),
             line: #"10.1.2.3 - - \#(time) "GET / HTTP/1.1" 200 5 "-" "x\x0D\x0A1.1.1.1 - -""#),
        Case(name: "escape sequences of terminals", user: [0x1B, 0x5B, 0x41, 0x00], line: #"10.1.2.3 - \x1B[A\x00 \#(time) "GET / HTTP/1.1" 200 5 "-" "-""#),
        Case(name: "the edges of what prints", agent: [0x1F, 0x20, 0x7E, 0x7F, 0x80, 0xFF],
             line: #"10.1.2.3 - - \#(time) "GET / HTTP/1.1" 200 5 "-" "\x1F ~\x7F\x80\xFF""#),
        Case(name: "UTF-8", request: Array("GET /é HTTP/1.1".utf8), line: #"10.1.2.3 - - \#(time) "GET /\xC3\xA9 HTTP/1.1" 200 5 "-" "-""#),
        Case(name: "the longest text that is not cut", agent: Array(repeating: 0x61, count: 2048),
             line: #"10.1.2.3 - - \#(time) "GET / HTTP/1.1" 200 5 "-" "\#(String(repeating: "a", count: 2048))""#),
        Case(name: "one byte more is cut", agent: Array(repeating: 0x61, count: 2048) + [0x62],
             line: #"10.1.2.3 - - \#(time) "GET / HTTP/1.1" 200 5 "-" "\#(String(repeating: "a", count: 2048))""#),
        Case(name: "all texts at their worst", remote: worst, user: worst, request: worst, status: 999, bytes: .max, referer: worst, agent: worst,
             line: #"\#(worstText) - \#(worstText) \#(time) "\#(worstText)" 999 18446744073709551615 "\#(worstText)" "\#(worstText)""#),
    ]

    static let worst = [UInt8](repeating: 0xFF, count: 100_000)
    static let worstText = String(repeating: #"\xFF"#, count: 2048)

    @Test("lines in the format combined", arguments: cases)
    func line(_ example: Case) {
        var buffer = Array("before\n".utf8)
        Self.append(example, to: &buffer)
        #expect(String(decoding: buffer, as: UTF8.self) == "before\n" + example.line + "\n")
    }

    @Test("a buffer that has grown once is reused")
    func reuse() {
        var buffer: [UInt8] = []
        for example in Self.cases { Self.append(example, to: &buffer) }
        let capacity = buffer.capacity
        for _ in 0..<3 {
            buffer.removeAll(keepingCapacity: true)
            for example in Self.cases { Self.append(example, to: &buffer) }
            #expect(buffer.capacity == capacity)
        }
    }

    static func append(_ example: Case, to buffer: inout [UInt8]) {
        let line = AccessLine(
            remoteAddress: example.remote.span, remoteUser: example.user.span, requestLine: example.request.span,
            status: example.status, bodyBytesSent: example.bytes, referer: example.referer.span, userAgent: example.agent.span)
        line.appendCombined(to: &buffer, at: AccessClock(unixSeconds: 1_795_217_405))
    }
}
