import Addressing
import Routing
import Testing

private let header = ValueKey.header("X-User")
private let cookie = ValueKey.cookie("uid")
private let query = ValueKey.query("v")
private let keys = [header, cookie, query]

/// What a canary may ask of a request beyond the rules of ingress-nginx.
@Suite struct ConditionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var conditions: [Condition] = []
        var combination = Combination.any
        var weight = 0
        var said: [ValueKey: String] = [:]
        var client: String?
        let version: Version
        let reason: Reason
        var testDescription: String { name }
    }

    private static let canary = Version.canary(0)

    private static func anyOf(_ family: Condition.Family, _ values: String...) -> Condition {
        Condition(family, key: family.rawValue, test: .anyOf(values.map { utf8($0) }))
    }

    private static func ranges(_ texts: String...) -> Condition {
        Condition(.source, key: -1, test: .ranges(texts.compactMap { AddressRange($0) }))
    }

    private static func modulo(_ divisor: Int, _ relation: ModuloRule.Relation, _ remainder: Int) -> Condition {
        let rule = ModuloRule(divisor: divisor, relation: relation, remainder: remainder)
        return Condition(.cookie, key: 1, test: rule.map { .modulo($0) } ?? .nothing("rule"))
    }

    private static func pattern(_ family: Condition.Family, _ text: String) -> Condition {
        let test = (try? Pattern(text)).map { Condition.Test.pattern($0) } ?? .invalidPattern(text)
        return Condition(family, key: family.rawValue, test: test)
    }

    static let single: [Case] = [
        Case(name: "one of a list", conditions: [anyOf(.header, "a", "b")], said: [header: "b"], version: canary, reason: .header),
        Case(name: "none of a list", conditions: [anyOf(.header, "a", "b")], said: [header: "ab"], version: .stable, reason: .noRule),
        Case(name: "a list is case-sensitive", conditions: [anyOf(.header, "a")], said: [header: "A"], version: .stable, reason: .noRule),
        Case(name: "a cookie's value", conditions: [anyOf(.cookie, "7")], said: [cookie: "7"], version: canary, reason: .cookie),
        Case(name: "beside a value, always means nothing", conditions: [anyOf(.cookie, "7")], said: [cookie: "always"], version: .stable, reason: .noRule),
        Case(name: "beside a value, never means nothing", conditions: [anyOf(.cookie, "7")], weight: 100, said: [cookie: "never"], version: canary, reason: .weight),
        Case(name: "a cookie's pattern", conditions: [pattern(.cookie, "^u[0-9]{2,3}$")], said: [cookie: "u123"], version: canary, reason: .cookie),
        Case(name: "a cookie's pattern misses", conditions: [pattern(.cookie, "^u[0-9]{2,3}$")], said: [cookie: "u1"], version: .stable, reason: .noRule),
        Case(name: "a cookie's pattern runs away", conditions: [pattern(.cookie, "(a+)+$")], weight: 100, said: [cookie: String(repeating: "a", count: 40) + "b"], version: .stable, reason: .patternError),
        Case(name: "an invalid pattern", conditions: [pattern(.query, "(")], weight: 100, said: [query: "x"], version: .stable, reason: .patternError),
        Case(name: "an invalid pattern of a header", conditions: [pattern(.header, "(")], weight: 100, said: [header: "x"], version: .stable, reason: .headerPatternError),
        Case(name: "an invalid pattern without the value", conditions: [pattern(.query, "(")], weight: 100, version: canary, reason: .weight),
        Case(name: "query always", conditions: [Condition(.query, key: 2, test: .alwaysNever)], said: [query: "always"], version: canary, reason: .query),
        Case(name: "query never", conditions: [Condition(.query, key: 2, test: .alwaysNever)], weight: 100, said: [query: "never"], version: .stable, reason: .queryNever),
        Case(name: "query says nothing", conditions: [Condition(.query, key: 2, test: .alwaysNever)], weight: 100, said: [query: "1"], version: canary, reason: .weight),
        Case(name: "query value", conditions: [anyOf(.query, "1", "2")], said: [query: "2"], version: canary, reason: .query),
        Case(name: "absent is not empty", conditions: [anyOf(.query, "")], version: .stable, reason: .noRule),
        Case(name: "absent as empty", conditions: [Condition(.query, key: 2, test: .anyOf([[]]), readsAbsentAsEmpty: true)], version: canary, reason: .query),
        Case(name: "in a block", conditions: [ranges("10.0.0.0/8", "2001:db8::/32")], client: "10.9.8.7", version: canary, reason: .source),
        Case(name: "in a block of IPv6", conditions: [ranges("10.0.0.0/8", "2001:db8::/32")], client: "2001:db8:1::1", version: canary, reason: .source),
        Case(name: "IPv4 that travels as IPv6", conditions: [ranges("10.0.0.0/8")], client: "::ffff:10.1.1.1", version: canary, reason: .source),
        Case(name: "in no block", conditions: [ranges("10.0.0.0/8")], client: "11.0.0.1", version: .stable, reason: .noRule),
        Case(name: "no address", conditions: [ranges("0.0.0.0/0")], version: .stable, reason: .noRule),
        Case(name: "mod below", conditions: [modulo(100, .less, 10)], said: [cookie: "1009"], version: canary, reason: .cookie),
        Case(name: "mod not below", conditions: [modulo(100, .less, 10)], said: [cookie: "1010"], version: .stable, reason: .noRule),
        Case(name: "mod at most", conditions: [modulo(100, .atMost, 10)], said: [cookie: "10"], version: canary, reason: .cookie),
        Case(name: "mod equal", conditions: [modulo(7, .equal, 0)], said: [cookie: "49"], version: canary, reason: .cookie),
        Case(name: "mod above", conditions: [modulo(100, .greater, 5)], said: [cookie: "1006"], version: canary, reason: .cookie),
        Case(name: "mod at least", conditions: [modulo(100, .atLeast, 6)], said: [cookie: "1005"], version: .stable, reason: .noRule),
        Case(name: "a number as long as it likes", conditions: [modulo(1000, .equal, 789)], said: [cookie: String(repeating: "1", count: 60) + "789"], version: canary, reason: .cookie),
        Case(name: "no number", conditions: [modulo(100, .less, 99)], said: [cookie: "12a"], version: .stable, reason: .noRule),
        Case(name: "a sign is no digit", conditions: [modulo(100, .less, 99)], said: [cookie: "-1"], version: .stable, reason: .noRule),
        Case(name: "an empty number", conditions: [modulo(100, .less, 99)], said: [cookie: ""], version: .stable, reason: .noRule),
        Case(name: "what cannot be used", conditions: [Condition(.cookie, key: 1, test: .nothing("x"))], said: [cookie: "x"], version: .stable, reason: .noRule),
    ]

    static let several: [Case] = [
        Case(name: "R21 the header comes first", conditions: [anyOf(.query, "1"), anyOf(.header, "a")], said: [header: "a", query: "1"], version: canary, reason: .header),
        Case(name: "R21 any of them", conditions: [anyOf(.header, "a"), anyOf(.cookie, "b"), ranges("10.0.0.0/8")], client: "10.0.0.1", version: canary, reason: .source),
        Case(name: "all hold", conditions: [anyOf(.header, "a"), anyOf(.cookie, "b")], combination: .all, said: [header: "a", cookie: "b"], version: canary, reason: .match),
        Case(name: "all but one hold", conditions: [anyOf(.header, "a"), anyOf(.cookie, "b")], combination: .all, said: [header: "a", cookie: "c"], version: .stable, reason: .noMatch),
        Case(name: "all but an absent one hold", conditions: [anyOf(.header, "a"), ranges("10.0.0.0/8")], combination: .all, said: [header: "a"], version: .stable, reason: .noMatch),
        Case(name: "all, one says never", conditions: [Condition(.header, key: 0, test: .alwaysNever), anyOf(.cookie, "b")], combination: .all, said: [header: "never", cookie: "b"], version: .stable, reason: .headerNever),
        Case(name: "all, one cannot be searched", conditions: [anyOf(.header, "a"), pattern(.cookie, "(")], combination: .all, said: [header: "a", cookie: "b"], version: .stable, reason: .patternError),
        Case(name: "all takes no weight", conditions: [anyOf(.header, "a")], combination: .all, weight: 100, version: .stable, reason: .noMatch),
        Case(name: "a weight of all", conditions: [anyOf(.header, "a")], combination: .allThenWeight, weight: 100, said: [header: "a"], version: canary, reason: .weight),
        Case(name: "a weight of none", conditions: [anyOf(.header, "a")], combination: .allThenWeight, weight: 0, said: [header: "a"], version: .stable, reason: .noRule),
        Case(name: "no weight without the conditions", conditions: [anyOf(.header, "a")], combination: .allThenWeight, weight: 100, version: .stable, reason: .noMatch),
        Case(name: "together without any condition", combination: .all, weight: 100, version: canary, reason: .weight),
    ]

    @Test(arguments: single + several) func decision(_ test: Case) {
        let canary = Canary(
            name: "shop/canary", backend: 1, conditions: test.conditions, combination: test.combination, weight: test.weight,
            sequence: 0)
        let trace = DecisionTrace()
        let choice = Route.with([canary], keys: keys).choose(
            test.said, RollSource(names: ["shop/canary"]) { 1 }, trace: trace, client: test.client.flatMap { IPAddress($0) })
        #expect(choice.version == test.version)
        #expect(choice.reason == test.reason)
        #expect(!trace.steps.isEmpty)
    }

    /// Of the requests that match, the exact share; of the others none, and they do not use the sequence up.
    @Test func theShareWithinAGroup() {
        let canary = Canary(
            name: "shop/canary", backend: 1, conditions: [Self.anyOf(.header, "a")], combination: .allThenWeight, weight: 25,
            sequence: 0)
        let route = Route.with([canary], keys: keys)
        let rolls = RollSource(names: ["shop/canary"]) { 1 }
        var count = 0
        for number in 0..<4000 {
            let matches = number % 3 == 0
            let isCanary = route.choose(matches ? [header: "a"] : [:], rolls).version == .canary(0)
            #expect(matches || !isCanary)
            if isCanary { count += 1 }
        }
        // 1334 match.
        #expect(abs(count * 4 - 1334) <= 16)
    }

    @Test func severalCanaries() {
        let group = Canary(
            name: "shop/a", backend: 1, conditions: [Self.anyOf(.cookie, "b"), Self.ranges("10.0.0.0/8")], combination: .all, sequence: 0)
        let plain = Canary(name: "shop/b", backend: 2, cookie: 1, weight: 100, sequence: 1)
        let route = Route.with([group, plain], keys: keys)
        let rolls = RollSource(names: ["shop/a", "shop/b"]) { 1 }
        let inside = IPAddress("10.0.0.1")
        #expect(route.choose([cookie: "b"], rolls, client: inside) == Choice(version: .canary(0), reason: .match))
        #expect(route.choose([cookie: "b"], rolls).version == .canary(1))
        #expect(route.choose([cookie: "always"], rolls, client: inside) == Choice(version: .canary(1), reason: .cookie))
        #expect(route.choose([cookie: "never"], rolls, client: inside) == Choice(version: .stable, reason: .cookieNever))
    }

    /// A cookie that names the version beats every rule; one that names neither says nothing.
    @Test(arguments: [
        ("new-80", .canary(0), .pinned), ("old-80", .stable, .pinned), ("other-80", .canary(0), .match), ("", .canary(0), .match),
    ] as [(String, Version, Reason)]) func pin(_ cookieValue: String, _ version: Version, _ reason: Reason) {
        let canary = Canary(
            name: "shop/canary", backend: 1, conditions: [Self.anyOf(.header, "a")], combination: .all,
            pin: VersionPin(key: 1, cookie: "uid", canary: "new-80", stable: "old-80", path: "/"), sequence: 0)
        let trace = DecisionTrace()
        let choice = Route.with([canary], keys: keys).choose(
            [header: "a", cookie: cookieValue], RollSource(names: ["shop/canary"]) { 1 }, trace: trace)
        #expect(choice == Choice(version: version, reason: reason))
        #expect(trace.steps.first?.rule == .pin)
    }

    @Test func theTraceHasAStepForEachCondition() {
        let canary = Canary(
            name: "shop/canary", backend: 1, conditions: [Self.ranges("10.0.0.0/8"), Self.anyOf(.header, "a")],
            combination: .allThenWeight, weight: 50, sequence: 0)
        let route = Route.with([canary], keys: keys)
        let trace = DecisionTrace()
        _ = route.choose([header: "a"], RollSource(names: ["shop/canary"]) { 1 }, trace: trace, client: IPAddress("10.1.2.3"))
        #expect(trace.steps.map(\.rule) == [.header, .source, .match, .weight])
        #expect(trace.steps.map(\.outcome).dropLast() == [.holds, .holds, .undecided])
        #expect(trace.steps.map(\.text).dropLast() == [
            "header x_user is \"a\", asked for header x_user = a",
            "the client is 10.1.2.3, client address in 10.0.0.0/8",
            "all conditions hold, the weight decides",
        ])
    }

    @Test func ruleTexts() {
        func texts(_ combination: Combination, _ weight: Int) -> [String] {
            let canary = Canary(
                name: "c", backend: 1,
                conditions: [Self.modulo(100, .less, 10), Self.anyOf(.header, "a", "b"), Self.ranges("10.0.0.0/8", "::1")],
                combination: combination, weight: weight, sequence: 0)
            return Route.with([canary], keys: keys).ruleTexts(of: 0)
        }
        let rules = ["header x_user = a or b", "cookie uid mod 100 < 10", "client address in 10.0.0.0/8 or ::1/128"]
        #expect(texts(.any, 5) == rules + ["weight 5/100 by request"])
        #expect(texts(.all, 0) == [rules.joined(separator: " and ")])
        #expect(texts(.allThenWeight, 5) == [rules.joined(separator: " and "), "weight 5/100 by request"])
    }

    @Test(arguments: [(1, 0), (0, 0), (-2, 1), (100, 100), (100, -1), (1_000_000_001, 0)])
    func noModuloRule(_ divisor: Int, _ remainder: Int) {
        #expect(ModuloRule(divisor: divisor, relation: .less, remainder: remainder) == nil)
    }
}
