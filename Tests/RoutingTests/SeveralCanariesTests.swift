import Routing
import Testing

private let first = ValueKey.header("First")
private let second = ValueKey.header("Second")
private let cookie = ValueKey.cookie("second")

@Suite struct SeveralCanariesTests {
    /// The first asks for one header, the second for another one and a cookie; weights 10/100 and 200/1000.
    private func route(_ firstWeight: Int = 10, _ secondWeight: Int = 200) -> Route {
        .with(
            [
                Canary(name: "a", backend: 1, header: HeaderRule(key: 0, match: .alwaysNever), weight: firstWeight, sequence: 0),
                Canary(name: "b", backend: 2, header: HeaderRule(key: 1, match: .alwaysNever), cookie: 2,
                       weight: secondWeight, total: 1000, sequence: 1),
            ], keys: [first, second, cookie])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var weights = (0, 0)
        let said: [ValueKey: String]
        let version: Version
        let reason: Reason
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "the second's header", said: [second: "always"], version: .canary(1), reason: .header),
        Case(name: "the first header wins", said: [first: "always", second: "always"], version: .canary(0), reason: .header),
        Case(name: "never rules out the first only", said: [first: "never", second: "always"], version: .canary(1), reason: .header),
        Case(name: "headers come before cookies", said: [first: "always", cookie: "always"], version: .canary(0), reason: .header),
        Case(name: "the second's cookie", said: [cookie: "always"], version: .canary(1), reason: .cookie),
        Case(name: "never bars its cookie too", said: [second: "never", cookie: "always"], version: .stable, reason: .noRule),
        Case(name: "all ruled out by headers", weights: (100, 0), said: [first: "never", second: "never"],
             version: .stable, reason: .headerNever),
        Case(name: "all ruled out, the last by cookie", weights: (100, 0), said: [first: "never", cookie: "never"],
             version: .stable, reason: .cookieNever),
        Case(name: "nothing said", said: [:], version: .stable, reason: .noRule),
        Case(name: "a certain weight", weights: (100, 500), said: [:], version: .canary(0), reason: .weight),
        Case(name: "the second's weight is everything", weights: (0, 1000), said: [:], version: .canary(1), reason: .weight),
    ]) func rules(_ example: Case) {
        let choice = route(example.weights.0, example.weights.1).choose(example.said, RollSource(names: ["a", "b"]) { 1 })
        #expect(choice.version == example.version)
        #expect(choice.reason == example.reason)
    }

    /// On the common total of 1000: 0..<100 is the first's, 100..<300 the second's.
    @Test(arguments: [
        (0, .canary(0), 100), (99, .canary(0), 100), (100, .canary(1), 200), (299, .canary(1), 200),
        (300, .stable, 300), (999, .stable, 300),
    ] as [(UInt64, Version, Int)]) func weightsAddUp(bucket: UInt64, version: Version, weight: Int) throws {
        let choice = try #require(weigh(route(), [:], bucket: bucket))
        #expect(choice == Choice(version: version, reason: .weight, bucket: bucket, weight: weight, total: 1000))
        #expect([0, 1].map(route().rangeStart) == [0, 100])
    }

    /// Who says `never` to the first goes to the stable version instead; nobody else moves.
    @Test(arguments: [(99, .stable), (100, .canary(1)), (299, .canary(1)), (300, .stable)] as [(UInt64, Version)])
    func aRangeStaysInPlace(bucket: UInt64, version: Version) throws {
        #expect(try #require(weigh(route(), [first: "never"], bucket: bucket)).version == version)
    }

    @Test func weightsBeyondTheTotalAreCapped() throws {
        let full = route(80, 500)
        #expect(try #require(weigh(full, [:], bucket: 799)).version == .canary(0))
        #expect(try #require(weigh(full, [:], bucket: 800)).version == .canary(1))
        #expect(try #require(weigh(full, [:], bucket: 999)).version == .canary(1))
    }

    @Test func oddTotalsScaleExactly() throws {
        let odd = Route.with(
            [
                Canary(name: "a", backend: 1, weight: 1, total: 3, sequence: 0),
                Canary(name: "b", backend: 2, weight: 1, total: 7, sequence: 1),
            ], keys: [])
        #expect(try #require(weigh(odd, [:], bucket: 6)).total == 21)
        #expect(try #require(weigh(odd, [:], bucket: 6)).version == .canary(0))
        #expect(try #require(weigh(odd, [:], bucket: 7)).version == .canary(1))
        #expect(try #require(weigh(odd, [:], bucket: 10)).version == .stable)
    }

    @Test func hugeTotalsDoNotTrap() {
        let huge = Route.with(
            [
                Canary(name: "a", backend: 1, weight: .max / 2, total: .max, sequence: 0),
                Canary(name: "b", backend: 2, weight: .max / 2, total: .max - 1, sequence: 1),
            ], keys: [])
        let rolls = RollSource(names: ["a", "b"]) { 1 }
        var canaries = 0
        for _ in 0..<100 where huge.choose([:], rolls).version != .stable { canaries += 1 }
        #expect(canaries > 95)
    }

    @Test func moreCanariesThanThereCanBe() {
        let many = (0..<100).map { Canary(name: "c\($0)", backend: $0, weight: 1, total: 1, sequence: $0) }
        let route = Route.with(many, keys: [])
        #expect(route.canaries.count == Route.maximumCanaries)
        #expect(route.choose([:], RollSource(names: []) { 1 }).version == .canary(0))
    }

    private func weigh(_ route: Route, _ said: [ValueKey: String], bucket: UInt64) -> Choice? {
        guard case .weigh(let draw) = route.decide(RequestValues(route, said), trace: nil) else { return nil }
        // The middle of the bucket's part of the circle.
        let total = UInt64(draw.total)
        let roll = total.dividingFullWidth((bucket, 0)).quotient &+ UInt64.max / total / 2
        return route.weigh(draw, roll: roll, trace: nil)
    }
}
