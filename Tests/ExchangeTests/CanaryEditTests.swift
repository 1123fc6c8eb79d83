import Exchange
import Testing

/// What a canary changes of its requests and responses, and of nobody else's.
@Suite struct CanaryEditTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var target = "/shop/cart?a=b"
        /// Field lines of the request, each ended.
        var said = "X-Canary: always|"
        var answer = "HTTP/1.1 200 OK|Content-Length: 0||"
        /// Request line and fields that the upstream gets, without those that every request gets.
        var upstream = ["GET /v2/cart?a=b&release=2 HTTP/1.1", "User-Agent: canary", "X-Tag: new", "X-Hops: serin"]
        /// The same of the response.
        var client = ["HTTP/1.1 200 OK", "Cache-Tag: next", "X-Tag: seen", "Vary: X-Canary"]
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "a head with none of the fields"),
        Case(
            name: "stable's are as they came", said: "X-Debug: 1|User-Agent: curl|", answer: "HTTP/1.1 200 OK|Server: x|Content-Length: 0||",
            upstream: ["GET /shop/cart?a=b HTTP/1.1", "X-Debug: 1", "User-Agent: curl"], client: ["HTTP/1.1 200 OK", "Server: x"]),
        Case(name: "what is removed and set", said: "X-Canary: always|x-debug: 1|USER-AGENT: curl|User-Agent: more|X-DEBUG: 2|"),
        Case(
            name: "what is added stands beside", said: "X-Canary: always|X-Tag: old|",
            upstream: ["GET /v2/cart?a=b&release=2 HTTP/1.1", "X-Tag: old", "User-Agent: canary", "X-Tag: new", "X-Hops: serin"]),
        Case(
            name: "what is appended is joined", said: "X-Canary: always|X-Hops: a|x-hops: b, c|",
            upstream: ["GET /v2/cart?a=b&release=2 HTTP/1.1", "User-Agent: canary", "X-Tag: new", "X-Hops: a, b, c, serin"]),
        Case(
            name: "but what was nominated away", said: "X-Canary: always|X-Hops: a|Connection: X-Hops|"),
        Case(
            name: "no query", target: "/shop",
            upstream: ["GET /v2?release=2 HTTP/1.1", "User-Agent: canary", "X-Tag: new", "X-Hops: serin"]),
        Case(
            name: "an empty query", target: "/shop/?",
            upstream: ["GET /v2/?release=2 HTTP/1.1", "User-Agent: canary", "X-Tag: new", "X-Hops: serin"]),
        Case(
            name: "absolute form", target: "http://edited.test/shop?x",
            upstream: ["GET /v2?x&release=2 HTTP/1.1", "User-Agent: canary", "X-Tag: new", "X-Hops: serin"]),
        Case(
            name: "a response's fields", answer: "HTTP/1.1 200 OK|server: x|cache-tag: y|Vary: a|X-Tag: z|vary: b|Content-Length: 0||",
            client: ["HTTP/1.1 200 OK", "X-Tag: z", "Cache-Tag: next", "X-Tag: seen", "Vary: a, b, X-Canary"]),
        Case(
            name: "interim responses are as they came", answer: "HTTP/1.1 103 x|Server: x||HTTP/1.1 200 OK|Server: x|Content-Length: 0||",
            client: ["HTTP/1.1 103 x", "Server: x", "HTTP/1.1 200 OK", "Cache-Tag: next", "X-Tag: seen", "Vary: X-Canary"]),
    ])
    func heads(_ test: Case) {
        let harness = MachineHarness(World())
        harness.take(.client("GET \(test.target) HTTP/1.1|Host: edited.test|\(test.said)|"))
        harness.drive()
        harness.take(.upstream(test.answer))
        harness.drive()
        #expect(Self.lines(text(harness.upstreams.first?.received ?? [])) == test.upstream)
        #expect(Self.lines(text(harness.toClient)) == test.client)
    }

    /// Without what every head has.
    private static func lines(_ heads: String) -> [String] {
        let usual = ["Host", "X-Canary", "X-Request-ID", "X-Real-IP", "X-Forwarded", "X-Scheme", "Date", "Content-Length", "Connection"]
        return heads.split(separator: "|").map(String.init).filter { line in !usual.contains { line.hasPrefix($0) } }
    }
}
