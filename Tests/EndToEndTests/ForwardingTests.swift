import Testing

/// What an origin gets to see of a request.
@Suite struct ForwardingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let request: String
        /// With PORT for the listener's, ID for a request id of the proxy's own.
        let forwarded: String
        var settings = ""
        var testDescription: String { name }
    }

    /// What follows every head from an untrusted client whose Host is `a.example`.
    private static let own = """

        X-Request-ID: ID
        X-Real-IP: 127.0.0.1
        X-Forwarded-For: 127.0.0.1
        X-Forwarded-Host: a.example
        X-Forwarded-Port: PORT
        X-Forwarded-Proto: http
        X-Forwarded-Scheme: http
        X-Scheme: http
        """

    private static let trusting = "trustedProxies: [127.0.0.0/8]"

    @Test(arguments: [
        Case(
            name: "a plain request",
            request: "GET /a/b?c=d HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n\r\n",
            forwarded: "GET /a/b?c=d HTTP/1.1\nHost: a.example\nAccept: */*" + own),
        Case(
            name: "the target goes on as it was spelt",
            request: "GET //a/./b/../%7Ec?x=%20 HTTP/1.1\r\nHost: a.example\r\n\r\n",
            forwarded: "GET //a/./b/../%7Ec?x=%20 HTTP/1.1\nHost: a.example" + own),
        Case(
            name: "absolute form becomes origin form, and its authority the Host",
            request: "GET http://a.example/x?y HTTP/1.1\r\nHost: other.example\r\n\r\n",
            forwarded: "GET /x?y HTTP/1.1\nHost: a.example" + own),
        Case(
            name: "HTTP/1.0 becomes HTTP/1.1",
            request: "GET / HTTP/1.0\r\nHost: a.example\r\n\r\n",
            forwarded: "GET / HTTP/1.1\nHost: a.example" + own),
        Case(
            name: "hop-by-hop fields, and those that Connection names, stay here",
            request: "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: X-Mine, keep-alive\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\n"
                + "Proxy-Connection: keep-alive\r\nTE: gzip\r\nTrailer: X\r\nX-Yours: 2\r\n\r\n",
            forwarded: "GET / HTTP/1.1\nHost: a.example\nX-Yours: 2" + own),
        Case(
            name: "Connection cannot strip what the proxy sets",
            request: "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: X-Forwarded-For, X-Real-IP, Host\r\n\r\n",
            forwarded: "GET / HTTP/1.1\nHost: a.example" + own),
        Case(
            name: "an upgrade that is no request for a tunnel stays here",
            request: "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
            forwarded: "GET / HTTP/1.1\nHost: a.example" + own),
        Case(
            name: "an untrusted client's statements are replaced",
            request: "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n"
                + "X-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Scheme: https\r\nX-Scheme: https\r\n"
                + "X-Request-ID: mine\r\nForwarded: for=1.2.3.4\r\n\r\n",
            forwarded: "GET / HTTP/1.1\nHost: a.example" + own),
        Case(
            name: "fields with an underscore and httpoxy's are dropped",
            request: "GET / HTTP/1.1\r\nHost: a.example\r\nX_Real_IP: 1\r\nProxy: evil\r\n\r\n",
            forwarded: "GET / HTTP/1.1\nHost: a.example" + own),
        Case(
            name: "underscores pass where they are allowed",
            request: "GET / HTTP/1.1\r\nHost: a.example\r\nX_A: 1\r\n\r\n",
            forwarded: "GET / HTTP/1.1\nHost: a.example\nX_A: 1" + own, settings: "underscoresInHeaders: true"),
        Case(
            name: "Via, if wanted",
            request: "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
            forwarded: "GET / HTTP/1.1\nHost: a.example" + own + "\nVia: 1.1 edge", settings: "via: edge"),
        Case(
            name: "a trusted proxy's statements are kept and continued",
            request: "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 9.9.9.9, 1.2.3.4\r\nX-Forwarded-Proto: https\r\n"
                + "X-Forwarded-Host: shop.example\r\nX-Forwarded-Port: 443\r\nX-Request-ID: abc-123\r\n\r\n",
            forwarded: """
                GET / HTTP/1.1
                Host: a.example
                X-Request-ID: abc-123
                X-Real-IP: 1.2.3.4
                X-Forwarded-For: 9.9.9.9, 1.2.3.4, 127.0.0.1
                X-Forwarded-Host: shop.example
                X-Forwarded-Port: 443
                X-Forwarded-Proto: https
                X-Forwarded-Scheme: https
                X-Scheme: https
                """, settings: trusting),
        Case(
            name: "a trusted proxy's request id must look like one",
            request: "GET / HTTP/1.1\r\nHost: a.example\r\nX-Request-ID: a b\r\n\r\n",
            forwarded: "GET / HTTP/1.1\nHost: a.example" + own, settings: trusting),
        Case(
            name: "a malformed chain makes the peer the client",
            request: "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 1.2.3.4, junk\r\n\r\n",
            forwarded: "GET / HTTP/1.1\nHost: a.example"
                + own.replacing("X-Forwarded-For: 127.0.0.1", with: "X-Forwarded-For: 1.2.3.4, junk, 127.0.0.1"), settings: trusting),
    ])
    func isSeenAs(_ test: Case) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: test.settings))
        #expect(try serin.client().exchange(test.request).status == 200)
        let seen = try origin.requests(1)[0].head
        var expected = test.forwarded.replacing("PORT", with: "\(serin.address.port)")
        if expected.contains(": ID") {
            let id = try #require(seen["X-Request-ID"])
            #expect(id.utf8.count == 32 && id.allSatisfy { $0.isHexDigit && !$0.isUppercase }, "\(id)")
            expected = expected.replacing(": ID", with: ": " + id)
        }
        #expect(seen.description == expected)
    }

    @Test func requestIDsDiffer() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        for _ in 0..<100 { _ = try client.get() }
        let other = try SerinProcess(.origin(origin))
        for _ in 0..<10 { _ = try other.client().get() }
        #expect(Set(origin.requests.map { $0["X-Request-ID"] }).count == 110)
    }

    @Test func bodiesKeepTheirFraming() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        #expect(try client.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").status == 200)
        #expect(try client.exchange(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n06\r\n world\r\n0\r\nX-T: 1\r\n\r\n").status == 200)
        #expect(try client.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").status == 200)
        let seen = try origin.requests(3)
        #expect(seen.map(\.text) == ["hello", "hello world", ""])
        #expect(seen.map { $0["Content-Length"] } == ["5", nil, "0"])
        #expect(seen.map { $0["Transfer-Encoding"] } == [nil, "chunked", nil])
    }
}
