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

    /// How long a message is, is not for a canary to say, whatever it was given to remove.
    @Test func lengthsStay() {
        var world = World()
        world.removes = ["Content-Length", "Content_Length"]
        let harness = MachineHarness(world)
        harness.take(.client("GET /shop HTTP/1.1|Host: edited.test|X-Canary: always||"))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 200 OK|Content-Length: 2||ok"))
        harness.drive()
        let message = Message(harness.toClient)
        #expect(message.head.field("Content-Length") == "2")
        #expect(harness.problems == [])
    }

    /// `*` has no path to change and no query (RFC 9112 section 3.2.4).
    @Test(arguments: [
        ("OPTIONS *", "OPTIONS *"), ("OPTIONS http://rewritten.test", "OPTIONS *"),
        ("OPTIONS http://rewritten.test/", "OPTIONS /v2/?q=1"), ("OPTIONS http://rewritten.test?a", "OPTIONS /v2/?a&q=1"),
        ("OPTIONS /a", "OPTIONS /v2/a?q=1"), ("GET http://rewritten.test", "GET /v2/?q=1"),
    ])
    func theWholeServer(_ asked: String, _ expected: String) {
        let harness = MachineHarness(World())
        harness.take(.client("\(asked) HTTP/1.1|Host: rewritten.test|X-Canary: always||"))
        harness.drive()
        #expect(harness.upstreams.first.map { text($0.received).split(separator: "|").first } == "\(expected) HTTP/1.1")
    }

    /// What a peer says of one field is copied once, however often the canary joins it.
    @Test(arguments: [["x-hops"], ["X-Hops", "x_hops", "X_Hops"], ["ETag"], ["etag", "ETag", "X-Hops"]], [10, 1500, 2300, 15_000])
    func longValues(_ names: [String], length: Int) {
        for isCompressed in [false, true] { longValues(names, length, isCompressed: isCompressed) }
    }

    private func longValues(_ names: [String], _ length: Int, isCompressed: Bool) {
        var world = World()
        world.joins = names
        if isCompressed { world.gzip = GzipPolicy.Rule(minimumLength: 1, types: MediaTypes(["text/plain"])) }
        let harness = MachineHarness(world)
        let long = String(repeating: "z", count: length)
        harness.take(.client("GET /shop HTTP/1.1|Host: edited.test|X-Canary: always|Accept-Encoding: gzip|X-Hops: \(long)||"))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 200 OK|Content-Type: text/plain|ETag: \(long)|X-Hops: \(long)|Content-Length: 2||ok"))
        harness.drive()
        #expect(harness.problems == [])
        let folded = names.map { $0.lowercased().replacing("_", with: "-") }
        func joined(_ name: String, first: [String]) -> String {
            ([long] + first + folded.filter { $0 == name }.map { _ in "j" }).joined(separator: ", ")
        }
        let sent = text(harness.upstreams.first?.received ?? [])
        #expect(sent.field("X-Hops") == joined("x-hops", first: ["serin"]))
        let answer = Message(harness.toClient).head
        #expect((answer.field("X-Hops") ?? answer.field("x-hops")) == joined("x-hops", first: []))
        #expect((answer.field("ETag") ?? answer.field("etag")) == joined("etag", first: []))
        for head in [sent, answer] {
            let fields = head.split(separator: "|").map { $0.prefix { $0 != ":" }.lowercased() }
            for name in ["x-hops", "etag"] { #expect(fields.count { $0 == name } <= 1, "\(name) is said once") }
        }
        #expect((answer.field("Content-Encoding") == "gzip") == isCompressed)
    }

    /// Whatever becomes of the upstream's own word on it: caches have to know.
    @Test func compressedAnswersSayWhatTheyVaryBy() {
        var world = World()
        world.gzip = GzipPolicy.Rule(minimumLength: 1, types: MediaTypes(["text/plain"]))
        let harness = MachineHarness(world)
        harness.take(.client("GET /shop HTTP/1.1|Host: edited.test|X-Canary: always|Accept-Encoding: gzip||"))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 200 OK|Content-Type: text/plain|Vary: Accept-Encoding|Content-Length: 2||ok"))
        harness.drive()
        let lines = Message(harness.toClient).head.split(separator: "|").filter { $0.hasPrefix("Vary:") }
        #expect(lines == ["Vary: Accept-Encoding, X-Canary", "Vary: Accept-Encoding"])
    }

    /// Without what every head has.
    private static func lines(_ heads: String) -> [String] {
        let usual = ["Host", "X-Canary", "X-Request-ID", "X-Real-IP", "X-Forwarded", "X-Scheme", "Date", "Content-Length", "Connection"]
        return heads.split(separator: "|").map(String.init).filter { line in !usual.contains { line.hasPrefix($0) } }
    }
}
