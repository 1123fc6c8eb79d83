import Testing
@testable import HTTP1

@Suite("Request heads that are refused")
struct RequestRejectionTests {
    struct Case: NamedCase {
        let name: String
        let input: String
        let reason: ParseError.Reason
        var status: UInt16 = 400
    }

    private func expectRefusal(_ row: Case) {
        let input = bytes(row.input)
        expectSameHoweverItArrives(.failed(row.reason, status: row.status), count: input.count) {
            readRequest(input, arriving: $0)
        }
    }

    @Test(arguments: [
        Case(name: "HTTP/0.9", input: "GET /\r\n", reason: .malformedRequestLine),
        Case(name: "method only", input: "GET\r\n", reason: .malformedRequestLine),
        Case(name: "no target", input: "GET HTTP/1.1\r\n", reason: .malformedRequestLine),
        Case(name: "spaces only", input: "   \r\n", reason: .malformedRequestLine),
        Case(name: "leading space", input: " GET / HTTP/1.1\r\n", reason: .malformedRequestLine),
        Case(name: "two spaces before the target", input: "GET  / HTTP/1.1\r\n", reason: .malformedRequestLine),
        Case(name: "two spaces before the version", input: "GET /  HTTP/1.1\r\n", reason: .invalidVersion),
        Case(name: "trailing space", input: "GET / HTTP/1.1 \r\n", reason: .invalidVersion),
        Case(name: "space in the target", input: "GET /a b HTTP/1.1\r\n", reason: .invalidVersion),
        Case(name: "tab after the method", input: "GET\t/ HTTP/1.1\r\n", reason: .invalidMethod),
        Case(name: "tab in the target", input: "GET /a\tb HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "method is not a token", input: "GE{T / HTTP/1.1\r\n", reason: .invalidMethod),
        Case(name: "method with obs-text", input: "G\u{E9}T / HTTP/1.1\r\n", reason: .invalidMethod),
        Case(name: "two blank lines", input: "\r\n\r\nGET / HTTP/1.1\r\n", reason: .blankLines),
        Case(name: "bare LF blank line", input: "\nGET / HTTP/1.1\r\n", reason: .bareLineFeed),
        Case(name: "bare LF", input: "GET / HTTP/1.1\n", reason: .bareLineFeed),
        Case(name: "bare CR", input: "GET / HTTP/1.1\rHost: h\r\n", reason: .bareCarriageReturn),
        Case(name: "CR CR LF", input: "GET / HTTP/1.1\r\r\n", reason: .bareCarriageReturn),
        Case(name: "TLS on a plain port", input: "\u{16}\u{03}\u{01}", reason: .controlCharacter),
        Case(name: "NUL after the method", input: "GET\u{00} / HTTP/1.1\r\n", reason: .controlCharacter),
        Case(name: "NUL in the target", input: "GET /\u{00} HTTP/1.1\r\n", reason: .controlCharacter),
        Case(name: "DEL in the target", input: "GET /\u{7F} HTTP/1.1\r\n", reason: .controlCharacter),
        Case(name: "obs-text in the target", input: "GET /\u{C3}\u{A9} HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "fragment", input: "GET /a#b HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "fragment in the query", input: "GET /?a#b HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "relative target", input: "GET a HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "query without a path", input: "GET ?a HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "asterisk with GET", input: "GET * HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "asterisk and more", input: "OPTIONS *a HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "authority form with GET", input: "GET a.test:80 HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "other scheme", input: "GET ftp://a.test/ HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "scheme without slashes", input: "GET http:/a HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "absolute without a host", input: "GET http:///a HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "absolute with a query for a host", input: "GET http://?a HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "absolute with userinfo", input: "GET http://u@a.test/ HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "absolute with a bad port", input: "GET http://a.test:65536/ HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "CONNECT with a path", input: "CONNECT / HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "CONNECT without a port", input: "CONNECT a.test HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "CONNECT with an empty port", input: "CONNECT a.test: HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "CONNECT to port 0", input: "CONNECT a.test:0 HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "CONNECT to a large port", input: "CONNECT a.test:70000 HTTP/1.1\r\n", reason: .invalidTarget),
        Case(name: "version without a minor", input: "GET / HTTP/1\r\n", reason: .invalidVersion),
        Case(name: "version in lower case", input: "GET / http/1.1\r\n", reason: .invalidVersion),
        Case(name: "version with zeros", input: "GET / HTTP/01.01\r\n", reason: .invalidVersion),
        Case(name: "version with two digits", input: "GET / HTTP/1.10\r\n", reason: .invalidVersion),
        Case(name: "version with a comma", input: "GET / HTTP/1,1\r\n", reason: .invalidVersion),
        Case(name: "version with a space", input: "GET / HTTP/ 1.1\r\n", reason: .invalidVersion),
        Case(name: "version with a sign", input: "GET / HTTP/+1.1\r\n", reason: .invalidVersion),
        Case(name: "other protocol", input: "GET / HTTPS/1.1\r\n", reason: .invalidVersion),
        Case(name: "major version 2", input: "GET / HTTP/2.0\r\n", reason: .unsupportedVersion, status: 505),
        Case(name: "major version 0", input: "GET / HTTP/0.9\r\n", reason: .unsupportedVersion, status: 505),
        Case(name: "space before the first field", input: "GET / HTTP/1.1\r\n X: 1\r\n", reason: .foldedLine),
        Case(name: "HTTP/2 preface", input: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", reason: .unsupportedVersion, status: 505),
    ])
    func requestLine(_ row: Case) {
        expectRefusal(row)
    }

    @Test(arguments: [
        Case(name: "space before the colon", input: "X : 1\r\n", reason: .whitespaceInName),
        Case(name: "tab before the colon", input: "X\t: 1\r\n", reason: .whitespaceInName),
        Case(name: "space in the name", input: "X Y: 1\r\n", reason: .whitespaceInName),
        Case(name: "no colon", input: "NoColon\r\n", reason: .missingColon),
        Case(name: "empty name", input: ": 1\r\n", reason: .emptyName),
        Case(name: "brackets in the name", input: "X[1]: 1\r\n", reason: .invalidName),
        Case(name: "quote in the name", input: "\"X\": 1\r\n", reason: .invalidName),
        Case(name: "obs-text in the name", input: "X\u{E9}: 1\r\n", reason: .invalidName),
        Case(name: "folded line", input: "X: 1\r\n 2\r\n", reason: .foldedLine),
        Case(name: "folded line with a tab", input: "X: 1\r\n\t2\r\n", reason: .foldedLine),
        Case(name: "line of spaces", input: "  \r\n", reason: .foldedLine),
        Case(name: "NUL in a value", input: "X: a\u{00}b\r\n", reason: .controlCharacter),
        Case(name: "escape in a value", input: "X: a\u{1B}b\r\n", reason: .controlCharacter),
        Case(name: "DEL in a value", input: "X: a\u{7F}b\r\n", reason: .controlCharacter),
        Case(name: "vertical tab in a value", input: "X: \u{0B}b\r\n", reason: .controlCharacter),
        Case(name: "NUL after a known name", input: "Cookie\u{00}: a=b\r\n", reason: .controlCharacter),
        Case(name: "control for a hyphen", input: "Content\rLength: 1\r\n", reason: .bareCarriageReturn),
        Case(name: "NUL in a name", input: "X\u{00}: 1\r\n", reason: .controlCharacter),
        Case(name: "bare CR in a value", input: "X: a\rb\r\n", reason: .bareCarriageReturn),
        Case(name: "bare LF after a value", input: "X: a\n", reason: .bareLineFeed),
        Case(name: "CR before the blank line", input: "X: a\r\n\r\r\n", reason: .bareCarriageReturn),
        Case(name: "bare LF as the blank line", input: "X: a\r\n\n", reason: .bareLineFeed),
        Case(name: "unknown expectation", input: "Expect: 200-ok\r\n", reason: .unknownExpectation, status: 417),
        Case(name: "two expectations", input: "Expect: 100-continue, x\r\n", reason: .unknownExpectation, status: 417),
        Case(name: "empty expectation", input: "Expect:\r\n", reason: .unknownExpectation, status: 417),
    ])
    func fields(_ row: Case) {
        let full = "GET / HTTP/1.1\r\nHost: h\r\n" + row.input
        expectRefusal(Case(name: row.name, input: full, reason: row.reason, status: row.status))
        // Whatever the fault, nothing that follows may heal it.
        expectRefusal(Case(name: row.name, input: full + "X: y\r\n\r\nGET", reason: row.reason, status: row.status))
    }

    @Test(arguments: [
        Case(name: "missing", input: "X: 1\r\n", reason: .missingHost),
        Case(name: "twice", input: "Host: a\r\nHost: b\r\n", reason: .duplicateHost),
        Case(name: "twice the same", input: "Host: a\r\nX: 1\r\nhost: a\r\n", reason: .duplicateHost),
        Case(name: "empty", input: "Host:\r\n", reason: .invalidHost),
        Case(name: "port only", input: "Host: :80\r\n", reason: .invalidHost),
        Case(name: "userinfo", input: "Host: u@a\r\n", reason: .invalidHost),
        Case(name: "userinfo with a password", input: "Host: u:p@a\r\n", reason: .invalidHost),
        Case(name: "path", input: "Host: a/b\r\n", reason: .invalidHost),
        Case(name: "query", input: "Host: a?b\r\n", reason: .invalidHost),
        Case(name: "comma", input: "Host: a, b\r\n", reason: .invalidHost),
        Case(name: "space", input: "Host: a b\r\n", reason: .invalidHost),
        Case(name: "backslash", input: "Host: a\\b\r\n", reason: .invalidHost),
        Case(name: "obs-text", input: "Host: \u{E9}\r\n", reason: .invalidHost),
        Case(name: "large port", input: "Host: a:65536\r\n", reason: .invalidHost),
        Case(name: "huge port", input: "Host: a:99999999999999999999\r\n", reason: .invalidHost),
        Case(name: "signed port", input: "Host: a:+80\r\n", reason: .invalidHost),
        Case(name: "two ports", input: "Host: a:80:80\r\n", reason: .invalidHost),
        Case(name: "bad escape", input: "Host: a%2\r\n", reason: .invalidHost),
        Case(name: "open bracket", input: "Host: [::1\r\n", reason: .invalidHost),
        Case(name: "text after a bracket", input: "Host: [::1]a\r\n", reason: .invalidHost),
        Case(name: "name in brackets", input: "Host: [a.test]\r\n", reason: .invalidHost),
    ])
    func host(_ row: Case) {
        let full = "GET / HTTP/1.1\r\n" + row.input + "\r\n"
        expectRefusal(Case(name: row.name, input: full, reason: row.reason))
        // The authority of an absolute form replaces Host, but excuses nothing.
        let absolute = "GET http://ok.test/ HTTP/1.1\r\n" + row.input + "\r\n"
        expectRefusal(Case(name: row.name, input: absolute, reason: row.reason))
    }

    @Test("In HTTP/1.0 Host may be missing, but not be wrong")
    func hostInHTTP10() {
        expectRefusal(Case(name: "twice", input: "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", reason: .duplicateHost))
        expectRefusal(Case(name: "invalid", input: "GET / HTTP/1.0\r\nHost: a/b\r\n\r\n", reason: .invalidHost))
    }

    @Test("The offset points at the fault")
    func offset() {
        var parser = RequestParser()
        let input = bytes("GET / HTTP/1.1\r\nHost: h\r\nX: a\u{01}b\r\n\r\n")
        guard case .failed(let error) = parser.parse(input.span) else {
            Issue.record("accepted")
            return
        }
        #expect(error.offset == 29)
        #expect(input[error.offset] == 1)
    }
}
