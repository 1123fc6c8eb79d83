import Routing

/// The endpoints that one request has failed at, so that its next attempt goes elsewhere. A plain value: no allocation.
///
/// Only identities are kept: whoever holds one keeps the balancer of its request, too, and with that the endpoints.
struct TriedEndpoints {
    static let capacity = RetryRule.maximumTries

    private var count = 0
    private var endpoints = InlineArray<8, ObjectIdentifier?>(repeating: nil)

    var isEmpty: Bool { count == 0 }

    mutating func removeAll() { count = 0 }

    mutating func insert(_ endpoint: UpstreamEndpoint) { insert(ObjectIdentifier(endpoint)) }

    /// Remembers an endpoint. There is room for as many as a request has attempts; one more is not remembered.
    mutating func insert(_ endpoint: ObjectIdentifier) {
        guard count < Self.capacity, !contains(endpoint) else { return }
        endpoints[count] = endpoint
        count += 1
    }

    func contains(_ endpoint: UpstreamEndpoint) -> Bool { contains(ObjectIdentifier(endpoint)) }

    private func contains(_ endpoint: ObjectIdentifier) -> Bool {
        for index in 0..<count where endpoints[index] == endpoint { return true }
        return false
    }
}
