/// What is counted by kind: numbered from 0, each with a label for the metrics.
public protocol CountedKind: CaseIterable, RawRepresentable, Sendable where RawValue == Int, AllCases == [Self] {
    var label: String { get }
}

/// A counter for each kind.
public struct KindCounts<Kind: CountedKind>: Sendable {
    private var counts = [UInt64](repeating: 0, count: Kind.allCases.count)

    public init() {}

    public mutating func record(_ kind: Kind) { counts[kind.rawValue] &+= 1 }

    public subscript(kind: Kind) -> UInt64 { counts[kind.rawValue] }

    public mutating func merge(_ other: KindCounts) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
    }
}
