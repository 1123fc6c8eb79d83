import Routing
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

    @Test(arguments: [
        ("X-Canary", true, true), ("x_canary", true, true), ("X.Y", false, true), ("X Y", false, false), ("x:y", false, false), ("x\u{7F}", false, false),
    ])
    func fields(_ name: String, _ arrives: Bool, _ arrivesUnusual: Bool) {
        #expect(ValueKey.header(name).canArrive(passesUnusual: false) == arrives)
        #expect(ValueKey.header(name).canArrive(passesUnusual: true) == arrivesUnusual)
        #expect(ValueKey.cookie(name).canArrive(passesUnusual: false))
    }
}
