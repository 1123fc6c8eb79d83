import Routing
import TestSupport
import Testing

/// What is said of canaries beside each other agrees with the decision.
@Suite struct ReachTests {
    struct Shares: Sendable, CustomTestStringConvertible {
        /// Weight and total of each canary.
        let written: [(Int, Int)]
        let effective: [(Int, Int)]
        var cut: Set<Int> = []
        var isWhole = false
        var testDescription: String { written.map { "\($0.0)/\($0.1)" }.joined(separator: " + ") }
    }

    @Test(arguments: [
        Shares(written: [(10, 100)], effective: [(10, 100)]),
        Shares(written: [(150, 100)], effective: [(100, 100)], isWhole: true),
        Shares(written: [(-5, 100)], effective: [(0, 100)]),
        Shares(written: [(60, 100), (40, 100)], effective: [(60, 100), (40, 100)], isWhole: true),
        Shares(written: [(80, 100), (80, 100)], effective: [(80, 100), (20, 100)], cut: [1], isWhole: true),
        Shares(written: [(80, 100), (80, 100), (1, 100)], effective: [(80, 100), (20, 100), (0, 100)], cut: [1, 2], isWhole: true),
        Shares(written: [(2, 3), (1, 2)], effective: [(2, 3), (2, 6)], cut: [1], isWhole: true),
        Shares(written: [(1, 3), (1, 7)], effective: [(1, 3), (1, 7)]),
        // No common scale is short enough: rounded down, which is no cut.
        Shares(written: [(1, (1 << 59) - 1), (1, (1 << 59) - 55)], effective: [(1, (1 << 59) - 1), (1, (1 << 59) - 1)]),
    ])
    func shares(_ test: Shares) {
        let route = Route.with(test.written.enumerated().map { Canary(name: "c\($0)", backend: 1, weight: $1.0, total: $1.1, sequence: 0) }, keys: [])
        for index in test.written.indices {
            let effective = route.effectiveWeight(of: index)
            #expect([effective.weight, effective.total] == [test.effective[index].0, test.effective[index].1], "\(index)")
            #expect(route.isCut(index) == test.cut.contains(index), "\(index)")
        }
        #expect(route.isWhole == test.isWhole)
    }

    /// 200 requests in turn: as many as the effective weights say.
    @Test func theEffectiveWeightIsWhatCanariesGet() {
        let canaries = (0..<3).map { Canary(name: "c\($0)", backend: $0 + 1, weight: [50, 80, 10][$0], sequence: 0) }
        let route = Route.with(canaries, keys: [])
        let rolls = RollSource(names: ["c"]) { 0x1234_5678_9ABC_DEF0 }
        var got = [0, 0, 0]
        for _ in 0..<200 {
            if case .canary(let index) = route.choose([:], rolls).version { got[index] += 1 }
        }
        for index in got.indices { #expect(abs(got[index] - route.effectiveWeight(of: index).weight * 2) <= 4, "\(got)") }
    }

    /// A canary with an obstacle gets none of many requests; its twin without one gets some.
    @Test func obstaclesAgreeWithTheDecision() throws {
        let keys: [ValueKey] = [.header("x"), .cookie("c")]
        let never = Condition(.query, key: -1, test: .nothing("q"))
        let holds = Condition(.header, key: 0, test: .anyOf([utf8("a")]))
        let impossible = try #require(ModuloRule(divisor: 10, relation: .greater, remainder: 9))
        let canaries: [(Canary, isReachable: Bool)] = [
            (Canary(name: "c", backend: 1, sequence: 0), false),
            (Canary(name: "c", backend: 1, header: HeaderRule(key: 0, match: .invalidPattern("[")), sequence: 0), false),
            (Canary(name: "c", backend: 1, header: HeaderRule(key: 0, match: .alwaysNever), sequence: 0), true),
            (Canary(name: "c", backend: 1, cookie: 1, sequence: 0), true),
            (Canary(name: "c", backend: 1, conditions: [never], sequence: 0), false),
            (Canary(name: "c", backend: 1, conditions: [never, holds], sequence: 0), true),
            (Canary(name: "c", backend: 1, conditions: [never, holds], combination: .all, sequence: 0), false),
            (Canary(name: "c", backend: 1, conditions: [holds], combination: .allThenWeight, weight: 0, sequence: 0), false),
            (Canary(name: "c", backend: 1, conditions: [holds], combination: .allThenWeight, weight: 100, sequence: 0), true),
            (Canary(name: "c", backend: 1, conditions: [Condition(.cookie, key: 1, test: .modulo(impossible))], sequence: 0), false),
            (Canary(name: "c", backend: 1, conditions: [never], weight: 1, sequence: 0), true),
        ]
        for (index, (canary, isReachable)) in canaries.enumerated() {
            let route = Route.with([canary], keys: keys)
            let rolls = RollSource(names: ["c"]) { 1 }
            var reached = false
            for x in ["a", "always", "never", "", "9"] {
                for c in ["always", "never", "9", "19", "x"] {
                    for _ in 0..<40 where route.choose([keys[0]: x, keys[1]: c], rolls).version == .canary(0) { reached = true }
                }
            }
            #expect(reached == isReachable, "\(index)")
            #expect((route.obstacles(of: 0, passesUnusual: false) == nil) == isReachable, "\(index)")
        }
    }

    struct Shadow: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Whether requests reach it, by canary.
        let reached: [Bool]
        /// Without name, backend and sequence.
        let canaries: [Canary]
        /// Of the last canary.
        var says: String?

        init(_ name: String, _ canaries: (reached: Bool, canary: Canary)..., says: String? = nil) {
            (testDescription, reached, self.says) = (name, canaries.map(\.reached), says)
            self.canaries = canaries.map(\.canary)
        }
    }

    private static let keys: [ValueKey] = [.header("x"), .header("y"), .cookie("c")]

    private static func canary(
        _ name: String, x: HeaderRule.Match? = nil, cookie: Bool = false, _ conditions: [Condition] = [], _ combination: Combination = .any,
        weight: Int = 0, mirrored: Bool = false
    ) -> Canary {
        Canary(
            name: name, backend: 1, header: x.map { HeaderRule(key: 0, match: $0) }, cookie: cookie ? 2 : nil, conditions: conditions,
            combination: combination, weight: weight, mirror: mirrored ? Mirror(share: 100, sequence: 0) : nil, sequence: 0)
    }

    private static func x(_ values: String...) -> Condition { Condition(.header, key: 0, test: .anyOf(values.map(utf8))) }
    private static func y(_ values: String...) -> Condition { Condition(.header, key: 1, test: .anyOf(values.map(utf8))) }
    private static let yAlways = Condition(.header, key: 1, test: .alwaysNever)
    /// A search that hits its limit rules out its own canary alone. The first can't; the second does, on `runaway`.
    private static func pattern(_ text: String) -> HeaderRule.Match { (try? Pattern(text)).map { .pattern($0) } ?? .invalidPattern(text) }
    private static let (plain, laborious) = ("^a", "^(a+)+$")
    private static let runaway = String(repeating: "a", count: 40) + "!"
    private static let c = Condition(.cookie, key: 2, test: .anyOf([utf8("a")]))

    /// What a canary asks for, an other one may get first: what is said of it agrees with the decision on all requests there are.
    @Test(arguments: [
        Shadow("equal headers", (true, canary("one", x: .alwaysNever)), (false, canary("two", x: .alwaysNever)), says: "header x sends requests to Ingress one first"),
        Shadow("equal values", (true, canary("one", x: .value(utf8("a")))), (false, canary("two", x: .value(utf8("a"))))),
        Shadow("other values", (true, canary("one", x: .value(utf8("a")))), (true, canary("two", x: .value(utf8("b"))))),
        Shadow("a value and a list with it", (true, canary("one", [x("a", "b")])), (false, canary("two", x: .value(utf8("b")))), says: "header x = b sends requests to Ingress one first"),
        Shadow("a list and a part of it", (true, canary("one", x: .value(utf8("b")))), (true, canary("two", [x("a", "b")]))),
        Shadow("always and a value", (true, canary("one", x: .alwaysNever)), (true, canary("two", x: .value(utf8("a"))))),
        Shadow("equal cookies", (true, canary("one", cookie: true)), (false, canary("two", cookie: true)), says: "cookie c sends requests to Ingress one first"),
        Shadow("a header may rule the older one out", (true, canary("one", x: .alwaysNever, cookie: true)), (true, canary("two", cookie: true))),
        Shadow("but if it rules both out", (true, canary("one", x: .alwaysNever, cookie: true)), (false, canary("two", x: .alwaysNever, cookie: true))),
        Shadow("a value rules nobody out", (true, canary("one", x: .value(utf8("a")), cookie: true)), (false, canary("two", cookie: true))),
        Shadow("in the same family, too", (true, canary("one", x: .alwaysNever, [y("a")])), (true, canary("two", [y("a")]))),
        Shadow("a weight beside it", (true, canary("one", x: .alwaysNever)), (true, canary("two", x: .alwaysNever, weight: 10))),
        Shadow("the third", (true, canary("one", x: .alwaysNever)), (true, canary("two", cookie: true)), (false, canary("three", x: .alwaysNever, cookie: true))),
        Shadow("all, of which one is the older one's", (true, canary("one", [x("a")])), (false, canary("two", [x("a"), c], .all)), says: "header x = a and cookie c = a sends requests to Ingress one first"),
        Shadow("all, tried before", (true, canary("one", cookie: true)), (true, canary("two", [x("a"), c], .all))),
        Shadow("all and more", (true, canary("one", [x("a"), c], .all)), (true, canary("two", [x("a")])), (false, canary("three", [x("a"), yAlways, c], .all))),
        Shadow("the younger before the older one's weight", (true, canary("two", [x("a")])), (false, canary("one", [x("a"), c], .allThenWeight, weight: 100))),
        Shadow("the older one's weight behind the younger", (false, canary("one", [x("a"), c], .allThenWeight, weight: 100)), (true, canary("two", [x("a")]))),
        Shadow("equal patterns", (true, canary("one", x: pattern(laborious))), (false, canary("two", x: pattern(laborious))), says: "header x ~ ^(a+)+$ sends requests to Ingress one first"),
        Shadow("other patterns", (true, canary("one", x: pattern(plain))), (true, canary("two", x: pattern("^b")))),
        Shadow("a search may rule the older one out", (true, canary("one", x: pattern(laborious), cookie: true)), (true, canary("two", cookie: true))),
        Shadow("but if it rules both out, too", (true, canary("one", x: pattern(laborious), cookie: true)), (false, canary("two", x: pattern(laborious), cookie: true))),
        Shadow("a short search rules nobody out", (true, canary("one", x: pattern(plain), cookie: true)), (false, canary("two", cookie: true))),
    ])
    func shadows(_ test: Shadow) {
        let route = Route.with(test.canaries, keys: Self.keys)
        let rolls = RollSource(names: ["c"]) { 1 }
        var reached = test.canaries.map { _ in false }
        let values = [nil, "a", "b", "always", "never"]
        for x in values + [Self.runaway] {
            for y in values {
                for c in values {
                    let said = [(Self.keys[0], x), (Self.keys[1], y), (Self.keys[2], c)].compactMap { key, value in value.map { (key, $0) } }
                    for _ in 0..<2 {
                        if case .canary(let index) = route.choose(Dictionary(uniqueKeysWithValues: said), rolls).version { reached[index] = true }
                    }
                }
            }
        }
        #expect(reached == test.reached)
        let obstacles = test.canaries.indices.map { route.obstacles(of: $0, passesUnusual: false) }
        #expect(obstacles.map { $0 == nil } == test.reached, "\(obstacles)")
        if let says = test.says { #expect(obstacles.last == [says]) }
    }

    /// A canary with copies only is in effect while stable is.
    @Test(arguments: [
        Shadow("something is left", (true, canary("one", weight: 99)), (true, canary("two", mirrored: true))),
        Shadow("nothing is left", (true, canary("one", weight: 100)), (false, canary("two", mirrored: true)), says: "the weight of Ingress one leaves stable no request to copy"),
        Shadow("by two", (true, canary("one", weight: 50)), (true, canary("two", weight: 50)), (false, canary("three", mirrored: true)),
               says: "the weights of Ingress one and two leave stable no request to copy"),
        Shadow("but for those who say never", (true, canary("one", cookie: true, weight: 100)), (true, canary("two", mirrored: true))),
        Shadow("but for those who are in no group", (true, canary("one", [x("a"), c], .allThenWeight, weight: 100)), (true, canary("two", mirrored: true))),
        Shadow("a header that says only yes", (true, canary("one", x: .value(utf8("a")), weight: 100)), (false, canary("two", mirrored: true))),
    ])
    func copies(_ test: Shadow) {
        let route = Route.with(test.canaries, keys: Self.keys)
        let rolls = RollSource(names: ["c"]) { 1 }
        var isStableReached = false
        for x in [nil, "a", "never"] {
            for c in [nil, "a", "never"] {
                let said = [(Self.keys[0], x), (Self.keys[2], c)].compactMap { key, value in value.map { (key, $0) } }
                for _ in 0..<200 where route.choose(Dictionary(uniqueKeysWithValues: said), rolls).version == .stable { isStableReached = true }
            }
        }
        #expect(isStableReached == (test.reached.last == true))
        let obstacles = test.canaries.indices.map { route.obstacles(of: $0, passesUnusual: false) }
        #expect(obstacles.map { $0 == nil } == test.reached, "\(obstacles)")
        if let says = test.says { #expect(obstacles.last == [says]) }
    }

    /// Canaries by chance: one that is said to get nothing gets nothing, and no copies either.
    @Test(arguments: 0..<6) func nothingIsSaidThatIsUntrue(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var said = (unreachable: 0, reached: 0)
        for _ in 0..<25 {
            let route = Route.with((0..<Int.random(in: 2...3, using: &random)).map { Self.canary("c\($0)", &random) }, keys: Self.keys)
            let rolls = RollSource(names: ["c"]) { 1 }
            var isStableReached = false, reached = route.canaries.map { _ in false }
            let values = [nil, "a", "always", "never"]
            for position in 0..<64 {
                let request = [(Self.keys[0], values[position % 4]), (Self.keys[1], values[position / 4 % 4]), (Self.keys[2], values[position / 16])]
                let present = Dictionary(uniqueKeysWithValues: request.compactMap { key, value in value.map { (key, $0) } })
                for _ in 0..<2 {
                    switch route.choose(present, rolls).version {
                    case .stable: isStableReached = true
                    case .canary(let index): reached[index] = true
                    }
                }
            }
            for index in route.canaries.indices where route.obstacles(of: index, passesUnusual: false) != nil {
                #expect(!reached[index], "\(route.canaries.indices.map { route.ruleTexts(of: $0) })")
                #expect(route.canaries[index].mirror == nil || !isStableReached, "\(route.canaries.indices.map { route.ruleTexts(of: $0) })")
                said.unreachable += 1
            }
            said.reached += reached.count { $0 }
        }
        #expect(said.unreachable > 5 && said.reached > 5, "\(said)")
    }

    private static func canary(_ name: String, _ random: inout SeededGenerator) -> Canary {
        func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }
        let matches: [HeaderRule.Match?] = [nil, nil, .alwaysNever, .alwaysNever, .value(utf8("a")), .value(utf8("b")), .invalidPattern("(")]
        let match = matches.randomElement(using: &random) ?? nil
        let conditions = [x("a"), x("a", "b"), y("a"), yAlways, c].filter { _ in oneIn(4) }
        let combination: Combination = oneIn(2) ? .any : oneIn(2) ? .all : .allThenWeight
        return canary(
            name, x: combination == .any ? match : nil, cookie: combination == .any && oneIn(3), conditions, combination,
            weight: [0, 0, 50, 100].randomElement(using: &random) ?? 0, mirrored: oneIn(4))
    }

    @Test(arguments: [
        ("X-Canary", true, true), ("x_canary", true, true), ("X.Y", false, true), ("X Y", false, false), ("x:y", false, false), ("x\u{7F}", false, false),
    ])
    func fields(_ name: String, _ arrives: Bool, _ arrivesUnusual: Bool) {
        #expect(ValueKey.header(name).canArrive(passesUnusual: false) == arrives)
        #expect(ValueKey.header(name).canArrive(passesUnusual: true) == arrivesUnusual)
        #expect(ValueKey.cookie(name).canArrive(passesUnusual: false))
    }
}
