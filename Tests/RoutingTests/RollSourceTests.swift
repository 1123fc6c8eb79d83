import Routing
import TestSupport
import Testing

struct Weight: Sendable, CustomTestStringConvertible {
    let weight: Int
    let total: Int
    var testDescription: String { "\(weight)/\(total)" }
}

@Suite struct RollSourceTests {
    private static let weights: [Weight] =
        (1..<100).map { Weight(weight: $0, total: 100) }
        + [1, 10, 333, 999].map { Weight(weight: $0, total: 1000) }
        + [Weight(weight: 7, total: 100_000), Weight(weight: 1, total: 10_000), Weight(weight: 12_345, total: 100_000_000),
           Weight(weight: 1, total: 3), Weight(weight: 617_554, total: 857_271)]

    /// Whether each of `count` consecutive requests goes to the canary.
    private static func draws(_ weight: Weight, count: Int, seed: UInt64) -> [Bool] {
        var random = SeededGenerator(seed: seed)
        let rolls = RollSource(names: ["canary"]) { random.next() }
        let bound = UInt64(weight.weight)
        let total = UInt64(weight.total)
        var result: [Bool] = []
        result.reserveCapacity(count)
        for _ in 0..<count {
            let roll = rolls.next(0, weight: weight.weight, total: weight.total)
            result.append(roll.multipliedFullWidth(by: total).high < bound)
        }
        return result
    }

    /// In any run, up to 100 000 here, the canary's count is within 4 of its exact share. The deviation of a run is the
    /// difference of two partial sums, so the spread of the partial sums bounds that of all runs.
    @Test(arguments: weights) func anyRunIsExact(_ weight: Weight) {
        var (sum, lowest, highest) = (0, 0, 0)
        for isCanary in Self.draws(weight, count: 100_000, seed: UInt64(weight.weight)) {
            sum += (isCanary ? weight.total : 0) - weight.weight
            lowest = min(lowest, sum)
            highest = max(highest, sum)
        }
        #expect(highest - lowest <= 4 * weight.total)
    }

    /// Traffic with a period sees the same share: each k-th request, from each offset, over 1000 of them.
    @Test(arguments: [1, 5, 10, 20, 25, 33, 38, 50, 61, 75, 90, 99]) func noPeriodIsFavoured(_ percent: Int) {
        let draws = Self.draws(Weight(weight: percent, total: 100), count: 16_000, seed: 7)
        for period in 2...16 {
            for offset in 0..<period {
                var count = 0
                for index in 0..<1000 where draws[index * period + offset] { count += 1 }
                #expect(abs(count - percent * 10) <= 50, "every \(period)th from \(offset): \(count) of 1000")
            }
        }
    }

    /// The bare sequence is what a moved roll deviates from; two workers differ by their start only.
    @Test func theStartIsInjected() {
        let rolls = RollSource(names: ["a", "b"]) { 5 }
        #expect(rolls.next(0) == 0x9E37_79B9_7F4A_7C1A)
        #expect(rolls.next(0) == 0x3C6E_F372_FE94_F82F)
        #expect(rolls.next(1) == 0x9E37_79B9_7F4A_7C1A)
    }

    @Test func aReloadKeepsPositionsByName() {
        let rolls = RollSource(names: ["a", "b"]) { 5 }
        _ = rolls.next(0)
        rolls.rebind(names: ["new", "a"]) { 0 }
        #expect(rolls.next(1) == 0x3C6E_F372_FE94_F82F)
        #expect(rolls.next(0) == 0x9E37_79B9_7F4A_7C15)
    }

    @Test(arguments: [-1, 1, 99]) func anUnknownSequenceDoesNotTrap(_ sequence: Int) {
        let rolls = RollSource(names: ["a"]) { 5 }
        #expect(rolls.next(sequence) == 0)
        #expect(rolls.next(sequence, weight: 1, total: 2) == 0)
    }

    @Test(arguments: [
        Weight(weight: 0, total: 100), Weight(weight: 100, total: 100), Weight(weight: -1, total: 100),
        Weight(weight: 101, total: 100), Weight(weight: 1, total: 0), Weight(weight: .max, total: .max),
        Weight(weight: 1, total: 1 << 60), Weight(weight: 1 << 59, total: 1 << 60),
    ]) func extremeWeightsDoNotTrap(_ weight: Weight) {
        let rolls = RollSource(names: ["a"]) { 5 }
        var seen: Set<UInt64> = []
        for _ in 0..<1000 { seen.insert(rolls.next(0, weight: weight.weight, total: weight.total)) }
        #expect(seen.count > 900)
    }
}
