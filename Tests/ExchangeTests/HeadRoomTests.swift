import Addressing
@testable import Exchange
import HTTP1
import Routing
import Testing

/// Heads of answers that are longer than a block, because of what a configuration has them say: however long that is, the request has
/// an answer.
@Suite struct HeadRoomTests {
    private static let block = BufferPool.Size.huge.rawValue

    private static func path(_ count: Int) -> String { "/" + String(repeating: "x", count: count - 1) }

    /// `long.test/`, whose canary (by header) adds a field of `count` bytes to responses, and which is shielded on `safe.test/`;
    /// `session.test/`, whose session cookie has such a path; `bare.test`, whose root leads to such a path; `shown.test/`, whose clients
    /// without a certificate are sent to such a page.
    private static func snapshot(_ count: Int, retry: RetryRule = .standard, _ change: (inout HTTPSPolicy) -> Void = { _ in }) -> Snapshot {
        var routes = RouteTableBuilder()
        let long = path(count)
        var edits = CanaryEdits()
        edits.response.added = [FieldEdits.Field(name: "X-Long", value: long)]
        for (host, shield) in [("long.test", nil), ("safe.test", Shield())] as [(String, Shield?)] {
            let canary = Canary(
                name: "shop/next", backend: World.canary, header: HeaderRule(key: 0, match: .alwaysNever), edits: edits, shield: shield,
                sequence: 0)
            _ = routes.add(host: host, path: "/", type: .prefix) { index in
                Route(
                    index: index, label: "shop/web", host: host, path: "/", pathType: .prefix, stable: World.stable, canaries: [canary],
                    keys: [.header("x-canary")], retry: retry)
            }
        }
        var cookie = SessionCookie()
        cookie.path = long
        let affinity = SessionAffinity(
            key: 0, serviceKey: SessionKey(high: 3, low: 4), cookie: cookie, setsCookie: true, changesOnFailure: false)
        for host in ["session.test", "shown.test"] {
            _ = routes.add(host: host, path: "/", type: .prefix) { index in
                Route(
                    index: index, label: "shop/web", host: host, path: "/", pathType: .prefix, stable: World.stable,
                    keys: [.cookie(cookie.name)],
                    affinity: host == "shown.test" ? nil : RouteAffinity(stable: affinity, canaries: [], precedence: .first, honoursForeign: true))
            }
        }
        routes.redirectRoot(ofHost: "bare.test", to: long)
        var https = HTTPSPolicy()
        https.rules = Array(repeating: [], count: routes.nextIndex)
        https.rules[3] = .looksAtClients
        https.clientRules[3] = ClientRule(.required, identity: 7, plainFailure: .certificateMissing, errorPage: Array(long.utf8))
        change(&https)
        let endpoint = Endpoint(address: .ipv4(0x7F00_0001, port: 9001))
        let rule = GzipPolicy.Rule(minimumLength: 1, types: MediaTypes(["text/*"]))
        return Snapshot(
            routes: routes.build(),
            backends: [
                Backend(name: "shop/old:80", endpoints: [endpoint, endpoint]), Backend(name: "shop/new:80", endpoints: [endpoint, endpoint]),
            ],
            sequences: ["shop/next"], https: https, gzip: GzipPolicy(Array(repeating: rule, count: routes.nextIndex), memory: 64 << 20))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Bytes of what is said.
        var long = HeadRoomTests.block
        var retry = RetryRule.standard
        var request = "GET / HTTP/1.1|Host: long.test|X-Canary: always||"
        /// What the upstreams say, one after the other.
        var answers: [String] = []
        var clientTakes = Int.max
        /// Status lines and failure.
        let statuses: [Int]
        var failure: Failure?
        var attempts = 1
        var testDescription: String { name }
    }

    private static let short = "HTTP/1.1 200 OK|Content-Length: 2||ok"
    private static let interim = "HTTP/1.1 103 x|Link: \(String(repeating: "x", count: 20_000))||"

    static let cases: [Case] = [
        Case(name: "what is said fits", long: block - 1000, answers: [short], statuses: [200]),
        Case(name: "it does not, beside a longer head", long: block - 1000, answers: ["HTTP/1.1 200 OK|X: \(String(repeating: "y", count: 1000))|Content-Length: 0||"],
             statuses: [502], failure: .badResponse),
        Case(name: "it never does", answers: [short], statuses: [502], failure: .badResponse),
        Case(name: "a response that would be compressed",
             request: "GET / HTTP/1.1|Host: long.test|X-Canary: always|Accept-Encoding: gzip||",
             answers: ["HTTP/1.1 200 OK|Content-Type: text/plain|Content-Length: 9||some text"], statuses: [502], failure: .badResponse),
        Case(name: "beside interim responses that still wait", long: block - 10_000, answers: [interim + short], clientTakes: 0,
             statuses: [103, 502], failure: .badResponse),
        Case(name: "an interim response says nothing of it", answers: ["HTTP/1.1 103 x||" + short], statuses: [103, 502], failure: .badResponse),
        Case(name: "interim responses that still wait, beside what fits", long: block - 30_000, answers: [interim + short], clientTakes: 0,
             statuses: [103, 200]),
        Case(name: "a tunnel", request: "GET / HTTP/1.1|Host: long.test|X-Canary: always|Connection: upgrade|Upgrade: websocket||",
             answers: ["HTTP/1.1 101 x|Connection: upgrade|Upgrade: websocket||"], statuses: [502], failure: .badResponse),
        Case(name: "another endpoint is asked, where the rule has it", retry: RetryRule([.error, .invalidHeader], tries: 2),
             answers: [short, short], statuses: [502], failure: .badResponse, attempts: 2),
        Case(name: "stable answers for a shielded canary", request: "GET / HTTP/1.1|Host: safe.test|X-Canary: always||",
             answers: [short, short], statuses: [200], attempts: 2),
        Case(name: "a session cookie that fits", long: block - 2000, request: "GET / HTTP/1.1|Host: session.test||", answers: [short], statuses: [200]),
        Case(name: "one that does not", request: "GET / HTTP/1.1|Host: session.test||", answers: [short], statuses: [502], failure: .badResponse),
        Case(name: "an app-root that fits", long: block - 2000, request: "GET / HTTP/1.1|Host: bare.test||", statuses: [302], attempts: 0),
        Case(name: "one that does not, beside the head", long: block - 2000,
             request: "GET / HTTP/1.1|Host: bare.test|X: \(String(repeating: "a", count: 3000))||", statuses: [500], failure: .answerTooLong,
             attempts: 0),
        Case(name: "one that never does", request: "GET / HTTP/1.1|Host: bare.test||", statuses: [500], failure: .answerTooLong, attempts: 0),
        Case(name: "to HEAD", request: "HEAD / HTTP/1.1|Host: bare.test||", statuses: [500], failure: .answerTooLong, attempts: 0),
        Case(name: "a page that fits", long: block - 2000, request: "GET / HTTP/1.1|Host: shown.test||", statuses: [302],
             failure: .certificateMissing, attempts: 0),
        Case(name: "one that does not", request: "GET / HTTP/1.1|Host: shown.test||", statuses: [400], failure: .certificateMissing, attempts: 0),
    ]

    /// - Parameter chunk: bytes of a read or write at most.
    @Test(arguments: cases, [Int.max, 10_000])
    func isAnswered(_ test: Case, _ chunk: Int) {
        let harness = MachineHarness()
        harness.snapshot = Self.snapshot(test.long, retry: test.retry)
        harness.chunk = chunk
        harness.clientTakes = test.clientTakes
        harness.take(.client(test.request))
        harness.drive()
        for answer in test.answers where harness.isOpen {
            // What names the endpoint to the client.
            harness.machine.assign(test.request.contains("session.test") ? SessionKey(high: 1, low: 2) : nil)
            harness.take(.upstream(answer))
            harness.drive()
        }
        harness.take(.clientTakes(.max))
        harness.drive()
        #expect(Self.statuses(harness.toClient) == test.statuses)
        #expect(harness.summaries.map(\.status) == [UInt16(test.statuses.last ?? 0)])
        #expect(harness.summaries.map(\.failure) == [test.failure])
        #expect(harness.summaries.map(\.attempts) == [test.attempts])
        #expect(harness.problems == [])
        #expect(harness.context.gzip.inUse == 0)
    }

    private static func statuses(_ bytes: [UInt8]) -> [Int] {
        // The others begin further in front.
        text(Array(bytes.prefix(30_000))).split(separator: "|").filter { $0.hasPrefix("HTTP/1.1 ") }.compactMap { Int($0.dropFirst(9).prefix(3)) }
    }

    /// An answer of the proxy's own does without the session cookie, and without Strict-Transport-Security.
    @Test(arguments: [("session.test", block), ("long.test", block / 2), ("long.test", block)])
    func answersDoWithout(_ host: String, _ count: Int) {
        let harness = MachineHarness()
        harness.client = ClientIdentity(peer: IPAddress(World.peer), localPort: 443, isTLS: true)
        harness.snapshot = Self.snapshot(host == "session.test" ? count : 10) { https in
            https.rules = https.rules.map { _ in .isCertified }
            https.clientRules = [:]
            https.strictTransport = Array(Self.path(host == "session.test" ? 10 : count).utf8)
        }
        harness.take(.client("GET / HTTP/1.1|Host: \(host)||"))
        harness.drive()
        harness.machine.assign(SessionKey(high: 1, low: 2))
        harness.take(.upstream("nonsense||"))
        harness.drive()
        let head = Message(harness.toClient).head
        #expect(head.hasPrefix("HTTP/1.1 502 "))
        #expect(!head.contains("Set-Cookie"))
        #expect(head.contains("Strict-Transport-Security") == (host == "session.test" || count < Self.block))
        #expect(harness.problems == [])
    }

    /// Around the point from which on a head has no room, there is nothing between an answer and a refusal.
    @Test func roomIsAnUpperBound() {
        var statuses: [Int] = []
        for count in stride(from: Self.block - 800, through: Self.block, by: 50) {
            let harness = MachineHarness()
            harness.snapshot = Self.snapshot(count)
            harness.take(.client("GET / HTTP/1.1|Host: long.test|X-Canary: always||"))
            harness.drive()
            harness.take(.upstream(Self.short))
            harness.drive()
            statuses += harness.summaries.map { Int($0.status) }
            #expect(harness.problems == [])
        }
        #expect(statuses.count == 17)
        #expect(statuses.first == 200 && statuses.last == 502)
        #expect(statuses == statuses.sorted())
    }
}
