import Telemetry
import Testing

@Suite("Canary counts")
struct CanaryCountsTests {
    private static func label(_ route: String, _ canary: String) -> String { CanaryCounts.label(route: route, canary: canary) }

    @Test("each pair of route and canary has a row of its own, and a class that does not exist is 5xx")
    func rows() {
        var counts = CanaryCounts()
        let pairs = [("a", "x"), ("a", "y"), ("b", "x"), ("a b", "x"), ("a", "b x")]
        for (index, pair) in pairs.enumerated() {
            for _ in 0...index { counts.record(row: counts.row(of: Self.label(pair.0, pair.1)), statusClass: index) }
        }
        for statusClass in [-1, 6, Int.min, Int.max] { counts.record(row: counts.row(of: Self.label("b", "x")), statusClass: statusClass) }
        #expect(counts.pairs.map { "\($0.route)|\($0.canary)" } == ["a|b x", "a|x", "a|y", "a b|x", "b|x"])
        #expect(counts.pairs.map { counts.requests(row: $0.row, statusClass: 5) } == [0, 0, 0, 0, 4])
        #expect(counts.requests(row: counts.row(of: Self.label("a", "b x")), statusClass: 4) == 5)
    }

    @Test("merging matches pairs, whatever order the workers met them in")
    func merge() {
        var left = Metrics(reasonLabels: ["weight"]), right = left
        for label in [Self.label("a", "x"), Self.label("a", "y")] { left.canaries.record(row: left.canaries.row(of: label), statusClass: 2) }
        for label in [Self.label("b", "z"), Self.label("a", "y")] { right.canaries.record(row: right.canaries.row(of: label), statusClass: 2) }
        left.merge(right)
        #expect(left.canaries.pairs.map { left.canaries.requests(row: $0.row, statusClass: 2) } == [1, 2, 1])
        #expect(right.canaries.pairs.count == 2)
    }

    @Test("canaries that come and go for ever do not take rows for ever")
    func forgetting() {
        var metrics = Metrics(reasonLabels: ["weight"])
        let kept = metrics.canaries.row(of: Self.label("a", "kept")), used = metrics.canaries.row(of: Self.label("a", "used"))
        for row in [kept, used] { metrics.canaries.record(row: row, statusClass: 2) }
        var rows: Set<Int> = []
        for round in 0..<20 {
            metrics.forget(usedCanaries: [[used]]) { $0 != Self.label("a", "kept") }
            for index in 0..<100 {
                let row = metrics.canaries.row(of: Self.label("a", "\(round) \(index)"))
                #expect(metrics.canaries.requests(row: row, statusClass: 5) == 0, "as if new")
                metrics.canaries.record(row: row, statusClass: 5)
                rows.insert(row)
            }
        }
        #expect(rows.count <= Metrics.maximumGoneRows + 100)
        #expect([kept, used].map { metrics.canaries.requests(row: $0, statusClass: 2) } == [1, 1])
    }
}
