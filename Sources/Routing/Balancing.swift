/// Which endpoint of a Service gets a request (R32).
public enum Balancing: Hashable, Sendable {
    /// In turn, by weight.
    case roundRobin
    /// Of two taken at random the one that lately answered faster.
    case ewma
    /// The one that the hash leads to.
    case hash(HashTemplate)
    /// One of the group that the hash leads to.
    case subset(HashTemplate, size: Int)
    /// The one that the client's cookie names (R28). `service` is the Service's name as R12 has it.
    case session(isPersistent: Bool, service: String)

    /// What the hash is made of.
    public var template: HashTemplate? {
        switch self {
        case .roundRobin, .ewma, .session: nil
        case .hash(let template), .subset(let template, _): template
        }
    }
}

extension Balancing: CustomStringConvertible {
    /// `round robin`, `ewma`, `hash of $request_uri`, `hash of $host to groups of 3`.
    public var description: String {
        switch self {
        case .roundRobin: "round robin"
        case .ewma: "ewma"
        case .hash(let template): "hash of \(template)"
        case .subset(let template, let size): "hash of \(template) to groups of \(size)"
        case .session(let isPersistent, _): isPersistent ? "session cookie, persistent" : "session cookie, balanced"
        }
    }
}

/// What one request asks of the balancer of its backend.
public enum Placement: Equatable, Sendable {
    /// Nothing: whichever endpoint the balancer likes.
    case anywhere
    /// The endpoint or group that this hash leads to.
    case hash(UInt32)
    /// The endpoint that its session cookie names.
    case session(SessionRequest)
}
