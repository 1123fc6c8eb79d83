/// Consistent hashing to groups of nodes: a key belongs to a group, and any node of it will do
/// (`upstream-hash-by-subset`).
public struct SubsetRing: Sendable {
    private let ring: HashRing
    /// By group, positions of nodes.
    private let groups: [[Int]]

    /// Groups of `size` nodes in the order of their names. The last one is filled up with the first nodes, so that all are alike.
    /// - Parameter size: at least 1.
    public init(names: [String], size: Int) {
        let size = min(max(size, 1), max(names.count, 1))
        let ordered = names.indices.sorted { names[$0] < names[$1] }
        groups = stride(from: 0, to: ordered.count, by: size).map { start in
            (start..<start + size).map { ordered[$0 % ordered.count] }
        }
        // ingress-nginx's names of the groups.
        ring = HashRing(names: groups.indices.map { "set\($0 + 1)" })
    }

    /// The group of a key's hash, in the order of the nodes' names; empty if there is no node.
    public func group(of hash: UInt32) -> [Int] { ring.node(of: hash).map { groups[$0] } ?? [] }

    /// A node of the key's group, the `turn`th or the next acceptable one; if none of them is, one of the next group.
    public func node(of hash: UInt32, turn: Int, where isAcceptable: (Int) -> Bool) -> Int? {
        var found: Int?
        _ = ring.node(of: hash) { group in
            found = node(in: group, turn: turn, where: isAcceptable)
            return found != nil
        }
        return found
    }

    private func node(in group: Int, turn: Int, where isAcceptable: (Int) -> Bool) -> Int? {
        let size = groups[group].count
        var index = Int(turn.magnitude % UInt(size))
        for _ in 0..<size {
            let node = groups[group][index]
            if isAcceptable(node) { return node }
            index = index &+ 1 == size ? 0 : index &+ 1
        }
        return nil
    }
}
