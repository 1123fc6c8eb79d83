import Addressing
import Exchange
import HTTP1
import Routing
import Testing

/// Who answers when a version has no endpoint: the decision alone.
@Suite struct FailoverTests {
    enum Rule: Sendable { case header(String), wholeWeight }
    enum Answer: Sendable { case stable, canary, unavailable }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let mode: Compatibility
        var failover = Failover.canaryToStable
        let rule: Rule
        let hasStable: Bool
        let hasCanary: Bool
        var isRelease = false
        let answer: Answer
        let reason: Reason
        var testDescription: String { name }
    }

    static let exact: [Case] = [
        Case(name: "R21.0 no stable: always is not looked at", mode: .ingressNginx, rule: .header("always"), hasStable: false, hasCanary: true, answer: .unavailable, reason: .stableWithoutEndpoint),
        Case(name: "R21.0 no stable: nor is all the weight", mode: .ingressNginx, rule: .wholeWeight, hasStable: false, hasCanary: true, answer: .unavailable, reason: .stableWithoutEndpoint),
        Case(name: "R21.0 no stable: `failover` does not count", mode: .ingressNginx, failover: .both, rule: .header("never"), hasStable: false, hasCanary: true, answer: .unavailable, reason: .stableWithoutEndpoint),
        Case(name: "R21.0 neither", mode: .ingressNginx, rule: .header("always"), hasStable: false, hasCanary: false, answer: .unavailable, reason: .stableWithoutEndpoint),
        Case(name: "R21.3 no canary: always is stable", mode: .ingressNginx, rule: .header("always"), hasStable: true, hasCanary: false, answer: .stable, reason: .failover),
        Case(name: "R21.3 no canary: all the weight is stable", mode: .ingressNginx, rule: .wholeWeight, hasStable: true, hasCanary: false, answer: .stable, reason: .failover),
        Case(name: "R21.3 no canary: `failover` does not count", mode: .ingressNginx, failover: .none, rule: .header("always"), hasStable: true, hasCanary: false, answer: .stable, reason: .failover),
        Case(name: "R21.5 both: always is the canary", mode: .ingressNginx, rule: .header("always"), hasStable: true, hasCanary: true, answer: .canary, reason: .header),
    ]

    static let scoped: [Case] = [
        Case(name: "4 no stable: always reaches the canary", mode: .scoped, rule: .header("always"), hasStable: false, hasCanary: true, answer: .canary, reason: .header),
        Case(name: "4 no stable: all the weight reaches it", mode: .scoped, rule: .wholeWeight, hasStable: false, hasCanary: true, answer: .canary, reason: .weight),
        Case(name: "4 no stable: never is 503", mode: .scoped, rule: .header("never"), hasStable: false, hasCanary: true, answer: .unavailable, reason: .headerNever),
        Case(name: "4 no canary, canaryToStable: stable", mode: .scoped, rule: .header("always"), hasStable: true, hasCanary: false, answer: .stable, reason: .failover),
        Case(name: "4 neither, canaryToStable: 503", mode: .scoped, rule: .header("always"), hasStable: false, hasCanary: false, answer: .unavailable, reason: .header),
        Case(name: "4 no canary, none: 503", mode: .scoped, failover: .none, rule: .header("always"), hasStable: true, hasCanary: false, answer: .unavailable, reason: .header),
        Case(name: "4 no stable, none: 503", mode: .scoped, failover: .none, rule: .header("never"), hasStable: false, hasCanary: true, answer: .unavailable, reason: .headerNever),
        Case(name: "4 no stable, none: always reaches the canary", mode: .scoped, failover: .none, rule: .header("always"), hasStable: false, hasCanary: true, answer: .canary, reason: .header),
        Case(name: "4 no stable, both: never is the canary's", mode: .scoped, failover: .both, rule: .header("never"), hasStable: false, hasCanary: true, answer: .canary, reason: .failover),
        Case(name: "4 no canary, both: stable", mode: .scoped, failover: .both, rule: .wholeWeight, hasStable: true, hasCanary: false, answer: .stable, reason: .failover),
        Case(name: "4 neither, both: 503", mode: .scoped, failover: .both, rule: .header("never"), hasStable: false, hasCanary: false, answer: .unavailable, reason: .headerNever),
    ]

    /// ACK's releases: either Service answers for the other.
    static let releases: [Case] = [Compatibility.ingressNginx, .scoped].flatMap { mode in
        [
            Case(name: "release, \(mode), no old Service", mode: mode, failover: .none, rule: .header("never"), hasStable: false, hasCanary: true, isRelease: true, answer: .canary, reason: .failover),
            Case(name: "release, \(mode), no new Service", mode: mode, failover: .none, rule: .header("always"), hasStable: true, hasCanary: false, isRelease: true, answer: .stable, reason: .failover),
            Case(name: "release, \(mode), neither", mode: mode, rule: .header("always"), hasStable: false, hasCanary: false, isRelease: true, answer: .unavailable, reason: .header),
        ]
    }

    @Test(arguments: exact + scoped + releases) func whoAnswers(_ test: Case) throws {
        let endpoint = Endpoint(address: .ipv4(0x7F00_0001, port: 80))
        var routes = RouteTableBuilder()
        _ = routes.add(host: "", path: "/", type: .prefix) { index in
            let canary = switch test.rule {
            case .header:
                Canary(
                    name: "shop/next", backend: 1, header: HeaderRule(key: 0, match: .alwaysNever), coversStable: test.isRelease,
                    sequence: 0)
            case .wholeWeight: Canary(name: "shop/next", backend: 1, weight: 100, sequence: 0)
            }
            return Route(
                index: index, label: "shop/web", host: "", path: "/", pathType: .prefix, stable: 0, canaries: [canary],
                keys: [.header("x-canary")])
        }
        let snapshot = Snapshot(
            routes: routes.build(),
            backends: [
                Backend(name: "old", endpoints: test.hasStable ? [endpoint] : []),
                Backend(name: "new", endpoints: test.hasCanary ? [endpoint] : []),
            ],
            sequences: ["shop/next"], failover: test.failover, compatibility: test.mode)
        var field = ""
        if case .header(let value) = test.rule { field = "X-Canary: \(value)\r\n" }
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n".utf8)
        var parser = RequestParser(limits: HeadLimits(requestLine: 100, fieldBytes: 100, fieldCount: 9))
        guard case .complete = parser.parse(bytes.span) else { Issue.record("the head is not complete"); return }
        var decider = RequestDecider(seed: (1, 2))
        let rolls = RollSource(names: snapshot.sequences) { 0 }
        let decision = decider.decide(parser.head, in: bytes.span, client: nil, snapshot: snapshot, rolls: rolls)
        guard case .forward(let target) = decision else { Issue.record("\(decision)"); return }
        let isAvailable = !snapshot.backends[target.backend].endpoints.isEmpty
        switch test.answer {
        case .unavailable: #expect(!isAvailable)
        case .stable: #expect(isAvailable && target.version == .stable && target.backend == 0)
        case .canary: #expect(isAvailable && target.version == .canary(0) && target.backend == 1)
        }
        #expect(target.reason == test.reason)
    }
}
