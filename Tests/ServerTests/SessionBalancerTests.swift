import Addressing
import Exchange
import Routing
@testable import Server
import Testing
import TestSupport

/// Which endpoint a client's session cookie leads to, and when it gets another cookie (R28).
@Suite struct SessionBalancerTests {
    private static let begin = Instant(nanoseconds: 1_000_000_000)
    private static let service = "default-shop-80"

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let isPersistent: Bool
        var endpoints = 3
        /// The endpoint that the cookie names; nil is no cookie.
        var named: Int?
        var isVisitor = false
        /// The cookie names nothing that is there.
        var isUnknown = false
        var changes = false
        var refused: [Int] = []
        var tried: [Int] = []
        /// The endpoints that may answer.
        let answers: [Int]
        let isNew: Bool
        var testDescription: String { "R28 \(isPersistent ? "persistent" : "balanced"): \(name)" }
    }

    static let cases: [Case] = [false, true].flatMap { isPersistent in
        [
            Case(name: "no cookie", isPersistent: isPersistent, answers: [0, 1, 2], isNew: true),
            Case(name: "a cookie", isPersistent: isPersistent, named: 1, answers: [1], isNew: false),
            Case(name: "no cookie, one refuses", isPersistent: isPersistent, refused: [1], answers: [0, 2], isNew: true),
            Case(name: "no cookie, all refuse", isPersistent: isPersistent, refused: [2, 1, 0], answers: [2], isNew: false),
            Case(name: "its endpoint refuses: it keeps the cookie", isPersistent: isPersistent, named: 1, refused: [1], answers: [0, 2], isNew: false),
            Case(name: "its endpoint refuses: it changes", isPersistent: isPersistent, named: 1, changes: true, refused: [1], answers: [0, 2], isNew: true),
            Case(name: "its endpoint has failed it: it keeps the cookie", isPersistent: isPersistent, named: 1, tried: [1], answers: [0, 2], isNew: false),
            Case(name: "its endpoint has failed it: it changes", isPersistent: isPersistent, named: 1, changes: true, tried: [1], answers: [0, 2], isNew: true),
            Case(name: "two have failed it", isPersistent: isPersistent, named: 1, changes: true, tried: [1, 0], answers: [2], isNew: true),
            Case(name: "the other version's cookie", isPersistent: isPersistent, named: 1, isVisitor: true, answers: [1], isNew: false),
            Case(name: "the other version's, its endpoint refuses", isPersistent: isPersistent, named: 1, isVisitor: true, refused: [1], answers: [0, 2], isNew: false),
            Case(name: "one endpoint", isPersistent: isPersistent, endpoints: 1, answers: [0], isNew: true),
            Case(name: "one endpoint that refuses", isPersistent: isPersistent, endpoints: 1, named: 0, changes: true, refused: [0], answers: [0], isNew: false),
        ]
    } + [
        Case(name: "an endpoint that is gone", isPersistent: true, isUnknown: true, answers: [0, 1, 2], isNew: true),
    ]

    @Test(arguments: cases) func answers(_ test: Case) throws {
        let endpoints = (0..<test.endpoints).map { UpstreamEndpoint(.ipv4(address: 0x7F00_0001, port: UInt16(8000 + $0))) }
        let names = endpoints.map(\.address.description)
        let weights = names.map { _ in 1 }
        let balancer = Balancer(
            endpoints, weights: weights, start: 3, balancing: .session(isPersistent: test.isPersistent, service: Self.service), now: Self.begin)
        let ring = SessionRing(names: names, weights: weights, isPersistent: test.isPersistent, service: Self.service)
        for (turn, index) in test.refused.enumerated() { endpoints[index].connectFailed(now: Self.begin + .seconds(turn)) }
        var tried = TriedEndpoints()
        for index in test.tried { tried.insert(endpoints[index]) }
        var random = SeededGenerator(seed: 11)
        var met: Set<Int> = []
        for turn in 0..<60 {
            let session = try Self.request(test, ring, names, turn)
            let choice = try #require(
                balancer.pickForSession(session, changes: test.changes, now: Self.begin + .seconds(3), avoiding: tried) {
                    ClientID(high: random.next(), low: random.next())
                })
            let index = try #require(endpoints.firstIndex { $0 === choice.endpoint })
            met.insert(index)
            #expect((choice.key != nil) == test.isNew)
            if let key = choice.key { #expect(ring.node(named: .member(hash: key.hash, endpoint: key)) == index) }
        }
        #expect(met.isSubset(of: Set(test.answers)))
        if test.isNew { #expect(met == Set(test.answers)) }
        #expect(balancer.pickForSession(.newcomer, changes: false, now: Self.begin, avoiding: TriedEndpoints()) { ClientID(high: 1, low: 1) } != nil)
    }

    private static func request(_ test: Case, _ ring: SessionRing, _ names: [String], _ turn: Int) throws -> SessionRequest {
        if test.isUnknown { return .member(hash: UInt32(turn), endpoint: SessionKey(high: 1, low: UInt64(turn))) }
        guard let named = test.named else { return .newcomer }
        let plain = HashRing(names: names)
        let hash = try #require((UInt32(turn)..<10_000).lazy.map { $0 &* 0x9E37_79B9 }.first { plain.node(of: $0) == named })
        if test.isVisitor { return .visitor(hash: hash) }
        return .member(hash: hash, endpoint: test.isPersistent ? SessionKey(endpoint: names[named], of: Self.service) : nil)
    }

    @Test func nobody() {
        let balancer = Balancer([], weights: [], start: 3, balancing: .session(isPersistent: false, service: Self.service))
        #expect(balancer.pickForSession(.newcomer, changes: false, now: Self.begin, avoiding: TriedEndpoints()) { ClientID(high: 1, low: 1) } == nil)
    }
}
