/// One place where a Service runs.
public struct Endpoint: Sendable {
    public let address: EndpointAddress
    /// Its share among the Service's endpoints, at least 1.
    public let weight: Int
    public let labels: [String: String]

    /// A weight below 1 counts as 1.
    public init(address: EndpointAddress, weight: Int = 1, labels: [String: String] = [:]) {
        self.address = address
        self.weight = max(1, weight)
        self.labels = labels
    }
}
