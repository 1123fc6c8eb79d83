import Exchange
import Routing
import Testing

/// Golden heads: what an upstream and a client get, whole.
@Suite struct RewriteTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var world = World()
        let request: String
        let upstream: String
        var testDescription: String { name }
    }

    @Test(arguments: plain + trusted) func request(_ test: Case) {
        let harness = MachineHarness(test.world)
        harness.take(.client(test.request))
        harness.drive()
        let received = text(harness.upstreams.first?.received ?? [])
        #expect(received.withoutMadeID == test.upstream)
    }

    private static func world(_ change: (inout World) -> Void) -> World {
        var world = World()
        change(&world)
        return world
    }

    private static let own = """
        X-Request-ID: made|X-Real-IP: 192.0.2.1|X-Forwarded-For: 192.0.2.1|X-Forwarded-Host: a.test|X-Forwarded-Port: 80|\
        X-Forwarded-Proto: http|X-Forwarded-Scheme: http|X-Scheme: http||
        """

    static let plain: [Case] = [
        Case(
            name: "fields keep their order and spelling",
            request: "GET /a?b=c HTTP/1.1|aCCept: */*|Host: a.test|Cookie: x=y||",
            upstream: "GET /a?b=c HTTP/1.1|Host: a.test|aCCept: */*|Cookie: x=y|" + own),
        Case(
            name: "hop-by-hop and nominated fields go",
            request: """
                GET / HTTP/1.1|Host: a.test|Connection: keep-alive, X-Hop|Keep-Alive: 5|Proxy-Connection: x|TE: trailers|\
                Trailer: x|X-Hop: 1|Upgrade: websocket|X-Stays: 2||
                """,
            upstream: "GET / HTTP/1.1|Host: a.test|X-Stays: 2|" + own),
        Case(
            name: "nobody can nominate Host or our own fields away",
            request: "GET / HTTP/1.1|Host: a.test|Connection: Host, X-Forwarded-For, X-Real-IP, X-Request-ID||",
            upstream: "GET / HTTP/1.1|Host: a.test|" + own),
        Case(
            name: "nobody can nominate a body's length away",
            request: "PUT / HTTP/1.1|Host: a.test|Content-Length: 1|Connection: content-length||x",
            upstream: "PUT / HTTP/1.1|Host: a.test|Content-Length: 1|" + own + "x"),
        Case(
            name: "a stranger's statements are replaced",
            request: """
                GET / HTTP/1.1|Host: a.test|X-Forwarded-For: 1.2.3.4|X-Real-IP: 1.2.3.4|X-Forwarded-Proto: https|X-Scheme: https|\
                X-Forwarded-Host: evil|X-Forwarded-Port: 1|X-Forwarded-Scheme: https|X-Request-ID: mine|Forwarded: for=1.2.3.4||
                """,
            upstream: "GET / HTTP/1.1|Host: a.test|" + own),
        Case(
            name: "absolute form", request: "GET http://a.test/x?y HTTP/1.1|Host: other||",
            upstream: "GET /x?y HTTP/1.1|Host: a.test|" + own),
        Case(
            name: "absolute form without a path", request: "GET http://a.test HTTP/1.1|Host: a.test||",
            upstream: "GET / HTTP/1.1|Host: a.test|" + own),
        Case(
            name: "absolute form with a query only", request: "GET http://a.test?q HTTP/1.1|Host: a.test||",
            upstream: "GET /?q HTTP/1.1|Host: a.test|" + own),
        Case(
            name: "OPTIONS counts its forwards down",
            request: "OPTIONS * HTTP/1.1|Host: a.test|Max-Forwards: 10|Connection: max-forwards||",
            upstream: "OPTIONS * HTTP/1.1|Host: a.test|Max-Forwards: 9|" + own),
        Case(
            name: "a count that is none goes on as it came",
            request: "OPTIONS / HTTP/1.1|Host: a.test|Max-Forwards: 99999999999999999999||",
            upstream: "OPTIONS / HTTP/1.1|Host: a.test|Max-Forwards: 99999999999999999999|" + own),
        Case(
            name: "other methods do not count", request: "GET / HTTP/1.1|Host: a.test|Max-Forwards: 0||",
            upstream: "GET / HTTP/1.1|Host: a.test|Max-Forwards: 0|" + own),
        Case(
            name: "HTTP/1.0 becomes 1.1", request: "GET / HTTP/1.0|Host: a.test||",
            upstream: "GET / HTTP/1.1|Host: a.test|" + own),
        Case(
            name: "underscores are dropped", request: "GET / HTTP/1.1|Host: a.test|X_Real_IP: 1|a_b: 2||",
            upstream: "GET / HTTP/1.1|Host: a.test|" + own),
        Case(
            name: "underscores pass where they may", world: world { $0.underscores = true },
            request: "GET / HTTP/1.1|Host: a.test|a_b: 2||", upstream: "GET / HTTP/1.1|Host: a.test|a_b: 2|" + own),
        Case(
            name: "but none of ours by another spelling", world: world { $0.underscores = true },
            request: "GET / HTTP/1.1|Host: a.test|X_Real_IP: 6.6.6.6|X_Forwarded-For: 6|X.Forwarded.For: 6|x_request_id: 6|Content_Length: 6"
                + "|Transfer_Encoding: chunked|ssl_client_verify: SUCCESS|X_Forwarded: 1|a_b: 2||",
            upstream: "GET / HTTP/1.1|Host: a.test|X_Forwarded: 1|a_b: 2|" + own),
        Case(
            name: "Proxy is dropped", request: "GET / HTTP/1.1|Host: a.test|Proxy: http://evil||",
            upstream: "GET / HTTP/1.1|Host: a.test|" + own),
        Case(
            name: "the original path is forwarded", request: "GET /a/../b//c%41 HTTP/1.1|Host: a.test||",
            upstream: "GET /a/../b//c%41 HTTP/1.1|Host: a.test|" + own),
        Case(
            name: "TLS", world: world { $0.isTLS = true }, request: "GET / HTTP/1.1|Host: a.test||",
            upstream: "GET / HTTP/1.1|Host: a.test|" + own.replacing("http", with: "https").replacing("Port: 80", with: "Port: 443")),
        Case(
            name: "Via", world: world { $0.via = "edge" }, request: "GET / HTTP/1.0|Host: a.test||",
            upstream: "GET / HTTP/1.1|Host: a.test|" + own.dropLast() + "Via: 1.0 edge||"),
    ]

    static let trusted: [Case] = [
        Case(
            name: "a trusted client's statements are kept or added to", world: world { $0.trustsClient = true },
            request: """
                GET / HTTP/1.1|Host: a.test|X-Forwarded-For: 203.0.113.7, 192.0.2.9|X-Forwarded-Proto: https|\
                X-Forwarded-Port: 443|X-Forwarded-Host: b.test|X-Request-ID: abc-1.2_~:+/=|Forwarded: for=203.0.113.7||
                """,
            upstream: """
                GET / HTTP/1.1|Host: a.test|Forwarded: for=203.0.113.7|X-Request-ID: abc-1.2_~:+/=|X-Real-IP: 203.0.113.7|\
                X-Forwarded-For: 203.0.113.7, 192.0.2.9, 192.0.2.1|X-Forwarded-Host: b.test|X-Forwarded-Port: 443|\
                X-Forwarded-Proto: https|X-Forwarded-Scheme: https|X-Scheme: https||
                """),
        Case(
            name: "a trusted client that says nothing", world: world { $0.trustsClient = true },
            request: "GET / HTTP/1.1|Host: a.test||", upstream: "GET / HTTP/1.1|Host: a.test|" + own),
        Case(
            name: "a malformed X-Forwarded-For", world: world { $0.trustsClient = true },
            request: "GET / HTTP/1.1|Host: a.test|X-Forwarded-For: 203.0.113.7, nonsense||",
            upstream: "GET / HTTP/1.1|Host: a.test|"
                + own.replacing("For: 192.0.2.1", with: "For: 203.0.113.7, nonsense, 192.0.2.1")),
        Case(
            name: "a request id that is none", world: world { $0.trustsClient = true },
            request: "GET / HTTP/1.1|Host: a.test|X-Request-ID: a b||", upstream: "GET / HTTP/1.1|Host: a.test|" + own),
        Case(
            name: "a request id that is too long", world: world { $0.trustsClient = true },
            request: "GET / HTTP/1.1|Host: a.test|X-Request-ID: \(String(repeating: "x", count: 129))||",
            upstream: "GET / HTTP/1.1|Host: a.test|" + own),
    ]

    @Test func requestIDsDiffer() {
        let harness = MachineHarness()
        let get = "GET / HTTP/1.1|Host: a.test||"
        for step in [.client(get), .upstream("HTTP/1.1 204 x||"), .client(get)] as [Script.Step] {
            harness.take(step)
            harness.drive()
        }
        let ids = harness.upstreams.map { text($0.received).madeID }
        #expect(ids.count == 2)
        #expect(ids.allSatisfy { $0?.count == 32 })
        #expect(ids[0] != ids[1])
    }

    @Test func responseHead() {
        let harness = MachineHarness()
        harness.take(.client("GET / HTTP/1.1|Host: a.test||"))
        harness.drive()
        harness.take(.upstream("""
            HTTP/1.1 299 Why not|A: 1|Connection: close, X-Hop|X-Hop: 2|Keep-Alive: 3|Transfer-Encoding: chunked|Trailer: T|\
            a: 4||0||
            """))
        harness.drive()
        #expect(text(harness.toClient) == """
            HTTP/1.1 299 Why not|A: 1|a: 4|Date: Sun, 06 Nov 1994 08:49:37 GMT|Transfer-Encoding: chunked||0||
            """)
    }

    @Test func anUpstreamsDateIsKept() {
        let harness = MachineHarness()
        harness.take(.client("GET / HTTP/1.1|Host: a.test||"))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 204 No Content|Date: yesterday||"))
        harness.drive()
        #expect(text(harness.toClient) == "HTTP/1.1 204 No Content|Date: yesterday||")
    }

    /// R35: the new path is written as nginx would, with the query that came; all attempts get it.
    @Test(arguments: [
        ("/OLD/x%20y?q=%20", "/new//x%20y?q=%20"), ("/old", "/new/"), ("/old//./a%25?", "/new//a%25?"), ("http://app.test/old?x", "/new/?x"),
    ]) func rewrittenPath(_ asked: String, _ expected: String) {
        let harness = MachineHarness()
        harness.connects = [.refused]
        harness.take(.client("GET \(asked) HTTP/1.1|Host: app.test||"))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 204 x||"))
        harness.drive()
        #expect(harness.upstreams.count == 2)
        #expect(harness.upstreams.last.map { text($0.received).split(separator: "|").first } == "GET \(expected) HTTP/1.1")
    }

    /// The version that was chosen is in the summary, and all attempts go to it.
    @Test(arguments: [
        ("canary.test", "always", World.canary, Version.canary(0), Reason.header),
        ("canary.test", "never", World.stable, .stable, .headerNever),
        ("a.test", "always", World.stable, .stable, .noCanary),
        ("half.test", "always", World.stable, .stable, .failover),
    ]) func version(_ host: String, _ says: String, _ backend: Int, _ version: Version, _ reason: Reason) {
        let harness = MachineHarness()
        harness.connects = [.refused, .refused]
        harness.take(.client("GET / HTTP/1.1|Host: \(host)|X-Canary: \(says)||"))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 204 x||"))
        harness.drive()
        #expect(harness.upstreams.map(\.backend) == [backend, backend, backend])
        #expect(harness.summaries.first?.version == version)
        #expect(harness.summaries.first?.reason == reason)
        #expect(harness.summaries.count == 1)
        #expect(harness.requestLines == ["GET / HTTP/1.1"])
    }
}

extension String {
    /// The 32 digits of an id that the proxy made.
    fileprivate var madeID: String? {
        guard let name = firstRange(of: "X-Request-ID: ") else { return nil }
        let id = self[name.upperBound...].prefix { $0.isHexDigit && !$0.isUppercase }
        return id.count == 32 ? String(id) : nil
    }

    fileprivate var withoutMadeID: String { madeID.map { replacing($0, with: "made") } ?? self }
}
