import Exchange
import Routing
import Testing

/// What heads say about the decision.
@Suite struct DecisionMarkTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var world = World()
        /// Field lines of the request, each ended.
        var said = "X-Canary: always|"
        var answer = "HTTP/1.1 200 OK|Content-Length: 0||"
        /// What the upstream gets beside the usual.
        var upstream: [String] = ["X-Release: next"]
        /// What the client gets beside what the upstream said.
        let client: [String]
        var testDescription: String { name }
    }

    private static let canaryLines = ["X-Version: canary", "Set-Cookie: version=canary; Path=/; SameSite=Lax"]
    private static let stableLines = ["X-Version: stable", "Set-Cookie: version=stable; Path=/; SameSite=Lax"]

    static let cases: [Case] = [
        Case(name: "canary", client: canaryLines),
        Case(name: "stable", said: "X-Canary: never|", upstream: [], client: stableLines),
        Case(name: "a client's own statement is removed", said: "X-Canary: never|x-release: next|", upstream: [], client: stableLines),
        Case(name: "and replaced", said: "X-Canary: always|X-RELEASE: other|X-Release: more|", client: canaryLines),
        Case(name: "nobody nominates it away", said: "X-Canary: always|Connection: X-Release|", client: canaryLines),
        Case(
            name: "underscores are no way round", world: world { $0.underscores = true },
            said: "X-Canary: never|X_Release: next|", upstream: [], client: stableLines),
        Case(
            name: "an upstream's own statement is removed",
            answer: "HTTP/1.1 200 OK|x-version: 7|Content-Length: 0||", client: canaryLines),
        Case(
            name: "an upstream's cookies stay", answer: "HTTP/1.1 200 OK|Set-Cookie: a=b|Content-Length: 0||",
            client: ["Set-Cookie: a=b"] + canaryLines),
        Case(
            name: "no cookie in what caches share", said: "",
            answer: "HTTP/1.1 200 OK|Cache-Control: public, max-age=60|Content-Length: 0||",
            client: ["Cache-Control: public, max-age=60", "X-Version: canary"]),
        Case(
            name: "nor in what they revalidate", answer: "HTTP/1.1 304 x||", client: ["X-Version: canary"]),
        Case(
            name: "private answers are not shared",
            answer: "HTTP/1.1 200 OK|Cache-Control: max-age=60, private|Content-Length: 0||",
            client: ["Cache-Control: max-age=60, private"] + canaryLines),
        Case(
            name: "stale ones neither",
            answer: "HTTP/1.1 200 OK|Cache-Control: max-age=0|Content-Length: 0||",
            client: ["Cache-Control: max-age=0"] + canaryLines),
        Case(
            name: "a client that has the cookie keeps it", said: "Cookie: uid=0|", upstream: [], client: stableLines),
    ]

    private static func world(_ change: (inout World) -> Void) -> World {
        var world = World()
        change(&world)
        return world
    }

    @Test(arguments: cases) func marks(_ test: Case) {
        let (upstream, client) = exchange(test)
        #expect(upstream == test.upstream)
        #expect(client == test.client)
    }

    /// The lines of both heads that the decision, the cache or a cookie is in.
    private func exchange(_ test: Case) -> (upstream: [String], client: [String]) {
        let harness = MachineHarness(test.world)
        harness.take(.client("GET / HTTP/1.1|Host: marked.test|\(test.said)|"))
        harness.drive()
        harness.take(.upstream(test.answer))
        harness.drive()
        let upstream = lines(text(harness.upstreams.first?.received ?? [])).filter { $0.lowercased().contains("release") }
        let client = lines(text(harness.toClient)).filter { line in
            ["x-version", "set-cookie", "cache-control"].contains { line.lowercased().hasPrefix($0) }
        }
        return (upstream.filter { !$0.hasPrefix("Connection") }, client)
    }

    private func lines(_ head: String) -> [String] { head.split(separator: "|").map(String.init) }

    @Test(arguments: [(false, ""), (true, "; Secure")]) func aNewClientGetsItsCookie(_ isTLS: Bool, _ secure: String) throws {
        let test = Case(name: "", world: Self.world { $0.isTLS = isTLS }, said: "", client: [])
        let cookies = exchange(test).client.filter { $0.hasPrefix("Set-Cookie: uid=") }
        let cookie = try #require(cookies.first)
        let id = cookie.dropFirst("Set-Cookie: uid=".count).prefix { $0 != ";" }
        #expect(id.count == 32)
        #expect(id.allSatisfy { $0.isHexDigit && !$0.isUppercase })
        #expect(cookie.dropFirst("Set-Cookie: uid=".count + 32) == "; Path=/; Max-Age=60; SameSite=Lax\(secure); HttpOnly")
        #expect(cookies.count == 1)
    }

    /// The version that the made key chose is the one that the cookie chooses from then on.
    @Test func theCookieKeepsTheVersion() throws {
        let harness = MachineHarness()
        var versions: Set<Version> = []
        for _ in 0..<20 {
            let before = harness.toClient.count
            harness.take(.client("GET / HTTP/1.1|Host: marked.test||"))
            harness.drive()
            harness.take(.upstream("HTTP/1.1 204 x||"))
            harness.drive()
            let answer = text(Array(harness.toClient.dropFirst(before)))
            let cookie = try #require(lines(answer).first { $0.hasPrefix("Set-Cookie: uid=") })
            let id = cookie.dropFirst("Set-Cookie: uid=".count).prefix(32)
            harness.take(.client("GET / HTTP/1.1|Host: marked.test|Cookie: UID=\(id)||"))
            harness.drive()
            harness.take(.upstream("HTTP/1.1 204 x||"))
            harness.drive()
            let pair = harness.summaries.suffix(2).map(\.version)
            #expect(pair.count == 2 && pair[0] == pair[1])
            if let version = pair.first ?? nil { versions.insert(version) }
        }
        #expect(versions.count == 2, "both versions are met")
    }
}
