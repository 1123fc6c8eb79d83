import Telemetry
import Testing

@Suite("Metrics")
struct MetricsTests {
    static let reasons = ["stable", "header", "weight"]

    @Test("row 0 belongs to requests without a route")
    func noRoute() {
        var metrics = Metrics(reasonLabels: Self.reasons)
        #expect(metrics.rows(of: ["a/b", ""]) == [1, Metrics.noRouteRow])
        #expect(metrics.routeLabels == ["", "a/b"])
    }

    @Test("rows and their counts outlive reloads")
    func goneAndBack() {
        var metrics = Metrics(reasonLabels: Self.reasons)
        #expect(metrics.rows(of: ["a", "b"]) == [1, 2])
        metrics.recordRequest(row: 2, version: .canary, reason: 1, statusClass: 2, durationNanoseconds: 1)
        metrics.forget { $0 == "b" }
        #expect(metrics.rows(of: ["c", "a"]) == [3, 1], "b is gone, c is new")
        #expect(metrics.rows(of: ["b", "b", "c"]) == [2, 2, 3], "b is back")
        #expect(metrics.requests(row: 2, version: .canary, reason: 1, statusClass: 2) == 1)
        #expect(metrics.routeLabels == ["", "a", "b", "c"])
    }

    @Test("routes that come and go for ever do not take rows for ever")
    func forgetting() {
        var metrics = Metrics(reasonLabels: Self.reasons)
        let count = { (metrics: Metrics, row: Int) in metrics.requests(row: row, version: .stable, reason: 0, statusClass: 2) }
        let first = metrics.rows(of: ["kept", "gone", "used"])
        for row in first { metrics.recordRequest(row: row, version: .stable, reason: 0, statusClass: 2, durationNanoseconds: 1) }
        var rows: Set<Int> = []
        for round in 0..<20 {
            let labels = (0..<100).map { "route \(round) \($0)" }
            let known = Set(labels + ["kept"])
            metrics.forget(used: [[first[2]]]) { !known.contains($0) }
            for row in metrics.rows(of: labels) {
                metrics.recordRequest(row: row, version: .stable, reason: 0, statusClass: 2, durationNanoseconds: 1)
                #expect(count(metrics, row) == 1, "a row that is new, or as if")
                rows.insert(row)
            }
        }
        #expect(rows.count == Metrics.maximumGoneRows + 100, "those of routes that are gone, and of those that are there")
        #expect(!metrics.routeLabels.contains("gone"))
        #expect(count(metrics, first[0]) == 1 && count(metrics, first[2]) == 1, "in force; still counted under")
        let back = metrics.rows(of: ["gone", "used", "route 18 0", "route 0 0"])
        #expect(back.map { count(metrics, $0) } == [0, 1, 1, 0], "what was forgotten begins anew")
        var merged = Metrics(reasonLabels: Self.reasons)
        merged.merge(metrics)
        #expect(!merged.isUntouched(row: 1) && merged.isUntouched(row: Metrics.noRouteRow), "nothing is counted as without a route")
    }

    @Test("every combination of version, reason and class has a cell of its own")
    func cells() {
        var metrics = Metrics(reasonLabels: Self.reasons)
        let rows = [0] + metrics.rows(of: ["a", "b"])
        let cells = Self.cells(rows: rows)
        #expect(cells.count == 3 * 3 * 3 * 6)
        for (index, cell) in cells.enumerated() {
            // The count tells the cells apart, and 65 is not a divisor or a multiple of a stride.
            for _ in 0...(index % 65) {
                metrics.recordRequest(row: cell.row, version: cell.version, reason: cell.reason,
                                      statusClass: cell.statusClass, durationNanoseconds: 1)
            }
        }
        for (index, cell) in cells.enumerated() {
            let count = metrics.requests(row: cell.row, version: cell.version, reason: cell.reason, statusClass: cell.statusClass)
            #expect(count == UInt64(index % 65 + 1), "\(cell)")
        }
    }

    struct Cell: Sendable {
        let row: Int
        let version: VersionLabel
        let reason: Int
        let statusClass: Int
    }

    static func cells(rows: [Int]) -> [Cell] {
        rows.flatMap { row in
            VersionLabel.allCases.flatMap { version in
                reasons.indices.flatMap { reason in
                    (0..<Metrics.statusClassCount).map { Cell(row: row, version: version, reason: reason, statusClass: $0) }
                }
            }
        }
    }

    @Test("a status class that does not exist counts as 5xx", arguments: [-1, 6, 9, Int.max, Int.min])
    func unknownClass(_ statusClass: Int) {
        var metrics = Metrics(reasonLabels: Self.reasons)
        metrics.recordRequest(row: 0, version: .stable, reason: 2, statusClass: statusClass, durationNanoseconds: 1)
        #expect(metrics.requests(row: 0, version: .stable, reason: 2, statusClass: 5) == 1)
    }

    @Test("a row is untouched until it counts")
    func untouched() {
        var metrics = Metrics(reasonLabels: Self.reasons)
        let rows = metrics.rows(of: ["a", "b"])
        metrics.recordRequest(row: rows[1], version: .none, reason: 0, statusClass: 0, durationNanoseconds: 1)
        #expect([0, 1, 2].map { metrics.isUntouched(row: $0) } == [true, true, false])
        #expect(metrics.requests(row: rows[0], version: .none, reason: 0, statusClass: 0) == 0)
    }

    @Test("durations are kept by version")
    func durations() {
        var metrics = Metrics(reasonLabels: Self.reasons)
        metrics.recordRequest(row: 0, version: .none, reason: 0, statusClass: 4, durationNanoseconds: 10)
        metrics.recordRequest(row: 0, version: .stable, reason: 0, statusClass: 2, durationNanoseconds: 200)
        metrics.recordRequest(row: 0, version: .canary, reason: 0, statusClass: 2, durationNanoseconds: 3_000)
        metrics.recordRequest(row: 0, version: .canary, reason: 0, statusClass: 5, durationNanoseconds: 40_000)
        #expect(VersionLabel.allCases.map { metrics.durations(of: $0).sumNanoseconds } == [10, 200, 43_000])
        #expect(VersionLabel.allCases.map { metrics.durations(of: $0).count } == [1, 1, 2])
    }

    @Test("merging matches rows by label, whatever order the workers bound them in")
    func mergeByLabel() {
        var left = Metrics(reasonLabels: Self.reasons)
        let leftRows = left.rows(of: ["a", "b"])
        left.recordRequest(row: 0, version: .none, reason: 0, statusClass: 4, durationNanoseconds: 1)
        left.recordRequest(row: leftRows[0], version: .stable, reason: 0, statusClass: 2, durationNanoseconds: 1)
        var right = Metrics(reasonLabels: Self.reasons)
        let rightRows = right.rows(of: ["c", "b", "a"])
        right.recordRequest(row: 0, version: .none, reason: 0, statusClass: 4, durationNanoseconds: 1)
        for row in rightRows {
            right.recordRequest(row: row, version: .stable, reason: 0, statusClass: 2, durationNanoseconds: 1)
        }
        left.merge(right)
        #expect(left.requests(row: 0, version: .none, reason: 0, statusClass: 4) == 2)
        #expect(left.routeLabels == ["", "a", "b", "c"])
        #expect((1...3).map { left.requests(row: $0, version: .stable, reason: 0, statusClass: 2) } == [2, 1, 1])
        #expect(left.durations(of: .stable).count == 4)
        #expect(right.requests(row: 3, version: .stable, reason: 0, statusClass: 2) == 1, "the other side is unchanged")
    }

    @Test("failures of upstreams are merged by label, and forgotten with their row")
    func upstreamFailures() {
        var left = Metrics(reasonLabels: Self.reasons), right = left
        let rows = left.rows(of: ["a", "b"])
        left.recordUpstreamFailure(row: rows[1], version: .canary, .badResponse)
        let other = right.rows(of: ["b", "c"])
        for row in other { right.recordUpstreamFailure(row: row, version: .canary, .badResponse) }
        right.recordUpstreamFailure(row: other[0], version: .stable, .noEndpoint)
        left.merge(right)
        let labels = left.routeLabels.indices.filter { left.hasUpstreamFailures(row: $0) }.map { left.routeLabels[$0] }
        #expect(labels == ["b", "c"])
        #expect(left.upstreamFailures(row: rows[1], version: .canary, .badResponse) == 2)
        #expect(left.upstreamFailures(row: rows[1], version: .stable, .noEndpoint) == 1)
        #expect(left.upstreamFailures(row: rows[1], version: .stable, .badResponse) == 0)
        let gone = left.rows(of: (0...Metrics.maximumGoneRows).map(String.init))
        left.forget { _ in true }
        #expect(gone.count == Metrics.maximumGoneRows + 1 && !left.hasUpstreamFailures(row: rows[1]))
    }

    @Test("merging doubles every plain counter of a value merged with itself")
    func mergeCounters() throws {
        let single = Fixtures.busyWorker()
        var twice = single
        twice.merge(single)
        let before = Mirror(reflecting: single).children
        let after = Mirror(reflecting: twice).children
        var compared = 0
        for (old, new) in zip(before, after) {
            guard let oldCount = old.value as? UInt64, let newCount = new.value as? UInt64 else { continue }
            #expect(oldCount > 0, "the fixture forgets \(old.label ?? "?")")
            #expect(newCount == 2 * oldCount, "merge forgets \(old.label ?? "?")")
            compared += 1
        }
        #expect(compared == 28)
        for status in [400, 408, 413, 414, 417, 431, 501, 505, 999] {
            #expect(single.clientErrors[status] > 0)
            #expect(twice.clientErrors[status] == 2 * single.clientErrors[status])
        }
    }

    @Test("a scrape's copy stands still while the worker goes on")
    func copy() {
        var metrics = Metrics(reasonLabels: Self.reasons)
        metrics.recordRequest(row: 0, version: .stable, reason: 0, statusClass: 2, durationNanoseconds: 1)
        let scraped = metrics
        metrics.recordRequest(row: 0, version: .stable, reason: 0, statusClass: 2, durationNanoseconds: 1)
        #expect(scraped.requests(row: 0, version: .stable, reason: 0, statusClass: 2) == 1)
        #expect(metrics.requests(row: 0, version: .stable, reason: 0, statusClass: 2) == 2)
    }
}

@Suite("Client errors")
struct ClientErrorCountsTests {
    @Test("each listed status has a count of its own, all others share one")
    func counts() {
        var errors = ClientErrorCounts()
        let listed = [400, 408, 413, 414, 417, 431, 501, 505]
        for (index, status) in listed.enumerated() {
            for _ in 0...index { errors.record(status: status) }
        }
        for status in [404, 421, 0, -1, 999] { errors.record(status: status) }
        #expect(listed.map { errors[$0] } == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(errors.other == 5)
        #expect(errors[421] == 5)
    }
}
