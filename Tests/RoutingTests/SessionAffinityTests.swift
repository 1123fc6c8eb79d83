import Testing
import TestSupport
@testable import Routing

/// Session affinity: what a cookie says, and what it has to say in a decision (R21, R28–R30).
@Suite struct SessionAffinityTests {
    private static let shop = "default-shop-80", next = "default-next-80"
    private static let shopKey = "a630d342a7253deaa8858cf51930c012"
    private static let nextKey = "55fdb4e625e5592e65f8582ae3323b13"

    // MARK: Keys

    /// As ingress-nginx makes them; computed by another program.
    @Test func r28Keys() {
        func digits(_ key: SessionKey) -> String {
            var bytes = InlineArray<32, UInt8>(repeating: 0)
            var space = bytes.mutableSpan
            ClientID(high: key.high, low: key.low).write(into: &space)
            return text(bytes.span)
        }
        #expect(digits(SessionKey(service: Self.shop)) == Self.shopKey)
        #expect(digits(SessionKey(service: Self.next)) == Self.nextKey)
        #expect(digits(SessionKey(endpoint: "10.0.0.1:80", of: Self.shop)) == "ba693cad9a765f1fb98befa6218dec47")
        #expect(SessionKey(utf8("00000000000000010000000000000002").span) == SessionKey(high: 1, low: 2))
    }

    @Test(arguments: ["", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0", "0123456789ABCDEF0123456789abcdef", "0123456789abcdeg0123456789abcdef"])
    func r28NoKey(_ text: String) { #expect(SessionKey(utf8(text).span) == nil) }

    struct Value: Sendable, CustomTestStringConvertible {
        let value: String
        let first: String?
        let second: String?
        var testDescription: String { "R28 \(value)" }
    }

    private static let key = "0123456789abcdef0123456789abcdef"

    @Test(arguments: [
        Value(value: "", first: nil, second: nil),
        Value(value: "|", first: nil, second: nil),
        Value(value: "abc", first: "abc", second: nil),
        Value(value: "abc|", first: "abc", second: nil),
        Value(value: "1700000000.12.34.56|\(key)", first: "1700000000.12.34.56", second: key),
        Value(value: "\(key)|\(key)|more", first: key, second: key),
        Value(value: "||a||\(key)", first: "a", second: key),
        Value(value: "a|not a key", first: "a", second: nil),
    ])
    func r28Value(_ test: Value) {
        let value = SessionValue(utf8(test.value).span)
        let hash = test.first.map { first in
            var hash = CRC32()
            hash.update(utf8(first).span)
            return hash.value
        }
        #expect(value.hash == hash)
        #expect(value.endpoint == test.first.flatMap { SessionKey(utf8($0).span) })
        #expect(value.service == test.second.flatMap { SessionKey(utf8($0).span) })
    }

    // MARK: The version

    enum Mode: String, CaseIterable { case exact, exactLegacy, scoped, scopedLegacy }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Whose cookie the client has: `shop`, `next`, or another value.
        var cookie: String?
        var header: String?
        var word: String?
        var weight = 0
        /// Version and reason in the order of `Mode.allCases`.
        let expect: [(Version, Reason)]
        var testDescription: String { name }
    }

    private static let rules = [ValueKey.header("x"), .cookie("word"), .cookie("INGRESSCOOKIE")]

    private static func route(_ mode: Mode, weight: Int) -> Route {
        func affinity(_ service: String) -> SessionAffinity {
            SessionAffinity(key: 2, serviceKey: SessionKey(service: service), cookie: SessionCookie(), setsCookie: true, changesOnFailure: false)
        }
        let isLegacy = mode == .exactLegacy || mode == .scopedLegacy
        let isExact = mode == .exact || mode == .exactLegacy
        return Route(
            index: 0, label: "shop/web", host: "", path: "/", pathType: .prefix, stable: 0,
            canaries: [Canary(name: "next", backend: 1, header: HeaderRule(key: 0, match: .alwaysNever), cookie: 1, weight: weight, sequence: 0)],
            keys: rules,
            affinity: RouteAffinity(
                stable: affinity(shop), canaries: [isLegacy ? nil : affinity(next)],
                precedence: isExact ? .first : isLegacy ? .never : .beforeWeight, honoursForeign: isExact))
    }

    private static let stays: (Version, Reason) = (.stable, .affinity)
    private static let sticks: (Version, Reason) = (.canary(0), .affinity)
    private static let always: (Version, Reason) = (.canary(0), .header)
    private static let never: (Version, Reason) = (.stable, .headerNever)
    private static let none: (Version, Reason) = (.stable, .noRule)
    private static let weighed: (Version, Reason) = (.canary(0), .weight)

    static let cases: [Case] = [
        Case(name: "R21.1 main's cookie, nothing else", cookie: "shop", expect: [stays, stays, stays, none]),
        Case(name: "R21.1 main's cookie and all of the weight", cookie: "shop", weight: 100, expect: [stays, stays, stays, weighed]),
        Case(name: "R29 main's cookie and header always", cookie: "shop", header: "always", expect: [stays, stays, always, always]),
        Case(name: "R29 main's cookie and cookie always", cookie: "shop", word: "always", expect: [stays, stays, (.canary(0), .cookie), (.canary(0), .cookie)]),
        Case(name: "R21.4 the canary's cookie", cookie: "next", expect: [sticks, none, sticks, none]),
        Case(name: "R29 the canary's cookie and header never", cookie: "next", header: "never", weight: 100, expect: [sticks, never, never, never]),
        Case(
            name: "R29 the canary's cookie and cookie never", cookie: "next", word: "never", weight: 100,
            expect: [sticks, (.stable, .cookieNever), (.stable, .cookieNever), (.stable, .cookieNever)]),
        Case(name: "R30 the canary's cookie and all of the weight", cookie: "next", weight: 100, expect: [sticks, weighed, sticks, weighed]),
        Case(name: "R28 another header value leaves it to the cookie", cookie: "next", header: "maybe", expect: [sticks, none, sticks, none]),
        Case(name: "R28 no cookie", weight: 100, expect: [weighed, weighed, weighed, weighed]),
        Case(name: "R28 a foreign cookie", cookie: "a|\(key)", weight: 100, expect: [weighed, weighed, weighed, weighed]),
        Case(name: "R28 a cookie without a second part", cookie: "a", header: "always", expect: [always, always, always, always]),
    ]

    @Test(arguments: cases) func version(_ test: Case) {
        for (mode, expected) in zip(Mode.allCases, test.expect) {
            var said: [ValueKey: String] = [:]
            said[Self.rules[0]] = test.header
            said[Self.rules[1]] = test.word
            said[Self.rules[2]] = switch test.cookie {
            case "shop": "abc|\(Self.shopKey)"
            case "next": "abc|\(Self.nextKey)"
            default: test.cookie
            }
            let choice = Self.route(mode, weight: test.weight).choose(said, RollSource(names: ["next"]) { 1 })
            #expect(choice.version == expected.0 && choice.reason == expected.1, "\(mode): \(choice)")
        }
    }

    /// The step shows in a trace, whatever it comes to.
    @Test func r28Trace() {
        for (cookie, outcome) in [("abc|\(Self.shopKey)", DecisionTrace.Outcome.stable), ("abc|\(Self.nextKey)", .canary), ("x", .undecided), (nil, .undecided)] {
            let trace = DecisionTrace()
            var said: [ValueKey: String] = [:]
            said[Self.rules[2]] = cookie
            _ = Self.route(.scoped, weight: 0).choose(said, RollSource(names: ["next"]) { 1 }, trace: trace)
            #expect(trace.steps.filter { $0.rule == .affinity }.map(\.outcome) == [outcome])
        }
    }

    // MARK: The endpoint

    private static let names = (1...4).map { "10.0.0.\($0):80" }

    private static func ring(_ isPersistent: Bool, _ names: [String] = names) -> SessionRing {
        SessionRing(names: names, weights: names.map { _ in 1 }, isPersistent: isPersistent, service: shop)
    }

    /// Whatever is drawn leads back to where it was drawn for, in every replica; all endpoints are drawn.
    @Test(arguments: [false, true]) func r28Draw(_ isPersistent: Bool) throws {
        var random = SeededGenerator(seed: 7)
        let ring = Self.ring(isPersistent), replica = Self.ring(isPersistent, Self.names.reversed())
        var met: Set<Int> = []
        for _ in 0..<200 {
            let drawn = try #require(ring.draw({ ClientID(high: random.next(), low: random.next()) }) { $0 != 1 })
            met.insert(drawn.node)
            let request = SessionRequest.member(hash: drawn.key.hash, endpoint: drawn.key)
            #expect(ring.node(named: request) == drawn.node)
            #expect(replica.node(named: request) == 3 - drawn.node)
        }
        #expect(met == [0, 2, 3])
        #expect(ring.draw({ ClientID(high: 1, low: 2) }) { _ in false } == nil)
        #expect(Self.ring(isPersistent, []).draw({ ClientID(high: 1, low: 2) }) { _ in true } == nil)
    }

    /// `persistent`: no client of an endpoint that stays ever moves; `balanced`: a new endpoint gets its share.
    @Test func r28Scaling() {
        let more = Self.names + ["10.0.0.5:80"]
        var moved = 0
        for seed in 0..<1000 as Range<UInt64> {
            let key = SessionKey(high: seed &* 0x9E37_79B9_7F4A_7C15, low: seed)
            let request = SessionRequest.member(hash: key.hash, endpoint: key)
            let (before, after) = (Self.ring(false).node(named: request), Self.ring(false, more).node(named: request))
            if before != after {
                moved += 1
                #expect(after == 4)
            }
        }
        #expect((120...280).contains(moved), "\(moved) of 1000, a fifth")
        for (index, name) in Self.names.enumerated() {
            let key = SessionKey(endpoint: name, of: Self.shop)
            #expect(Self.ring(true, more).node(named: .member(hash: 0, endpoint: key)) == index)
        }
        #expect(Self.ring(true).node(named: .member(hash: 0, endpoint: SessionKey(endpoint: "10.0.0.9:80", of: Self.shop))) == nil)
        #expect(Self.ring(true).node(named: .member(hash: 0, endpoint: nil)) == nil)
        #expect(Self.ring(true).node(named: .visitor(hash: 0)) == Self.ring(false).node(named: .visitor(hash: 0)))
        #expect(Self.ring(true).node(named: .newcomer) == nil)
    }
}
