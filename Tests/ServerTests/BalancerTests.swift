import Addressing
import Exchange
@testable import Server
import Testing

@Suite struct BalancerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let weights: [Int]
        /// One full round from the first endpoint on, as endpoint numbers.
        let round: [Int]
        var testDescription: String { name }
    }

    private static let begin = Instant(nanoseconds: 1_000_000_000)

    private static func endpoints(_ count: Int) -> [UpstreamEndpoint] {
        (0..<count).map { UpstreamEndpoint(.ipv4(address: 0x7F00_0001, port: UInt16($0))) }
    }

    private func number(_ endpoint: UpstreamEndpoint?) -> Int? { endpoint?.address.port.map { Int($0) } }

    @Test(arguments: [
        Case(name: "one", weights: [5], round: [0]),
        Case(name: "equal ones take turns", weights: [1, 1, 1], round: [0, 1, 2]),
        Case(name: "equal weights are as good as none", weights: [7, 7], round: [0, 1]),
        Case(name: "a heavy one's turns are spread", weights: [5, 1, 1], round: [0, 0, 1, 0, 2, 0, 0]),
        Case(name: "a light one gets its turn", weights: [1, 3], round: [1, 0, 1, 1]),
    ])
    func dealsOut(_ test: Case) {
        let balancer = Balancer(Self.endpoints(test.weights.count), weights: test.weights, start: 0)
        for _ in 0..<3 {
            #expect(test.round.map { _ in number(balancer.pick(now: Self.begin)) } == test.round)
        }
    }

    @Test func nobodyGivesNobody() {
        #expect(Balancer([], weights: [], start: 3).pick(now: Self.begin) == nil)
    }

    @Test func workersBeginAtDifferentPlaces() {
        let endpoints = Self.endpoints(3)
        let firsts = (0..<6).map { number(Balancer(endpoints, weights: [1, 1, 1], start: $0).pick(now: Self.begin)) }
        #expect(firsts == [0, 1, 2, 0, 1, 2])
    }

    @Test(arguments: [[1, 1, 1], [1, 2, 3]])
    func oneThatRefusedIsPassedOver(_ weights: [Int]) {
        let endpoints = Self.endpoints(3)
        let balancer = Balancer(endpoints, weights: weights, start: 0)
        endpoints[1].connectFailed(now: Self.begin)
        let during = Self.begin + .seconds(9)
        #expect(!(0..<30).contains { _ in number(balancer.pick(now: during)) == 1 })
        let after = Self.begin + .seconds(10)
        #expect((0..<30).contains { _ in number(balancer.pick(now: after)) == 1 })
    }

    @Test(arguments: [[1, 1], [1, 2]])
    func ifAllRefusedTheFirstToComeBackIsAsked(_ weights: [Int]) {
        let endpoints = Self.endpoints(2)
        let balancer = Balancer(endpoints, weights: weights, start: 0)
        endpoints[1].connectFailed(now: Self.begin)
        endpoints[0].connectFailed(now: Self.begin + .seconds(1))
        for _ in 0..<5 { #expect(number(balancer.pick(now: Self.begin + .seconds(2))) == 1) }
    }

    @Test func theOnlyOneIsAlwaysAsked() {
        let endpoints = Self.endpoints(1)
        let balancer = Balancer(endpoints, weights: [1], start: 0)
        endpoints[0].connectFailed(now: Self.begin)
        #expect(number(balancer.pick(now: Self.begin)) == 0)
    }

    // MARK: Further attempts

    struct Retry: Sendable, CustomTestStringConvertible {
        let name: String
        var weights = [1, 1, 1]
        /// Endpoints that refused, first to last, a second apart.
        var refused: [Int] = []
        let tried: [Int]
        let expect: Int?
        let hasAnother: Bool
        var testDescription: String { name }
    }

    @Test(arguments: [
        Retry(name: "nothing tried", tried: [], expect: 0, hasAnother: true),
        Retry(name: "the next in turn", tried: [0], expect: 1, hasAnother: true),
        Retry(name: "the only one left", tried: [0, 1], expect: 2, hasAnother: true),
        Retry(name: "the same one twice", tried: [0, 0, 2, 2], expect: 1, hasAnother: true),
        Retry(name: "one that did not refuse comes first", refused: [1], tried: [0], expect: 2, hasAnother: true),
        Retry(name: "one that refused is better than none", refused: [1], tried: [0, 2], expect: 1, hasAnother: true),
        Retry(name: "all refused: the first to come back", refused: [2, 1, 0], tried: [0], expect: 2, hasAnother: true),
        Retry(name: "all refused, the first to come back is tried", refused: [0, 2, 1], tried: [0], expect: 2, hasAnother: true),
        Retry(name: "all tried: one comes again", tried: [0, 1, 2], expect: 0, hasAnother: false),
        Retry(name: "all tried and refused: the first to come back", refused: [2, 0, 1], tried: [0, 1, 2], expect: 2, hasAnother: false),
        Retry(name: "weights: the heaviest left", weights: [5, 1, 3], tried: [0], expect: 2, hasAnother: true),
        Retry(name: "weights: one that did not refuse comes first", weights: [5, 1, 3], refused: [2], tried: [0], expect: 1, hasAnother: true),
        Retry(name: "weights: one that refused is better than none", weights: [5, 1, 3], refused: [2], tried: [0, 1], expect: 2, hasAnother: true),
        Retry(name: "the only one", weights: [1], tried: [], expect: 0, hasAnother: true),
        Retry(name: "the only one, tried", weights: [1], tried: [0], expect: 0, hasAnother: false),
        Retry(name: "nobody", weights: [], tried: [], expect: nil, hasAnother: false),
    ])
    func aFurtherAttemptGoesElsewhere(_ test: Retry) {
        let endpoints = Self.endpoints(test.weights.count)
        let balancer = Balancer(endpoints, weights: test.weights, start: 0)
        for (turn, index) in test.refused.enumerated() {
            endpoints[index].connectFailed(now: Self.begin + .seconds(turn))
        }
        var tried = TriedEndpoints()
        for index in test.tried { tried.insert(endpoints[index]) }
        #expect(tried.isEmpty == test.tried.isEmpty)
        #expect(balancer.hasAnother(than: tried) == test.hasAnother)
        #expect(number(balancer.pick(now: Self.begin + .seconds(3), avoiding: tried)) == test.expect)
    }

    @Test func aNinthIsNotRemembered() {
        let endpoints = Self.endpoints(9)
        var tried = TriedEndpoints()
        for endpoint in endpoints + endpoints { tried.insert(endpoint) }
        #expect(endpoints.map(tried.contains) == Array(repeating: true, count: 8) + [false])
        tried.removeAll()
        #expect(tried.isEmpty && !endpoints.contains(where: tried.contains))
    }
}
