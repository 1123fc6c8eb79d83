import Testing
@testable import HTTP1

@Suite("Request heads that are accepted")
struct RequestParserTests {
    struct Case: NamedCase {
        let name: String
        let input: String
        /// As `describe(_: RequestHead)` writes it.
        let facts: String
    }

    @Test(arguments: [
        Case(name: "origin form", input: "GET /a/b HTTP/1.1\r\nHost: example.com\r\n\r\n",
             facts: "get:GET /a/b origin path=/a/b authority=example.com host=example.com 1.1 none keep"),
        Case(name: "query", input: "GET /a?b=c&d HTTP/1.1\r\nHost: h:81\r\n\r\n",
             facts: "get:GET /a?b=c&d origin path=/a query=b=c&d authority=h:81 host=h 1.1 none keep"),
        Case(name: "empty query", input: "GET /? HTTP/1.1\r\nHost: h\r\n\r\n",
             facts: "get:GET /? origin path=/ query= authority=h host=h 1.1 none keep"),
        Case(name: "question marks after the first belong to the query", input: "GET /?a?b HTTP/1.1\r\nHost: h\r\n\r\n",
             facts: "get:GET /?a?b origin path=/ query=a?b authority=h host=h 1.1 none keep"),
        Case(name: "path of two slashes is not an authority", input: "GET //evil/x HTTP/1.1\r\nHost: h\r\n\r\n",
             facts: "get:GET //evil/x origin path=//evil/x authority=h host=h 1.1 none keep"),
        Case(name: "bytes outside the URI grammar but visible", input: "GET /a|b\"<>\\^`{} HTTP/1.1\r\nHost: h\r\n\r\n",
             facts: "get:GET /a|b\"<>\\^`{} origin path=/a|b\"<>\\^`{} authority=h host=h 1.1 none keep"),
        Case(name: "other method", input: "M-SEARCH /a HTTP/1.1\r\nHost: h\r\n\r\n",
             facts: "other:M-SEARCH /a origin path=/a authority=h host=h 1.1 none keep"),
        Case(name: "methods are case-sensitive", input: "get / HTTP/1.1\r\nHost: h\r\n\r\n",
             facts: "other:get / origin path=/ authority=h host=h 1.1 none keep"),
        Case(name: "TRACE is only parsed", input: "TRACE / HTTP/1.1\r\nHost: h\r\n\r\n",
             facts: "trace:TRACE / origin path=/ authority=h host=h 1.1 none keep"),
        Case(name: "asterisk form", input: "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
             facts: "options:OPTIONS * asterisk path=* authority=h host=h 1.1 none keep"),
        Case(name: "authority form", input: "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n",
             facts: "connect:CONNECT a.test:443 authority path= authority=a.test:443 host=a.test 1.1 none keep"),
        Case(name: "absolute form wins over Host", input: "GET http://a.test:8080/p?q HTTP/1.1\r\nHost: b.test\r\n\r\n",
             facts: "get:GET http://a.test:8080/p?q absolute path=/p query=q authority=a.test:8080 host=a.test 1.1 none keep"),
        Case(name: "absolute form, https, upper case", input: "GET HTTPS://A.test/ HTTP/1.1\r\nHost: b\r\n\r\n",
             facts: "get:GET HTTPS://A.test/ absolute path=/ authority=A.test host=A.test 1.1 none keep"),
        Case(name: "absolute form without a path", input: "OPTIONS http://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n",
             facts: "options:OPTIONS http://a.test absolute path= authority=a.test host=a.test 1.1 none keep"),
        Case(name: "absolute form with a query only", input: "GET http://a.test?x=/y HTTP/1.1\r\nHost: a.test\r\n\r\n",
             facts: "get:GET http://a.test?x=/y absolute path= query=x=/y authority=a.test host=a.test 1.1 none keep"),
        Case(name: "absolute form in HTTP/1.0 without Host", input: "GET http://a.test/ HTTP/1.0\r\n\r\n",
             facts: "get:GET http://a.test/ absolute path=/ authority=a.test host=a.test 1.0 none close"),
        Case(name: "HTTP/1.0 without Host", input: "GET / HTTP/1.0\r\n\r\n",
             facts: "get:GET / origin path=/ authority= host= 1.0 none close"),
        Case(name: "HTTP/1.0 keep-alive", input: "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
             facts: "get:GET / origin path=/ authority= host= 1.0 none keep"),
        Case(name: "HTTP/1.0 close wins over keep-alive", input: "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
             facts: "get:GET / origin path=/ authority= host= 1.0 none close"),
        Case(name: "HTTP/1.9 is read as 1.1", input: "GET / HTTP/1.9\r\nHost: h\r\n\r\n",
             facts: "get:GET / origin path=/ authority=h host=h 1.1 none keep"),
        Case(name: "Connection: close in a list", input: "GET / HTTP/1.1\r\nHost: h\r\nConnection: x ,\t CLOSE\r\n\r\n",
             facts: "get:GET / origin path=/ authority=h host=h 1.1 none close"),
        Case(name: "Connection: close on a second line",
             input: "GET / HTTP/1.1\r\nHost: h\r\nConnection: x\r\nConnection: close\r\n\r\n",
             facts: "get:GET / origin path=/ authority=h host=h 1.1 none close"),
        Case(name: "closed is not close", input: "GET / HTTP/1.1\r\nHost: h\r\nConnection: closed, not close\r\n\r\n",
             facts: "get:GET / origin path=/ authority=h host=h 1.1 none keep"),
        Case(name: "empty Connection", input: "GET / HTTP/1.1\r\nHost: h\r\nConnection:\r\nConnection: , ,\r\n\r\n",
             facts: "get:GET / origin path=/ authority=h host=h 1.1 none keep"),
        Case(name: "one leading blank line", input: "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
             facts: "get:GET / origin path=/ authority=h host=h 1.1 none keep"),
        Case(name: "IPv6 host", input: "GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n",
             facts: "get:GET / origin path=/ authority=[2001:db8::1]:8080 host=[2001:db8::1] 1.1 none keep"),
        Case(name: "empty port", input: "GET / HTTP/1.1\r\nHost: h:\r\n\r\n",
             facts: "get:GET / origin path=/ authority=h: host=h 1.1 none keep"),
        Case(name: "whitespace around values", input: "GET / HTTP/1.1\r\nHost: \t h \t\r\nX:\r\n\r\n",
             facts: "get:GET / origin path=/ authority=h host=h 1.1 none keep"),
        Case(name: "Expect", input: "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
             facts: "put:PUT / origin path=/ authority=h host=h 1.1 length(1) keep 100-continue"),
        Case(name: "Expect means nothing in HTTP/1.0", input: "PUT / HTTP/1.0\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n",
             facts: "put:PUT / origin path=/ authority= host= 1.0 length(1) close"),
        Case(name: "Upgrade", input: "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
             facts: "get:GET / origin path=/ authority=h host=h 1.1 none keep upgrade=websocket"),
        Case(name: "Upgrade that Connection does not name", input: "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n",
             facts: "get:GET / origin path=/ authority=h host=h 1.1 none keep"),
        Case(name: "Upgrade from HTTP/1.0", input: "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
             facts: "get:GET / origin path=/ authority= host= 1.0 none close"),
        Case(name: "two Upgrade lines",
             input: "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: a\r\nUpgrade: websocket\r\n\r\n",
             facts: "get:GET / origin path=/ authority=h host=h 1.1 none keep"),
        Case(name: "obs-text in a value", input: "GET / HTTP/1.1\r\nHost: h\r\nX: \u{80}\u{FF}\r\n\r\n",
             facts: "get:GET / origin path=/ authority=h host=h 1.1 none keep"),
    ])
    func accepts(_ row: Case) {
        let input = bytes(row.input)
        expectSameHoweverItArrives(.complete(length: input.count, facts: row.facts), count: input.count) {
            readRequest(input, arriving: $0)
        }
    }

    @Test("A pipelined request is left alone")
    func pipelined() {
        let first = bytes("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n")
        let both = first + bytes("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
        let facts = "get:GET /1 origin path=/1 authority=h host=h 1.1 none keep"
        expectSameHoweverItArrives(.complete(length: first.count, facts: facts), count: both.count) {
            readRequest(both, arriving: $0)
        }
    }

    @Test("A reset parser reads the next request as if it were the first")
    func reset() {
        var parser = RequestParser()
        let first = bytes("\r\nPOST http://a/x?y HTTP/1.0\r\nConnection: keep-alive, x\r\nContent-Length: 3\r\nX: 1\r\n\r\n")
        #expect(parser.parse(first.span) == .complete(length: first.count))
        parser.reset()
        #expect(parser.hasStarted == false)
        #expect(parser.head.fields.isEmpty)
        let second = bytes("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(parser.parse(second.span) == .complete(length: second.count))
        #expect(describe(parser.head, in: second) == "get:GET / origin path=/ authority=h host=h 1.1 none keep")
        #expect(describe(parser.head.fields, in: second) == ["Host|h|host"])
    }

    @Test("A request shows no field of the one before, however far it gets")
    func fieldsOfTheNext() {
        let many = "GET / HTTP/1.1\r\nHost: h\r\n" + (0 ..< 30).map { "X-\($0): \($0)\r\n" }.joined() + "\r\n"
        let few = bytes("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB_C: 2\r\n\r\n")
        let all = ["Host|h|host", "A|1|other", "B_C|2|other?"]
        for count in 0 ... few.count {
            var parser = RequestParser()
            for _ in 0 ..< 2 {
                #expect(parser.parse(bytes(many).span) == .complete(length: many.utf8.count))
                #expect(parser.head.fields.count == 31)
                parser.reset()
                #expect(parser.head.fields.isEmpty)
                _ = parser.parse(few.span.extracting(0 ..< count))
                let ends = [25, 31, 39].filter { $0 <= count }
                #expect(describe(parser.head.fields, in: few) == Array(all.prefix(ends.count)))
                parser.reset()
                parser.reset()
                #expect(parser.head.fields.isEmpty)
            }
        }
    }

    @Test("A request has started with its first byte, not with a blank line")
    func hasStarted() {
        var parser = RequestParser()
        let input = bytes("\r\nGET")
        for count in 0 ... 2 {
            #expect(parser.parse(input.span.extracting(0 ..< count)) == .incomplete)
            #expect(parser.hasStarted == false)
        }
        #expect(parser.parse(input.span.extracting(0 ..< 3)) == .incomplete)
        #expect(parser.hasStarted == true)
    }

    @Test("Fields keep their order and spelling, and know what they are")
    func fields() {
        let input = bytes("""
            GET / HTTP/1.1\r
            HOST: h\r
            X_Under: 1\r
            X.Dot:2\r
            connection: X-Hop, keep-alive,te , X.Dot\r
            x-hop: 3\r
            X-hop:\r
            TE: trailers\r
            Cookie: a=b; c=d\r
            X-Forwarded-For: 192.0.2.1\r
            \r

            """)
        var parser = RequestParser()
        #expect(parser.parse(input.span) == .complete(length: input.count))
        #expect(describe(parser.head.fields, in: input) == [
            "HOST|h|host", "X_Under|1|other?", "X.Dot|2|other!?", "connection|X-Hop, keep-alive,te , X.Dot|connection",
            "x-hop|3|other!", "X-hop||other!", "TE|trailers|te!", "Cookie|a=b; c=d|cookie",
            "X-Forwarded-For|192.0.2.1|xForwardedFor",
        ])
    }
}
