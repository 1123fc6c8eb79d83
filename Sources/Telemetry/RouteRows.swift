/// Which row of the counters belongs to which route.
struct RouteRows: Sendable {
    /// By row; empty for the first row, and for rows that are free.
    private(set) var labels = [""]
    private var rows = ["": 0]
    /// By row: the last binding that named it.
    private var lastBinding: [UInt64] = [.max]
    private var bindings: UInt64 = 0
    private var free: [Int] = []

    /// The label's row, which is a new one if it has none.
    mutating func row(of label: String) -> Int {
        if let row = rows[label] { return row }
        let row = free.popLast() ?? labels.count
        if row == labels.count {
            labels.append(label)
            lastBinding.append(bindings)
        } else {
            labels[row] = label
        }
        rows[label] = row
        return row
    }

    mutating func bind(_ labels: [String]) -> [Int] {
        bindings += 1
        return labels.map { label in
            let row = row(of: label)
            if row > 0 { lastBinding[row] = bindings }
            return row
        }
    }

    /// Frees all but `count` rows that the last binding did not name, those first that have not been named for longest.
    /// - Parameter used: rows that stay.
    /// - Returns: the rows that are free now.
    mutating func forgetUnbound(beyond count: Int, used: [[Int]]) -> [Int] {
        var unbound = labels.indices.filter { lastBinding[$0] < bindings && !labels[$0].isEmpty }
        guard unbound.count > count else { return [] }
        unbound.sort { (lastBinding[$0], $0) < (lastBinding[$1], $1) }
        var isUsed = [Bool](repeating: false, count: labels.count)
        for row in used.joined() { isUsed[row] = true }
        let forgotten = unbound.dropLast(count).filter { !isUsed[$0] }
        for row in forgotten {
            rows[labels[row]] = nil
            labels[row] = ""
        }
        free += forgotten
        return forgotten
    }
}
