import Telemetry
import Testing

@Suite("Histogram")
struct HistogramTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let nanoseconds: UInt64
        let bucket: Int
        var testDescription: String { name }
    }

    /// Every bound, and one nanosecond to either side of it.
    static let cases: [Case] = (0..<Histogram.boundCount).flatMap { index in
        let bound = Histogram.bounds[index]
        return [
            Case(name: "just under \(bound)", nanoseconds: bound - 1, bucket: index),
            Case(name: "exactly \(bound)", nanoseconds: bound, bucket: index),
            Case(name: "just over \(bound)", nanoseconds: bound + 1, bucket: index + 1),
        ]
    } + [
        Case(name: "nothing", nanoseconds: 0, bucket: 0),
        Case(name: "everything", nanoseconds: .max, bucket: Histogram.boundCount),
    ]

    @Test("a duration lands in the first bucket whose bound it does not exceed", arguments: cases)
    func bucket(_ example: Case) {
        var histogram = Histogram()
        histogram.record(nanoseconds: example.nanoseconds)
        for index in 0...Histogram.boundCount {
            #expect(histogram.countInBucket(index) == (index == example.bucket ? 1 : 0))
        }
        #expect(histogram.count == 1)
        #expect(histogram.sumNanoseconds == example.nanoseconds)
    }

    @Test("the bounds are those that the documentation promises")
    func bounds() {
        let milliseconds = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000]
        #expect((0..<Histogram.boundCount).map { Double(Histogram.bounds[$0]) / 1_000_000 } == milliseconds)
    }

    @Test("merging adds buckets and sums")
    func merge() {
        var left = Histogram()
        left.record(nanoseconds: 1)
        left.record(nanoseconds: 3_000_000)
        var right = Histogram()
        right.record(nanoseconds: 2)
        right.record(nanoseconds: 11_000_000_000)
        left.merge(right)
        #expect(left.countInBucket(0) == 2)
        #expect(left.countInBucket(3) == 1)
        #expect(left.countInBucket(Histogram.boundCount) == 1)
        #expect(left.count == 4)
        #expect(left.sumNanoseconds == 11_003_000_003)
    }
}
