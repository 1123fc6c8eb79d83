import Routing
import Testing

/// Of which requests there are copies.
@Suite struct MirrorTests {
    private static func rolls() -> RollSource { RollSource(names: ["canary", "canary mirror"]) { 7 } }

    @Test(arguments: [Weight(weight: 1, total: 100), Weight(weight: 50, total: 100), Weight(weight: 125, total: 1000), Weight(weight: 100, total: 100)])
    func anyRunIsExact(_ share: Weight) {
        let mirror = Mirror(share: share.weight, total: share.total, sequence: 1), rolls = Self.rolls()
        var (sum, lowest, highest) = (0, 0, 0)
        for _ in 0..<20_000 {
            sum += (mirror.takesNext(rolls) ? share.total : 0) - share.weight
            lowest = min(lowest, sum)
            highest = max(highest, sum)
        }
        #expect(highest - lowest <= 4 * share.total)
    }

    /// What the weight picks does not pick the copies: each has a sequence of its own.
    @Test func itIsAShareOfWhatStableGets() {
        let mirror = Mirror(share: 50, sequence: 1), rolls = Self.rolls()
        var (stable, copies) = (0, 0)
        for _ in 0..<10_000 where rolls.next(0, weight: 50, total: 100).multipliedFullWidth(by: 100).high >= 50 {
            stable += 1
            if mirror.takesNext(rolls) { copies += 1 }
        }
        #expect(abs(copies - stable / 2) <= 4)
    }

    @Test func extremes() {
        #expect(Mirror(share: 0, sequence: 0) == Mirror(share: 1, sequence: 0))
        #expect(Mirror(share: .max, total: 0, sequence: 0) == Mirror(share: 100, sequence: 0))
        #expect(Mirror(share: .min, total: .max, sequence: 0).share == 1)
        // An unknown sequence does not trap.
        #expect(Mirror(share: 1, sequence: 9).takesNext(Self.rolls()))
    }

    /// A canary that only gets copies has a rule, and marks that clients cannot fake.
    @Test func aCanaryThatIsOnlyShownRequests() throws {
        let canary = Canary(name: "c", backend: 1, mirror: Mirror(share: 5, sequence: 0), sequence: 0)
        let route = Route.with([canary, Canary(name: "d", backend: 2, weight: 5, sequence: 0)], keys: [])
        #expect(route.ruleTexts(of: 0) == ["copies 5/100 of stable's requests"])
        let marks = try #require(route.marks)
        #expect(route.isMirrored && marks.copyMarks(of: 1) == nil)
        #expect(marks.copyMarks(of: 0)?.request == utf8("X-Shadow: 1\r\n"))
        for version in [Version.stable, .canary(0), .canary(1)] {
            let isOwned = marks.marks(of: version).ownsRequestField(utf8("x-shadow").span)
            #expect(isOwned)
            #expect(marks.marks(of: version).request.isEmpty)
        }
    }
}
