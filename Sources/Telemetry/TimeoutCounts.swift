/// Connections that a timeout ended, by the setting that it is of; `linger` has none.
public struct TimeoutCounts: Sendable {
    public enum Kind: Int, CaseIterable, Sendable {
        case clientHeader, clientKeepAlive, clientWrite, upstreamKeepAlive, tunnelIdle, linger

        var label: String {
            switch self {
            case .clientHeader: "client_header"
            case .clientKeepAlive: "client_keep_alive"
            case .clientWrite: "client_write"
            case .upstreamKeepAlive: "upstream_keep_alive"
            case .tunnelIdle: "tunnel_idle"
            case .linger: "linger"
            }
        }
    }

    private var counts = InlineArray<6, UInt64>(repeating: 0)

    public init() {}

    public mutating func record(_ kind: Kind) { counts[kind.rawValue] &+= 1 }

    public subscript(kind: Kind) -> UInt64 { counts[kind.rawValue] }

    public mutating func merge(_ other: TimeoutCounts) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
    }
}
