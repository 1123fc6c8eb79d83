/// Consistent hashing: every node stands at many points of a ring, and a key belongs to the node of the first point at or behind
/// its hash. A node more or less moves only the keys of its own points.
///
/// The points are those of ingress-nginx (lua-resty-chash): the same keys lead to the same nodes there, in every replica and
/// after every restart.
public struct HashRing: Sendable {
    private struct Point {
        let hash: UInt32
        let node: UInt32
    }

    /// Points of a node of weight 1.
    static let pointsPerWeight = 160
    /// A ring has room for this weight per node on average; larger weights are scaled down to it.
    static let maximumMeanWeight = 16

    private let points: [Point]

    /// - Parameter weights: as many as names, each at least 1; only their ratios count.
    public init(names: [String], weights: [Int]) {
        var points: [Point] = []
        let counts = Self.pointCounts(weights)
        points.reserveCapacity(counts.reduce(0, +))
        // Of two nodes at one point the first by name has it, in whatever order they came.
        for node in names.indices.sorted(by: { names[$0] < names[$1] }) {
            var start = CRC32()
            start.update(names[node].utf8.span)
            var previous: UInt32 = 0
            for _ in 0..<counts[node] {
                var hash = start
                hash.update(previous)
                previous = hash.value
                points.append(Point(hash: previous, node: UInt32(node)))
            }
        }
        self.points = Self.sorted(points)
    }

    /// By hash; those alike stay in their order. A radix sort, because there may be millions of points.
    private static func sorted(_ points: [Point]) -> [Point] {
        var (points, other) = (points, points)
        for shift in stride(from: 0, to: 32, by: 8) {
            // Where the points of each byte begin.
            var starts = [Int](repeating: 0, count: 257)
            for point in points { starts[Int(point.hash >> UInt32(shift) & 0xFF) + 1] += 1 }
            for byte in 1...256 { starts[byte] += starts[byte - 1] }
            for point in points {
                let byte = Int(point.hash >> UInt32(shift) & 0xFF)
                other[starts[byte]] = point
                starts[byte] += 1
            }
            swap(&points, &other)
        }
        return points
    }

    public init(names: [String]) { self.init(names: names, weights: names.map { _ in 1 }) }

    /// The node of a key's hash; nil if there is none.
    public func node(of hash: UInt32) -> Int? { node(of: hash) { _ in true } }

    /// The first acceptable node at or behind a hash; nil if none is.
    public func node(of hash: UInt32, where isAcceptable: (Int) -> Bool) -> Int? {
        guard !points.isEmpty else { return nil }
        var index = position(of: hash)
        for _ in 0..<points.count {
            let node = Int(points[index].node)
            if isAcceptable(node) { return node }
            index = index &+ 1 == points.count ? 0 : index &+ 1
        }
        return nil
    }

    /// The first point at or behind `hash`; behind the last one comes the first.
    private func position(of hash: UInt32) -> Int {
        var low = 0
        var high = points.count
        while low < high {
            let middle = (low &+ high) / 2
            if points[middle].hash < hash { low = middle &+ 1 } else { high = middle }
        }
        return low == points.count ? 0 : low
    }

    private static func pointCounts(_ weights: [Int]) -> [Int] {
        var divisor = 0
        for weight in weights { divisor = greatestCommonDivisor(divisor, max(weight, 1)) }
        let reduced = weights.map { Double(max($0, 1) / max(divisor, 1)) }
        let most = Double(maximumMeanWeight * weights.count)
        let scale = min(1, most / max(reduced.reduce(0, +), 1))
        return reduced.map { max(1, Int(($0 * scale * Double(pointsPerWeight)).rounded())) }
    }

    private static func greatestCommonDivisor(_ one: Int, _ other: Int) -> Int {
        var (one, other) = (one, other)
        while other != 0 { (one, other) = (other, one % other) }
        return one
    }
}
