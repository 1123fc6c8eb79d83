import Testing
import TestSupport
@testable import Routing

/// Consistent hashing (R32).
@Suite struct HashRingTests {
    private static func hash(_ text: String) -> UInt32 {
        var hash = CRC32()
        hash.update(utf8(text).span)
        return hash.value
    }

    private static func keys(_ count: Int) -> [UInt32] { (0..<count).map { hash("client-\($0)") } }

    private static let names = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:8080", "[2001:db8::1]:80"]

    /// The check value of the catalogue of CRCs, and pieces as good as the whole.
    @Test func r32Sum() {
        #expect(Self.hash("123456789") == 0xCBF4_3926)
        #expect(Self.hash("") == 0)
        var pieces = CRC32()
        pieces.update("123")
        pieces.update(UInt8(ascii: "4"))
        pieces.update(utf8("56789").span)
        #expect(pieces.value == 0xCBF4_3926)
        var folded = CRC32()
        folded.update(folding: utf8("WWW.Example.com").span)
        #expect(folded.value == Self.hash("www.example.com"))
    }

    /// Where ingress-nginx's ring (lua-resty-chash: 160 chained CRCs per node, the first point at or behind the key) sends keys;
    /// computed by another program.
    @Test(arguments: [
        ("/", 2), ("/shop?id=1", 0), ("user-42", 2), ("1700000000.123.45.678901", 2), ("", 3), ("203.0.113.9", 0),
    ])
    func r32AsIngressNginx(_ key: String, _ node: Int) {
        #expect(HashRing(names: Self.names).node(of: Self.hash(key)) == node)
    }

    @Test(arguments: [("/", 1), ("/shop?id=1", 0), ("user-42", 0), ("", 0), ("203.0.113.9", 0)])
    func r32GroupsAsIngressNginx(_ key: String, _ group: Int) {
        let ring = SubsetRing(names: ["a", "b", "c", "d", "e"], size: 3)
        #expect(ring.group(of: Self.hash(key)) == [[0, 1, 2], [3, 4, 0]][group])
    }

    /// The ring against a list of all points that is searched from its beginning.
    @Test(arguments: 0..<20) func r32AgainstAList(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let names = (0..<1 + random.below(9)).map { _ in "10.0.\(random.below(256)).\(random.below(256)):\(random.below(9))" }
        let ring = HashRing(names: names)
        var points: [(hash: UInt32, name: String)] = []
        for name in names {
            var chained: [UInt8] = [0, 0, 0, 0]
            for _ in 0..<160 {
                var sum = CRC32()
                sum.update((utf8(name) + chained).span)
                points.append((sum.value, name))
                chained = (0..<4).map { UInt8(truncatingIfNeeded: sum.value >> (8 * $0)) }
            }
        }
        for _ in 0..<500 {
            let key = UInt32(truncatingIfNeeded: random.next())
            let next = points.filter { $0.hash >= key }.min { $0 < $1 } ?? points.min { $0 < $1 }
            #expect(ring.node(of: key).map { names[$0] } == next?.name, "seed \(seed), key \(key)")
        }
    }

    /// One node less moves only its own keys, and each to the node that comes next if it is not acceptable.
    @Test func r32LittleMoves() {
        let all = HashRing(names: Self.names)
        for gone in Self.names.indices {
            let kept = Self.names.indices.filter { $0 != gone }
            let less = HashRing(names: kept.map { Self.names[$0] })
            for key in Self.keys(2000) {
                let now = less.node(of: key).map { kept[$0] }
                if let before = all.node(of: key), before != gone { #expect(now == before) }
                #expect(now == all.node(of: key) { $0 != gone })
            }
        }
    }

    /// Nodes are told by their names: replicas that list them otherwise agree.
    @Test(arguments: 0..<5) func r32OrderIsNothing(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let shuffled = Self.names.shuffled(using: &random)
        let (one, other) = (HashRing(names: Self.names), HashRing(names: shuffled))
        let (groups, otherGroups) = (SubsetRing(names: Self.names, size: 2), SubsetRing(names: shuffled, size: 2))
        for key in Self.keys(500) {
            #expect(one.node(of: key).map { Self.names[$0] } == other.node(of: key).map { shuffled[$0] })
            #expect(groups.group(of: key).map { Self.names[$0] } == otherGroups.group(of: key).map { shuffled[$0] })
        }
    }

    struct Weights: Sendable, CustomTestStringConvertible {
        let name: String
        let weights: [Int]
        /// Of 10 000 keys; a third more or less is allowed, since 160 points are chance.
        let shares: [Int]
        var testDescription: String { name }
    }

    @Test(arguments: [
        Weights(name: "alike", weights: [1, 1, 1, 1], shares: [2500, 2500, 2500, 2500]),
        Weights(name: "ratios count", weights: [7, 7, 7, 7], shares: [2500, 2500, 2500, 2500]),
        Weights(name: "twice as much", weights: [2, 1, 1, 1], shares: [4000, 2000, 2000, 2000]),
        Weights(name: "scaled down", weights: [3000, 1001, 1000, 999], shares: [5000, 1667, 1667, 1667]),
    ])
    func r32Shares(_ test: Weights) {
        let ring = HashRing(names: Self.names, weights: test.weights)
        var counts = [0, 0, 0, 0]
        for key in Self.keys(10_000) { if let node = ring.node(of: key) { counts[node] += 1 } }
        for (count, share) in zip(counts, test.shares) { #expect(abs(count - share) <= share / 3, "\(counts)") }
    }

    /// However far apart weights are, every node is there and the ring stays small.
    @Test func r32ExtremeWeights() {
        let ring = HashRing(names: Self.names, weights: [Int.max, 1, 2, 3])
        for node in Self.names.indices { #expect(ring.node(of: 0) { $0 == node } == node) }
        #expect(HashRing(names: []).node(of: 7) == nil)
        #expect(SubsetRing(names: [], size: 3).node(of: 7, turn: 1) { _ in true } == nil)
        #expect(SubsetRing(names: ["a"], size: .max).group(of: 7) == [0])
    }

    /// Within a group every turn has its node; a group that has none acceptable is left for another.
    @Test func r32Groups() {
        let ring = SubsetRing(names: ["a", "b", "c", "d"], size: 2)
        for key in Self.keys(100) {
            let group = ring.group(of: key)
            #expect(group == [0, 1] || group == [2, 3])
            #expect(Set((0..<2).compactMap { ring.node(of: key, turn: $0) { _ in true } }) == Set(group))
            #expect(ring.node(of: key, turn: .min) { $0 == group[1] } == group[1])
            let other = ring.node(of: key, turn: 5) { !group.contains($0) }
            #expect(other.map { !group.contains($0) } == true)
        }
    }
}
