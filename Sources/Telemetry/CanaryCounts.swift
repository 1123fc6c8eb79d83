/// How the requests that canaries got ended, for each route and canary: which of several canaries of a route answered.
///
/// Every label stems from the configuration; of pairs that are gone only the `Metrics.maximumGoneRows` latest are kept.
public struct CanaryCounts: Sendable {
    private var rows = RouteRows()
    /// By row and status class; the first row is nobody's.
    private var counts: [InlineArray<6, UInt64>] = [InlineArray(repeating: 0)]

    public init() {}

    /// What a pair is known by. A NUL is in neither.
    public static func label(route: String, canary: String) -> String { "\(route)\0\(canary)" }

    /// The row of a pair, which is a new one if it has none.
    /// - Parameter label: as `label(route:canary:)` makes it.
    public mutating func row(of label: String) -> Int {
        let row = rows.row(of: label)
        while counts.count < rows.labels.count { counts.append(InlineArray(repeating: 0)) }
        return row
    }

    /// Counts one finished request.
    /// - Parameter statusClass: as `Metrics.recordRequest` has it.
    public mutating func record(row: Int, statusClass: Int) {
        counts[row][statusClass >= 0 && statusClass < Metrics.statusClassCount ? statusClass : 5] &+= 1
    }

    public func requests(row: Int, statusClass: Int) -> UInt64 { counts[row][statusClass] }

    /// Route and canary of each row that has one, sorted.
    public var pairs: [(row: Int, route: String, canary: String)] {
        let labels = rows.labels
        let used = labels.indices.filter { !labels[$0].isEmpty }
        return used.sorted { labels[$0].utf8.lexicographicallyPrecedes(labels[$1].utf8) }.map { row in
            let parts = labels[row].split(separator: "\0", maxSplits: 1, omittingEmptySubsequences: false)
            return (row, String(parts[0]), String(parts.count > 1 ? parts[1] : ""))
        }
    }

    mutating func forget(used: [[Int]], isGone: (String) -> Bool) {
        for row in rows.forget(beyond: Metrics.maximumGoneRows, used: used, isGone: isGone) { counts[row] = InlineArray(repeating: 0) }
    }

    /// Adds what another worker counted.
    mutating func merge(_ other: CanaryCounts) {
        for (otherRow, label) in other.rows.labels.enumerated() where !label.isEmpty {
            let row = row(of: label)
            for statusClass in 0..<Metrics.statusClassCount { counts[row][statusClass] &+= other.counts[otherRow][statusClass] }
        }
    }
}
