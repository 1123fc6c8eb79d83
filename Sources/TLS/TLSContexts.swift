/// What a configuration secures connections with, beside its snapshot.
public struct TLSContexts: Sendable {
    /// What clients of TLS listeners are served with; nil if there are none.
    public var clients: TLSContext?
    /// What upstreams are spoken to with, by the numbers that the snapshot's backends name.
    public var upstreams: [UpstreamTLSContext]

    public init(clients: TLSContext? = nil, upstreams: [UpstreamTLSContext] = []) {
        self.clients = clients
        self.upstreams = upstreams
    }
}
