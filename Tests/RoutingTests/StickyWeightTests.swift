import Routing
import Testing

@Suite struct StickyWeightTests {
    private static let clients = (0..<4000).map { "user-\($0)" }
    private let user = ValueKey.cookie("uid")

    private func members(weight: Int, total: Int = 100, name: String = "shop/canary") -> Set<String> {
        let route = Route.with([Canary(name: name, backend: 1, weight: weight, total: total, hashKey: 0, sequence: 0)], keys: [user])
        let rolls = RollSource(names: [name]) { 1 }
        return Set(Self.clients.filter { route.choose([user: $0], rolls).version == .canary(0) })
    }

    @Test func raisingTheWeightOnlyAdds() {
        var before: Set<String> = []
        for weight in [0, 1, 2, 5, 10, 25, 50, 75, 99, 100] {
            let now = members(weight: weight)
            #expect(now.isSuperset(of: before))
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

    @Test func anotherCanaryHasOtherClients() {
        let one = members(weight: 20)
        let other = members(weight: 20, name: "shop/other")
        #expect(one != other)
        // Independent sets of a fifth share a twenty-fifth of all.
        #expect(abs(one.intersection(other).count - Self.clients.count / 25) < 60)
    }

    @Test func askingAgainChangesNothing() {
        #expect(members(weight: 33) == members(weight: 33))
    }
}
