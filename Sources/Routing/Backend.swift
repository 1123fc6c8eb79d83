public import Addressing

/// The Service a route or a canary sends to, with the places it runs at.
public struct Backend: Sendable {
    /// `namespace/service:port`.
    public let name: String
    public let endpoints: [Endpoint]
    /// Which of them gets a request.
    public let balancing: Balancing
    /// The endpoint follows from the request.
    public let isPlaced: Bool
    /// How it is told, before each request, who the client is; nil: by the request's fields only.
    public let proxyProtocol: ProxyHeader.Version?
    /// How its endpoints are spoken to; nil: plain HTTP.
    public let tls: BackendTLS?

    public init(
        name: String, endpoints: [Endpoint], balancing: Balancing = .roundRobin, proxyProtocol: ProxyHeader.Version? = nil,
        tls: BackendTLS? = nil
    ) {
        self.proxyProtocol = proxyProtocol
        self.name = name
        self.endpoints = endpoints
        self.balancing = balancing
        self.tls = tls
        isPlaced = balancing != .roundRobin && balancing != .ewma
    }

    /// The same over other endpoints.
    public func replacing(endpoints: [Endpoint]) -> Backend {
        Backend(name: name, endpoints: endpoints, balancing: balancing, proxyProtocol: proxyProtocol, tls: tls)
    }
}
