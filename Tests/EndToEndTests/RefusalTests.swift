import Testing

/// Requests that the proxy answers itself: with the contract's status, and a close where what follows cannot be trusted.
@Suite struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let request: String
        let status: Int
        var closes = true
        var testDescription: String { name }
    }

    private static let longLine = String(repeating: "a", count: 9000)

    @Test(arguments: [
        Case(name: "not HTTP", request: "hello\r\n\r\n", status: 400),
        Case(name: "no Host", request: "GET / HTTP/1.1\r\n\r\n", status: 400),
        Case(name: "two Hosts", request: "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", status: 400),
        Case(name: "a blank before the colon", request: "GET / HTTP/1.1\r\nHost : a\r\n\r\n", status: 400),
        Case(name: "a folded field", request: "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", status: 400),
        Case(name: "bare line feeds", request: "GET / HTTP/1.1\nHost: a\n\n", status: 400),
        Case(name: "two lengths", request: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", status: 400),
        Case(name: "length and coding", request: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", status: 400),
        Case(name: "a signed length", request: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", status: 400),
        Case(name: "a length beyond all numbers", request: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", status: 400),
        Case(name: "chunked twice", request: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", status: 400),
        Case(name: "chunked for HTTP/1.0", request: "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", status: 400),
        Case(name: "a coding nobody knows", request: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: zip\r\n\r\n", status: 501),
        Case(name: "a chunk that is none", request: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", status: 400),
        Case(name: "HTTP/2.0", request: "GET / HTTP/2.0\r\nHost: a\r\n\r\n", status: 505),
        Case(name: "the HTTP/2 preface", request: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 505),
        Case(name: "a version that is none", request: "GET / HTTP/1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "an encoded slash", request: "GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "an encoded NUL", request: "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "an encoded dot segment", request: "GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "no such host", request: "GET / HTTP/1.1\r\nHost: nobody.example\r\n\r\n", status: 404, closes: false),
        Case(name: "no such path", request: "GET /nowhere HTTP/1.1\r\nHost: paths.example\r\n\r\n", status: 404, closes: false),
        Case(name: "TRACE", request: "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", status: 405),
        Case(name: "CONNECT", request: "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", status: 405),
        Case(name: "a body over the limit", request: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", status: 413),
        Case(name: "a request line over the limit", request: "GET /\(longLine) HTTP/1.1\r\nHost: a\r\n\r\n", status: 414),
        Case(
            name: "fields over the limit",
            request: "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: \(longLine)\r\n", count: 4) + "\r\n", status: 431),
        Case(
            name: "too many fields",
            request: "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: 1\r\n", count: 101) + "\r\n", status: 431),
        Case(name: "an expectation nobody knows", request: "GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", status: 417),
        Case(name: "no endpoint", request: "GET / HTTP/1.1\r\nHost: empty.example\r\n\r\n", status: 503, closes: false),
    ])
    func isAnswered(_ test: Case) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try Self.start(origin)
        let client = try serin.client()
        let response = try client.exchange(test.request)
        #expect(response.status == test.status)
        #expect(response["Content-Type"]?.hasPrefix("text/plain") == true)
        #expect(response["Date"] != nil)
        #expect(response["Server"] == nil, "no product, no version")
        #expect(!response.body.isEmpty && response["Content-Length"] == "\(response.body.count)")
        #expect((response["Connection"] == "close") == test.closes, "\(response.head)")
        if test.closes {
            #expect(try client.isClosed())
        } else {
            #expect(try client.get(host: "a").status == 200, "the connection goes on")
        }
        #expect(origin.requests.count == (test.closes ? 0 : 1), "the origin never saw it")
    }

    /// Nobody is sent to an empty host (RFC 9110 section 4.2.1).
    @Test(arguments: ["/", "/shop"]) func whoNamesNoHostIsSentNowhere(_ path: String) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(TestConfiguration(
            services: ["app": [origin.address.description]],
            manifests: [Manifests.ingress(
                "app", path: "/shop/", service: "app", annotations: ["nginx.ingress.kubernetes.io/app-root": "/shop/"])]))
        let named = try serin.client().exchange("GET \(path) HTTP/1.0\r\nHost: a\r\n\r\n")
        #expect(named["Location"] == "http://a/shop/")
        let client = try serin.client()
        let response = try client.exchange("GET \(path) HTTP/1.0\r\n\r\n")
        #expect(response.status == 400 && response["Location"] == nil, "\(response.head)")
        #expect(try client.isClosed())
    }

    @Test func theAnswerToHEADHasNoBody() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try Self.start(origin)
        let client = try serin.client()
        let response = try client.exchange("HEAD / HTTP/1.1\r\nHost: nobody.example\r\n\r\n", method: "HEAD")
        #expect(response.status == 404)
        #expect(response["Content-Length"] != nil)
        #expect(try client.get(host: "a").status == 200, "what follows is the next answer, not a body")
    }

    @Test func aSlowClientIsTold() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "timeouts: {clientHeader: 200ms, clientBody: 200ms}"))
        let slowHead = try serin.client()
        try slowHead.send("GET / HTTP/1.1\r\nHo")
        #expect(try slowHead.readResponse().status == 408)
        #expect(try slowHead.isClosed())
        let slowBody = try serin.client()
        try slowBody.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        #expect(try slowBody.readResponse().status == 408)
        #expect(try slowBody.isClosed())
        let silent = try serin.client()
        #expect(try silent.isClosed(), "who has not begun a request is told nothing")
        #expect(try serin.metrics().sum("serin_client_errors_total", ["code": "408"]) == 2)
        #expect(try serin.metrics().sum("serin_timeouts_total", ["kind": "client_body"]) == 1)
        #expect(try serin.metrics().sum("serin_timeouts_total", ["kind": "client_header"]) == 2)
    }

    /// A client that never pauses for long, and never ends: its version, a canary perhaps, is not to look bad for it.
    @Test func whoTricklesIsToBlame() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "timeouts: {request: 300ms}"))
        let client = try serin.client()
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        var sent = 0
        try eventually("an answer") {
            if !client.socket.isReadable { try client.send("x") }
            sent += 1
            return client.socket.isReadable
        }
        #expect(try client.readResponse().status == 408, "after \(sent) bytes")
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_timeouts_total", ["kind": "client_body"]) == 1)
        #expect(metrics.sum("serin_upstream_timeouts_total") == 0 && metrics.sum("serin_upstream_failures_total") == 0)
        #expect(metrics.requests(["code": "5xx"]) == 0)
    }

    @Test func anIdleConnectionEnds() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "timeouts: {clientKeepAlive: 200ms}"))
        let client = try serin.client()
        #expect(try client.get().status == 200)
        #expect(try client.isClosed())
        #expect(try serin.metrics().sum("serin_timeouts_total", ["kind": "client_keep_alive"]) == 1)
    }

    @Test func aChunkedBodyOverTheLimitIsRefusedWhenItShows() throws {
        let origin = try RecordingOrigin { connection in
            _ = try connection.readHead()
            _ = try connection.readToEnd()
        }
        let serin = try SerinProcess(.origin(origin, settings: "limits: {body: 1KiB}"))
        let client = try serin.client()
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        try client.send("200\r\n\(String(repeating: "a", count: 0x200))\r\n")
        try client.send("400\r\n\(String(repeating: "b", count: 0x400))\r\n")
        #expect(try client.readResponse(to: "POST").status == 413)
        #expect(try client.isClosed())
    }

    @Test func everySizeIsFineWithoutALimit() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "limits: {body: 0}"))
        let client = try serin.client()
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
        try client.send([UInt8](repeating: 7, count: 3_000_000))
        #expect(try client.readResponse(to: "POST").status == 200)
        #expect(try origin.requests(1)[0].body.count == 3_000_000)
    }

    /// Hosts with and without a route, a path and an endpoint.
    private static func start(_ origin: RecordingOrigin) throws -> SerinProcess {
        try SerinProcess(TestConfiguration(
            services: ["app": [origin.address.description], "empty": []],
            manifests: [
                Manifests.ingress("a", host: "a", service: "app"),
                Manifests.ingress("empty", host: "empty.example", service: "empty"),
                Manifests.ingress("paths", host: "paths.example", path: "/somewhere", service: "app"),
            ]))
    }
}
