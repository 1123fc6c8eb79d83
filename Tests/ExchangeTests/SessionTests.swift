import Addressing
import HTTP1
import Routing
import Testing
@testable import Exchange

/// Session affinity in requests and responses (R28).
@Suite struct SessionTests {
    // MARK: What a request asks for

    struct Asked: Sendable, CustomTestStringConvertible {
        let name: String
        /// The cookie's value; `SHOP` and `NEXT` are the Services' keys.
        let cookie: String?
        var header: String?
        /// In `scoped`, then in `ingress-nginx`: `newcomer`, `member`, `visitor`.
        let expect: (String, String)
        var testDescription: String { "R28 \(name)" }
    }

    private static let names = ["default-shop-80", "default-next-80"]

    private static func digits(_ key: SessionKey) -> String {
        var text = InlineArray<32, UInt8>(repeating: 0)
        var space = text.mutableSpan
        ClientID(high: key.high, low: key.low).write(into: &space)
        return String(decoding: (0..<32).map { text[$0] }, as: UTF8.self)
    }

    private static func snapshot(_ mode: Compatibility) -> Snapshot {
        let affinities = names.map { name in
            SessionAffinity(
                key: 1, serviceKey: SessionKey(service: name), cookie: SessionCookie(), setsCookie: true, changesOnFailure: false)
        }
        var routes = RouteTableBuilder()
        _ = routes.add(host: "", path: "/", type: .prefix) { index in
            Route(
                index: index, label: "shop/web", host: "", path: "/", pathType: .prefix, stable: 0,
                canaries: [Canary(name: "next", backend: 1, header: HeaderRule(key: 0, match: .alwaysNever), sequence: 0)],
                keys: [.header("X"), .cookie("INGRESSCOOKIE")],
                affinity: RouteAffinity(
                    stable: affinities[0], canaries: [affinities[1]], precedence: mode == .scoped ? .beforeWeight : .first,
                    honoursForeign: mode == .ingressNginx))
        }
        let endpoint = Endpoint(address: .ipv4(0x7F00_0001, port: 80))
        return Snapshot(
            routes: routes.build(),
            backends: names.map { Backend(name: $0, endpoints: [endpoint], balancing: .session(isPersistent: false, service: $0)) },
            sequences: ["next"], compatibility: mode)
    }

    @Test(arguments: [
        Asked(name: "no cookie", cookie: nil, expect: ("newcomer", "newcomer")),
        Asked(name: "an empty one", cookie: "|", expect: ("newcomer", "newcomer")),
        Asked(name: "main's", cookie: "abc|SHOP", expect: ("member", "member")),
        Asked(name: "the canary's", cookie: "abc|NEXT", expect: ("member", "member")),
        Asked(name: "main's, and an explicit rule for the canary", cookie: "abc|SHOP", header: "always", expect: ("visitor", "member")),
        Asked(name: "the canary's, and an explicit rule against it", cookie: "abc|NEXT", header: "never", expect: ("visitor", "member")),
        Asked(name: "one of nobody's", cookie: "abc|0123456789abcdef0123456789abcdef", expect: ("newcomer", "member")),
        Asked(name: "half a one", cookie: "abc", expect: ("newcomer", "member")),
    ], Compatibility.allCases)
    func asks(_ test: Asked, _ mode: Compatibility) {
        let snapshot = Self.snapshot(mode)
        var lines = ["GET / HTTP/1.1", "Host: a"]
        if let header = test.header { lines.append("X: \(header)") }
        if let cookie = test.cookie {
            let parts = cookie.split(separator: "|", omittingEmptySubsequences: false).map { part in
                part == "SHOP" || part == "NEXT" ? Self.digits(SessionKey(service: Self.names[part == "SHOP" ? 0 : 1])) : String(part)
            }
            lines.append("Cookie: a=b; INGRESSCOOKIE=" + parts.joined(separator: "|"))
        }
        let (head, bytes) = Self.parsed(lines)
        var decider = RequestDecider(seed: (1, 2))
        let decision = decider.decide(head, in: bytes.span, client: nil, snapshot: snapshot, rolls: RollSource(names: ["next"]) { 0 })
        guard case .forward = decision, case .session(let session) = decider.target.placement else {
            Issue.record("\(decision)")
            return
        }
        var hash = CRC32()
        hash.update("abc")
        let words = switch session {
        case .newcomer: "newcomer"
        case .member(let found, let endpoint): found == hash.value && endpoint == nil ? "member" : "\(session)"
        case .visitor(let found): found == hash.value ? "visitor" : "\(session)"
        }
        #expect(words == (mode == .scoped ? test.expect.0 : test.expect.1))
        #expect(decider.target.isMarked)
    }

    private static func parsed(_ lines: [String]) -> (head: RequestHead, bytes: [UInt8]) {
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        var parser = RequestParser(limits: HeadLimits(requestLine: 100, fieldBytes: 300, fieldCount: 9))
        if case .complete = parser.parse(bytes.span) {} else { Issue.record("the head is not complete") }
        return (parser.head, bytes)
    }

    /// A canary fails long after its request was decided on, and others since.
    @Test func aStandInIsPlacedByItsOwnRequest() {
        let snapshot = Self.snapshot(.scoped)
        let main = Self.digits(SessionKey(service: Self.names[0]))
        let heads = ["abc", "abd"].map { Self.parsed(["GET / HTTP/1.1", "Host: a", "X: always", "Cookie: INGRESSCOOKIE=\($0)|\(main)"]) }
        var decider = RequestDecider(seed: (1, 2))
        let rolls = RollSource(names: ["next"]) { 0 }
        var targets: [RequestDecider.Target] = []
        for (head, bytes) in heads {
            _ = decider.decide(head, in: bytes.span, client: nil, snapshot: snapshot, rolls: rolls)
            targets.append(decider.target)
        }
        for (index, text) in ["abc", "abd"].enumerated() {
            #expect(targets[index].version == .canary(0))
            let (head, bytes) = heads[index]
            let standIn = decider.standIn(
                for: targets[index], head, in: bytes.span, client: nil, isTLS: false, snapshot: snapshot)
            var hash = CRC32()
            for byte in text.utf8 { hash.update([byte].span) }
            guard case .session(.member(let found, endpoint: nil))? = standIn?.placement, found == hash.value else {
                Issue.record("\(text): \(String(describing: standIn?.placement))")
                continue
            }
        }
    }

    // MARK: The cookie

    struct Set: Sendable, CustomTestStringConvertible {
        let name: String
        var isTLS = false
        var omits = false
        let cookie: SessionCookie
        let attributes: String
        var testDescription: String { "R28 \(name)" }

        init(_ name: String, isTLS: Bool = false, omits: Bool = false, _ attributes: String, _ change: (inout SessionCookie) -> Void = { _ in }) {
            var cookie = SessionCookie()
            change(&cookie)
            (self.name, self.isTLS, self.omits, self.cookie, self.attributes) = (name, isTLS, omits, cookie, attributes)
        }
    }

    @Test(arguments: [
        Set("the least", "; Path=/; HttpOnly"),
        Set("over TLS", isTLS: true, "; Path=/; Secure; HttpOnly"),
        Set("always secure", "; Path=/; Secure; HttpOnly") { $0.isAlwaysSecure = true },
        Set("times", "; Expires=Sun, 06 Nov 1994 08:50:37 GMT; Max-Age=60; Path=/; HttpOnly") { ($0.expires, $0.maxAge) = (60, 60) },
        Set("times in the past", "; Expires=Sun, 06 Nov 1994 08:49:36 GMT; Max-Age=-1; Path=/; HttpOnly") { ($0.expires, $0.maxAge) = (-1, -1) },
        Set("times that are too long", "; Expires=Fri, 31 Dec 9999 23:59:59 GMT; Max-Age=9223372036854775807; Path=/; HttpOnly") {
            ($0.expires, $0.maxAge) = (.max, .max)
        },
        Set("domain and path", "; Domain=.example.com; Path=/shop; HttpOnly") { ($0.domain, $0.path) = (".example.com", "/shop") },
        Set("SameSite", "; Path=/; HttpOnly; SameSite=Strict") { $0.sameSite = .strict },
        Set("SameSite=Lax stays", omits: true, "; Path=/; HttpOnly; SameSite=Lax") { $0.sameSite = .lax },
        Set("SameSite=None", isTLS: true, "; Path=/; Secure; HttpOnly; SameSite=None; Partitioned") {
            $0.sameSite = HashCookie.SameSite.none
            $0.isPartitioned = true
        },
        Set("SameSite=None that would be misread", omits: true, "; Path=/; HttpOnly") { $0.sameSite = HashCookie.SameSite.none },
    ])
    func isSet(_ test: Set) {
        var cookie = test.cookie
        cookie.name = "sid"
        let affinity = SessionAffinity(
            key: 0, serviceKey: SessionKey(high: 3, low: 4), cookie: cookie, setsCookie: true, changesOnFailure: false)
        let mark = SessionMark(affinity: affinity, key: SessionKey(high: 1, low: 2), omitsSameSiteNone: test.omits, now: 784_111_777, isAlwaysSet: false)
        var output = ByteBuffer(capacity: 1024)
        mark.write(isTLS: test.isTLS, to: &output)
        #expect(output.count <= mark.room)
        let value = "00000000000000010000000000000002|00000000000000030000000000000004"
        #expect(Self.text(output) == "Set-Cookie: sid=\(value)\(test.attributes)\r\n")
    }

    private static func text(_ buffer: borrowing ByteBuffer) -> String {
        let bytes = buffer.bytes
        return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }

    @Test(arguments: [
        ("", true), ("curl/8", true), ("Mozilla/5.0 (X11; Linux) Chrome/120.0 Safari/537.36", true),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/51.0.2704.103 Safari/537.36", false), ("Chrome/66.0", false), ("Chrome/49", false),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 12_2 like Mac OS X)", false), ("Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X)", false),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 13_2 like Mac OS X)", true),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_5) AppleWebKit/605 Version/12 Safari/605", false),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_5) AppleWebKit/537 Chrome/74 Safari/537", true),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/13 Safari/605", true),
    ])
    func sameSiteNone(_ agent: String, _ isUnderstood: Bool) {
        #expect(SameSiteNone.isUnderstood(by: Array(agent.utf8).span) == isUnderstood)
    }
}
