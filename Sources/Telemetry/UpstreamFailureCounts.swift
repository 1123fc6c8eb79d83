/// How often attempts failed, by the row of the route, version and kind. Rows without a failure take no memory.
struct UpstreamFailureCounts: Sendable {
    /// A cell for each version and kind.
    private var blocks: [Int: [UInt64]] = [:]

    private static let kinds = UpstreamFailure.allCases.count
    private static let empty = [UInt64](repeating: 0, count: VersionLabel.allCases.count * kinds)

    /// Those that have counted something.
    var rows: some Sequence<Int> { blocks.keys }

    func hasCounted(row: Int) -> Bool { blocks[row] != nil }

    func count(row: Int, version: VersionLabel, _ failure: UpstreamFailure) -> UInt64 {
        blocks[row]?[Self.cell(version, failure)] ?? 0
    }

    mutating func record(row: Int, version: VersionLabel, _ failure: UpstreamFailure) {
        blocks[row, default: Self.empty][Self.cell(version, failure)] &+= 1
    }

    mutating func forget(row: Int) { blocks[row] = nil }

    /// Adds what another worker counted in a row of its own.
    mutating func merge(_ other: UpstreamFailureCounts, row: Int, into ours: Int) {
        guard let block = other.blocks[row] else { return }
        for cell in block.indices { blocks[ours, default: Self.empty][cell] &+= block[cell] }
    }

    private static func cell(_ version: VersionLabel, _ failure: UpstreamFailure) -> Int {
        version.rawValue * kinds + failure.rawValue
    }
}
