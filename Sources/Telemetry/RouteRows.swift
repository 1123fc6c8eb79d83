/// Which row of the counters belongs to which route.
struct RouteRows: Sendable {
    /// By row; empty for the first row, and for rows that are free.
    private(set) var labels = [""]
    private var rows = ["": 0]
    private var free: [Int] = []
    /// Rows of routes that are gone, the latest last.
    private var gone: [Int] = []

    /// The label's row, which is a new one if it has none.
    mutating func row(of label: String) -> Int {
        if let row = rows[label] { return row }
        let row = free.popLast() ?? labels.count
        if row == labels.count {
            labels.append(label)
        } else {
            labels[row] = label
        }
        rows[label] = row
        return row
    }

    /// Frees all but `count` rows of routes that are gone, those first that have been for longest.
    /// - Parameter used: rows that stay.
    /// - Returns: the rows that are free now.
    mutating func forget(beyond count: Int, used: [[Int]], isGone: (String) -> Bool) -> [Int] {
        let before = Set(gone)
        let labels = labels
        gone = gone.filter { isGone(labels[$0]) }
            + labels.indices.filter { !before.contains($0) && !labels[$0].isEmpty && isGone(labels[$0]) }
        guard gone.count > count else { return [] }
        let used = Set(used.joined())
        let forgotten = gone.dropLast(count).filter { !used.contains($0) }
        for row in forgotten {
            rows[labels[row]] = nil
            self.labels[row] = ""
        }
        let removed = Set(forgotten)
        gone.removeAll { removed.contains($0) }
        free += forgotten
        return forgotten
    }
}
