/// Which setting's time ended a connection; `linger` has none.
public enum TimeoutKind: Int, CountedKind {
    case clientHeader, clientKeepAlive, clientWrite, upstreamKeepAlive, tunnelIdle, linger

    public var label: String {
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
