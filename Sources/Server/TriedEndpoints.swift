/// The endpoints that one request has failed at, so that its next attempt goes elsewhere. A plain value: no allocation.
///
/// Only identities are kept: whoever holds one keeps the balancer of its request, too, and with that the endpoints.
struct TriedEndpoints {
    private var first: ObjectIdentifier?
    private var second: ObjectIdentifier?
    private var third: ObjectIdentifier?

    var isEmpty: Bool { first == nil }

    /// Remembers `endpoint`. There is room for three, as many as a request has attempts; a fourth is not remembered.
    mutating func insert(_ endpoint: UpstreamEndpoint) { insert(ObjectIdentifier(endpoint)) }

    mutating func insert(_ endpoint: ObjectIdentifier) {
        if first == nil || first == endpoint {
            first = endpoint
        } else if second == nil || second == endpoint {
            second = endpoint
        } else if third == nil {
            third = endpoint
        }
    }

    func contains(_ endpoint: UpstreamEndpoint) -> Bool {
        let endpoint = ObjectIdentifier(endpoint)
        return first == endpoint || second == endpoint || third == endpoint
    }
}
