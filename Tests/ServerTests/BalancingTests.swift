import Addressing
import Exchange
import Routing
@testable import Server
import Testing

/// The balancers beside round robin (R32).
@Suite struct BalancingTests {
    private static let begin = Instant(nanoseconds: 1_000_000_000)

    private static func endpoints(_ count: Int) -> [UpstreamEndpoint] {
        (0..<count).map { UpstreamEndpoint(.ipv4(address: 0x7F00_0001, port: UInt16(8000 + $0))) }
    }

    private static func balancer(_ endpoints: [UpstreamEndpoint], _ balancing: Balancing, start: Int = 7, now: Instant = begin) -> Balancer {
        Balancer(endpoints, weights: endpoints.map { _ in 1 }, start: start, balancing: balancing, now: now)
    }

    private func number(_ endpoint: UpstreamEndpoint?) -> Int? { endpoint?.address.port.map { Int($0) - 8000 } }

    private static func template() throws -> HashTemplate { try HashTemplate("$host") }

    // MARK: Hashes

    /// One endpoint for each key, in every worker; on a further attempt the next on the ring; none is lost while one is skipped.
    @Test func r32Hash() throws {
        let endpoints = Self.endpoints(4)
        let one = Self.balancer(endpoints, .hash(try Self.template())), other = Self.balancer(endpoints, .hash(try Self.template()), start: 12_345)
        let ring = HashRing(names: endpoints.map(\.address.description))
        var met: Set<Int> = []
        for key in stride(from: UInt32(0), through: .max - 9_999_999, by: 10_000_000) {
            let first = try #require(ring.node(of: key))
            met.insert(first)
            #expect(number(one.pick(.hash(key), now: Self.begin)) == first)
            #expect(number(other.pick(.hash(key), now: Self.begin)) == first)
            var tried = TriedEndpoints()
            tried.insert(endpoints[first])
            let second = ring.node(of: key) { $0 != first }
            #expect(number(one.pick(.hash(key), now: Self.begin, avoiding: tried)) == second)
        }
        #expect(met == [0, 1, 2, 3])
        let key = try #require((UInt32(0)..<1000).lazy.map { $0 << 22 }.first { ring.node(of: $0) == 2 })
        endpoints[2].connectFailed(now: Self.begin)
        #expect(number(one.pick(.hash(key), now: Self.begin)) == ring.node(of: key) { $0 != 2 })
        #expect(number(one.pick(.hash(key), now: Self.begin + .seconds(10))) == 2, "back when its time is up")
        for endpoint in [endpoints[0], endpoints[1], endpoints[3]] { endpoint.connectFailed(now: Self.begin + .seconds(1)) }
        #expect(number(one.pick(.hash(key), now: Self.begin + .seconds(2))) == 2, "all refused: the first to come back")
    }

    @Test func r32Subset() throws {
        let endpoints = Self.endpoints(5)
        let balancer = Self.balancer(endpoints, .subset(try Self.template(), size: 2))
        let ring = SubsetRing(names: endpoints.map(\.address.description), size: 2)
        for key in (UInt32(0)..<16).map({ $0 << 28 }) {
            let group = Set(ring.group(of: key))
            let picks = Set((0..<100).compactMap { _ in number(balancer.pick(.hash(key), now: Self.begin)) })
            #expect(picks == group, "every endpoint of the group and no other")
            var tried = TriedEndpoints()
            for index in group { tried.insert(endpoints[index]) }
            let elsewhere = number(balancer.pick(.hash(key), now: Self.begin, avoiding: tried))
            #expect(elsewhere.map { !group.contains($0) } == true)
        }
    }

    // MARK: Answer times

    private static func picks(_ balancer: Balancer, now: Instant = begin) -> [Int] {
        var counts = [Int](repeating: 0, count: 8)
        for _ in 0..<1200 {
            if let port = balancer.pick(now: now)?.address.port { counts[Int(port) - 8000] += 1 }
        }
        return counts
    }

    /// Of two drawn the faster: the slowest of all only loses, the others win by their rank.
    @Test func r32TwoChoices() {
        let endpoints = Self.endpoints(4)
        for (index, endpoint) in endpoints.enumerated() { endpoint.answerTime.observe(.milliseconds(100 * (index + 1)), now: Self.begin) }
        let counts = Self.picks(Self.balancer(endpoints, .ewma))
        // Of the six pairs three have the first, two more the second, one the third.
        for (count, share) in zip(counts, [600, 400, 200, 0]) { #expect(abs(count - share) <= 100, "\(counts)") }
        #expect(counts[3] == 0)
    }

    /// What was measured long ago counts no more.
    @Test func r32Forgets() {
        let endpoints = Self.endpoints(2)
        endpoints[0].answerTime.observe(.seconds(5), now: Self.begin)
        endpoints[1].answerTime.observe(.milliseconds(10), now: Self.begin)
        let balancer = Self.balancer(endpoints, .ewma)
        #expect(Self.picks(balancer)[0] == 0)
        let later = Self.begin + .seconds(100)
        endpoints[1].answerTime.observe(.milliseconds(10), now: later)
        #expect(Self.picks(balancer, now: later)[1] == 0)
    }

    @Test func r32SlowStart() {
        let endpoints = Self.endpoints(3)
        endpoints[0].answerTime.observe(.seconds(1), now: Self.begin)
        endpoints[1].answerTime.observe(.seconds(3), now: Self.begin)
        _ = Self.balancer(endpoints, .roundRobin)
        #expect(!endpoints[2].answerTime.isKnown, "only where answer times count")
        _ = Self.balancer(endpoints, .ewma, now: Self.begin)
        #expect(endpoints.map { $0.answerTime.score(now: Self.begin) } == [1, 3, 2])
        let strangers = Self.endpoints(2)
        _ = Self.balancer(strangers, .ewma)
        #expect(!strangers.contains { $0.answerTime.isKnown })
    }

    @Test(arguments: 2...5) func r32FurtherAttempts(_ count: Int) {
        let endpoints = Self.endpoints(count)
        let balancer = Self.balancer(endpoints, .ewma)
        var tried = TriedEndpoints()
        tried.insert(endpoints[0])
        endpoints[1].connectFailed(now: Self.begin)
        for _ in 0..<100 {
            let pick = number(balancer.pick(now: Self.begin, avoiding: tried))
            #expect(pick != 0 && (pick != 1 || count == 2))
        }
        #expect(balancer.measures && !Self.balancer(endpoints, .roundRobin).measures)
    }
}
