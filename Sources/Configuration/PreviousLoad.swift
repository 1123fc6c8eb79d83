internal import TLS

/// What loading a configuration leaves to the next time that it is loaded.
public struct PreviousLoad: Sendable {
    /// The last good Ingresses, which count in the place of refused ones.
    public let ingresses: StoredIngresses
    /// What has been read and made, so that only what has changed is read and made again. Nothing is kept here that is not in use.
    let certificates: KnownCertificates
    let clients: TLSContext?
    let upstreams: [UpstreamTLSContext]

    /// - Parameter ingresses: of another process.
    public init(ingresses: StoredIngresses = StoredIngresses()) {
        self.init(ingresses, KnownCertificates(), nil, [])
    }

    init(_ ingresses: StoredIngresses, _ certificates: KnownCertificates, _ clients: TLSContext?, _ upstreams: [UpstreamTLSContext]) {
        (self.ingresses, self.certificates, self.clients, self.upstreams) = (ingresses, certificates, clients, upstreams)
    }
}
