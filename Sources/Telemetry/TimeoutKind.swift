/// Which setting's time ended a connection; `linger` has none. The time of `timeouts.request` ends one by what it waited for: `clientBody`
/// or `clientWrite`, if that was its client.
public enum TimeoutKind: Int, CountedKind {
    case clientHeader, clientBody, clientKeepAlive, clientWrite, upstreamKeepAlive, tunnelIdle, linger

    public var label: String {
        switch self {
        case .clientHeader: "client_header"
        case .clientBody: "client_body"
        case .clientKeepAlive: "client_keep_alive"
        case .clientWrite: "client_write"
        case .upstreamKeepAlive: "upstream_keep_alive"
        case .tunnelIdle: "tunnel_idle"
        case .linger: "linger"
        }
    }
}
