/// The weights of a route's canaries as ranges on one scale: the first range begins at 0, each next one where the one
/// before ends, and what is left above the last one is the stable version's.
///
/// A range keeps its place when another canary of the route is ruled out for a request, so that no client moves.
struct WeightRange: Sendable {
    /// Buckets `start..<end` belong to the canary; empty without a weight.
    let start: UInt64
    let end: UInt64

    /// The bucket of a roll among `total`: the high half of the product. Only the ratio of a bound to the total counts,
    /// so that writing 10/100 as 100/1000 moves nobody.
    @inline(always)
    static func bucket(of roll: UInt64, total: Int) -> UInt64 {
        roll.multipliedFullWidth(by: UInt64(total)).high
    }

    /// The ranges of `canaries` on a common total, at least 1: the least common multiple of theirs, which scales every
    /// weight exactly; if that is beyond 2^59, the largest total, with weights rounded down.
    static func ranges(for canaries: [Canary]) -> (ranges: [WeightRange], total: Int) {
        let totals = canaries.filter { $0.share > 0 }.map(\.total)
        let total = commonMultiple(of: totals) ?? totals.max() ?? 1
        var start = 0
        var ranges: [WeightRange] = []
        for canary in canaries {
            // share <= its total <= the common total, so the product divided fits again.
            let scaled = canary.total.dividingFullWidth(canary.share.multipliedFullWidth(by: total)).quotient
            let end = start + min(scaled, total - start)
            ranges.append(WeightRange(start: UInt64(start), end: UInt64(end)))
            start = end
        }
        return (ranges, total)
    }

    private static func commonMultiple(of totals: [Int]) -> Int? {
        var common = 1
        for total in totals {
            let (product, overflow) = (common / divisor(common, total)).multipliedReportingOverflow(by: total)
            if overflow || product > 1 << 59 { return nil }
            common = product
        }
        return common
    }

    /// Euclid's greatest common divisor of two positive numbers.
    private static func divisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : divisor(b, a % b)
    }
}
