/// The endpoints of a Service as session cookies name them (R28).
public struct SessionRing: Sendable {
    /// Keys that are drawn for a client without a cookie until one leads to an endpoint that is free.
    static let maximumDraws = 20

    private let ring: HashRing
    /// By node, in `persistent` mode; empty in `balanced`.
    private let keys: [SessionKey]
    private let nodes: [SessionKey: Int]

    /// - Parameter service: the salt of the endpoints' keys, in `persistent` mode.
    public init(names: [String], weights: [Int], isPersistent: Bool, service: String) {
        ring = HashRing(names: names, weights: weights)
        keys = isPersistent ? names.map { SessionKey(endpoint: $0, of: service) } : []
        nodes = Dictionary(zip(keys, keys.indices)) { first, _ in first }
    }

    public var isPersistent: Bool { !keys.isEmpty }

    /// The node that a cookie names; nil if it names none.
    public func node(named session: SessionRequest) -> Int? {
        switch session {
        case .newcomer: nil
        case .visitor(let hash): ring.node(of: hash)
        case .member(let hash, let endpoint): isPersistent ? endpoint.flatMap { nodes[$0] } : ring.node(of: hash)
        }
    }

    /// The first acceptable node from where `hash` stands.
    public func node(of hash: UInt32, where isAcceptable: (Int) -> Bool) -> Int? { ring.node(of: hash, where: isAcceptable) }

    /// An acceptable node for a client that is to have a new cookie, and the first part of that.
    public func draw(_ random: () -> ClientID, where isAcceptable: (Int) -> Bool) -> (node: Int, key: SessionKey)? {
        var last: SessionKey?
        for _ in 0..<Self.maximumDraws {
            let key = SessionKey(random())
            guard let node = ring.node(of: key.hash) else { return nil }
            if isAcceptable(node) { return (node, isPersistent ? keys[node] : key) }
            last = key
        }
        guard let last, let node = ring.node(of: last.hash, where: isAcceptable) else { return nil }
        return (node, isPersistent ? keys[node] : last)
    }
}

/// What a request's session cookie asks of its version's endpoints.
public enum SessionRequest: Equatable, Sendable {
    /// No cookie that counts: any endpoint, and a cookie for it.
    case newcomer
    /// The cookie may name one of these endpoints: by its place on the ring, or by itself.
    case member(hash: UInt32, endpoint: SessionKey?)
    /// The cookie names an endpoint of the route's other version, to which the client will return: it is kept, and so is the endpoint.
    case visitor(hash: UInt32)

    /// Where the cookie stands on the ring; nil without one.
    public var hash: UInt32? {
        switch self {
        case .newcomer: nil
        case .member(let hash, _), .visitor(let hash): hash
        }
    }
}
