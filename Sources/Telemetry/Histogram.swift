/// How many durations fell between fixed bounds, with their sum.
///
/// The bounds begin at 0.5 ms because one hop at the edge takes less than 1 ms, which the usual floor of 5 ms would hide.
public struct Histogram: Sendable {
    /// Number of finite bounds; one more bucket takes everything above the last.
    public static let boundCount = 14

    /// Upper bounds of the buckets in nanoseconds, ascending; a duration equal to a bound belongs to it (`le` is inclusive).
    public static let bounds: InlineArray<14, UInt64> = [
        500_000, 1_000_000, 2_500_000, 5_000_000,
        10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
        1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    ]

    private var buckets = InlineArray<15, UInt64>(repeating: 0)

    /// Sum of all durations, in nanoseconds.
    public private(set) var sumNanoseconds: UInt64 = 0

    public init() {}

    /// Number of durations recorded.
    public var count: UInt64 {
        var total: UInt64 = 0
        for index in buckets.indices { total &+= buckets[index] }
        return total
    }

    /// Durations in one bucket alone, not in those below it; `index` is in `0...boundCount`, the last being "above all bounds".
    public func countInBucket(_ index: Int) -> UInt64 { buckets[index] }

    public mutating func record(nanoseconds: UInt64) {
        // Most requests end in the first few buckets, so a predicted early exit beats comparing with all bounds.
        var index = 0
        while index < Histogram.boundCount && nanoseconds > Histogram.bounds[index] { index &+= 1 }
        buckets[index] &+= 1
        sumNanoseconds &+= nanoseconds
    }

    public mutating func merge(_ other: Histogram) {
        for index in buckets.indices { buckets[index] &+= other.buckets[index] }
        sumNanoseconds &+= other.sumNanoseconds
    }
}
