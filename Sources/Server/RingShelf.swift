import Addressing
import Routing

/// The ring that the endpoints of a backend stand on, where requests are placed.
enum EndpointRing {
    case hash(HashRing)
    case subsets(SubsetRing)
    case sessions(SessionRing)

    /// Nil where requests are not placed.
    init?(_ balancing: Balancing, of addresses: [SocketAddress], weights: [Int]) {
        switch balancing {
        case .roundRobin, .ewma: return nil
        case .hash: self = .hash(HashRing(names: addresses.map(\.description), weights: weights))
        case .subset(_, let size): self = .subsets(SubsetRing(names: addresses.map(\.description), size: size))
        case .session(let isPersistent, let service):
            self = .sessions(SessionRing(names: addresses.map(\.description), weights: weights, isPersistent: isPersistent, service: service))
        }
    }
}

/// A worker's rings, kept from one snapshot to the next. One of a thousand endpoints takes milliseconds to make, which nobody is to wait
/// for because something else has changed.
struct RingShelf {
    /// Whose ring it is.
    struct Key: Hashable {
        private let backend: String
        private let balancing: Balancing

        init(_ backend: Backend) {
            self.backend = backend.name
            balancing = backend.balancing
        }
    }

    private struct Entry {
        let addresses: [SocketAddress]
        let weights: [Int]
        let ring: EndpointRing
    }

    private var entries: [Key: Entry] = [:]

    /// The one that is here already, if it is still right, or a new one; nil where requests are not placed.
    mutating func ring(
        of backend: Backend, over addresses: [SocketAddress], weights: [Int],
        orMake make: (Balancing, [SocketAddress], [Int]) -> EndpointRing? = { EndpointRing($0, of: $1, weights: $2) }
    ) -> EndpointRing? {
        guard backend.isPlaced else { return nil }
        let key = Key(backend)
        if let known = entries[key], known.addresses == addresses, known.weights == weights { return known.ring }
        let ring = make(backend.balancing, addresses, weights)
        entries[key] = ring.map { Entry(addresses: addresses, weights: weights, ring: $0) }
        return ring
    }

    mutating func forget(except isInUse: (Key) -> Bool) { entries = entries.filter { isInUse($0.key) } }
}
