/// Requests refused as malformed or over a limit, by the status they were answered with.
public struct ClientErrorCounts: Sendable {
    /// The statuses counted apart (RFC 9110, section 15; RFC 6585 for 431); all others share one count.
    public static let statuses: InlineArray<8, Int> = [400, 408, 413, 414, 417, 431, 501, 505]

    private var counts = InlineArray<9, UInt64>(repeating: 0)

    public init() {}

    /// Requests answered with `status`; any status that is not in `statuses` reads the shared count.
    public subscript(status: Int) -> UInt64 { counts[ClientErrorCounts.index(of: status)] }

    /// Requests answered with a status that is not in `statuses`.
    public var other: UInt64 { counts[ClientErrorCounts.statuses.count] }

    public mutating func record(status: Int) {
        counts[ClientErrorCounts.index(of: status)] &+= 1
    }

    public mutating func merge(_ other: ClientErrorCounts) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
    }

    private static func index(of status: Int) -> Int {
        var index = 0
        while index < statuses.count && statuses[index] != status { index &+= 1 }
        return index
    }
}
