import Reactor

/// A worker's idle connections in the order in which they are given up. It is made when the first one is to be given up, and again
/// when it is used up: nothing has to be kept in order while requests come and go.
struct LongestIdle {
    struct Entry: Equatable {
        let token: Token
        /// Nanoseconds of the loop's clock; another value says that the connection has been in use meanwhile.
        let since: UInt64
    }

    /// About so many are put in order at a time.
    static let enough = 1024

    /// The last one has waited longest.
    private var entries: [Entry] = []

    mutating func next() -> Entry? { entries.popLast() }

    /// - Parameter since: since when a connection idles.
    mutating func fill(from endpoints: some Collection<UpstreamEndpoint>, since: (Token) -> UInt64?) {
        entries.removeAll(keepingCapacity: true)
        // Each endpoint's are in order already.
        let each = max(1, Self.enough / max(1, endpoints.count))
        for endpoint in endpoints {
            for token in endpoint.idle.prefix(each) {
                if let since = since(token) { entries.append(Entry(token: token, since: since)) }
            }
        }
        entries.sort { $0.since > $1.since }
    }
}
