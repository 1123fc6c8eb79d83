/// The Service a route or a canary sends to, with the places it runs at.
public struct Backend: Sendable {
    /// `namespace/service:port`.
    public let name: String
    public let endpoints: [Endpoint]

    public init(name: String, endpoints: [Endpoint]) {
        self.name = name
        self.endpoints = endpoints
    }
}
