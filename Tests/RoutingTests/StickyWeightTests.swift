import Routing
import Testing

@Suite struct StickyWeightTests {
    private static let clients = (0..<4000).map { "user-\($0)" }
    private let user = ValueKey.cookie("uid")

    private func members(weight: Int, total: Int = 100, name: String = "shop/canary", seed: String? = nil) -> Set<String> {
        let canary = Canary(name: name, backend: 1, weight: weight, total: total, hashKeys: [0], hashSeed: seed, sequence: 0)
        let route = Route.with([canary], keys: [user])
        let rolls = RollSource(names: [name]) { 1 }
        return Set(Self.clients.filter { route.choose([user: $0], rolls).version == .canary(0) })
    }

    /// Over every weight: who is in stays in.
    @Test func raisingTheWeightOnlyAdds() {
        var before: Set<String> = []
        for weight in 0...100 {
            let now = members(weight: weight)
            #expect(now.isSuperset(of: before), "\(weight)")
            // 4000 clients at 50 % have a standard deviation of 0.8 points: 4 points are five of them.
            #expect(abs(Double(now.count) / Double(Self.clients.count) - Double(weight) / 100) < 0.04)
            before = now
        }
        #expect(before.count == Self.clients.count)
    }

    @Test func writingTheWeightOnAnotherTotalMovesNobody() {
        let written = members(weight: 10)
        #expect(members(weight: 100, total: 1000) == written)
        #expect(members(weight: 1, total: 10) == written)
        #expect(members(weight: 100_000, total: 1_000_000) == written)
    }

    struct Salts: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var one: (name: String, seed: String?) = ("shop/canary", nil)
        let other: (name: String, seed: String?)
    }

    @Test(arguments: [
        Salts(testDescription: "two names", other: ("shop/other", nil)),
        Salts(testDescription: "a seed for the name", other: ("shop/canary", "release-7")),
        Salts(testDescription: "two seeds", one: ("shop/canary", "release-7"), other: ("shop/canary", "release-8")),
        Salts(testDescription: "seeds that begin alike", one: ("shop/canary", "r"), other: ("shop/canary", "r2")),
    ]) func anotherSaltHasOtherClients(_ salts: Salts) {
        let one = members(weight: 20, name: salts.one.name, seed: salts.one.seed)
        let other = members(weight: 20, name: salts.other.name, seed: salts.other.seed)
        #expect(one != other)
        // Independent sets of a fifth share a twenty-fifth of all: 160 with a standard deviation of 12.4, here five of them.
        #expect(abs(one.intersection(other).count - Self.clients.count / 25) < 62)
    }

    @Test func theSameSeedHasTheSameClients() {
        #expect(members(weight: 20, name: "shop/a", seed: "s") == members(weight: 20, name: "shop/b", seed: "s"))
        #expect(members(weight: 20, name: "shop/a", seed: "shop/b") == members(weight: 20, name: "shop/b"))
    }

    @Test func askingAgainChangesNothing() {
        #expect(members(weight: 33) == members(weight: 33))
    }

    /// Chi-square over 256 buckets: 255 degrees of freedom have a mean of 255 and a standard deviation of 22.6; the bound is
    /// passed by chance once in a million.
    @Test(arguments: ["user-", "", "2001:db8::", "0000000000000000000000000000"]) func bucketsAreEven(_ prefix: String) {
        let canary = Canary(name: "shop/canary", backend: 1, weight: 1, total: 256, hashKeys: [0], sequence: 0)
        let route = Route.with([canary], keys: [user])
        var counts = [Int](repeating: 0, count: 256)
        let expected = 400
        for number in 0..<(expected * counts.count) {
            counts[Int(route.hash(canary: 0, utf8(prefix + String(number)).span) >> 56)] += 1
        }
        let chiSquare = counts.reduce(0.0) { sum, count in
            sum + Double((count - expected) * (count - expected)) / Double(expected)
        }
        #expect(chiSquare < 377)
    }

    // MARK: Keys of several parts

    private func joinedRoute(weight: Int = 50) -> Route {
        .with(
            [Canary(name: "shop/canary", backend: 1, weight: weight, hashKeys: [0, 1], sequence: 0)],
            keys: [user, .header("X-Tenant")])
    }

    private func roll(_ one: String?, _ other: String?) -> UInt64? {
        let route = joinedRoute()
        var said: [ValueKey: String] = [:]
        said[user] = one
        said[.header("X-Tenant")] = other
        let values = RequestValues(route, said)
        guard case .weigh(let draw) = route.decide(values, trace: nil), draw.source == .joinedKeys else { return nil }
        return route.roll(for: draw, values, RollSource(names: []) { 0 })
    }

    @Test func partsAreToldApart() throws {
        let rolls = [roll("a", "bc"), roll("ab", "c"), roll("abc", "x"), roll("bc", "a"), roll("a", "b")]
        #expect(rolls.allSatisfy { $0 != nil })
        #expect(Set(rolls).count == rolls.count)
        #expect(roll("a", "bc") == rolls[0])
    }

    /// The order and the lengths are part of every client's key, so that they may not change.
    @Test func aJoinedKeyIsLengthsAndParts() {
        let bytes: [UInt8] = [1, 0, 0, 0] + utf8("a") + [2, 0, 0, 0] + utf8("bc")
        #expect(roll("a", "bc") == WeightedHash.roll(salt: utf8("shop/canary").span, key: bytes.span))
    }

    @Test(arguments: [(nil, "t"), ("u", nil), ("", "t"), ("u", ""), (nil, nil)] as [(String?, String?)])
    func withoutAPartItIsByRequest(_ one: String?, _ other: String?) {
        #expect(roll(one, other) == nil)
    }
}
