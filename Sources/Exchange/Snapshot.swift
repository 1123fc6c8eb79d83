public import Addressing
public import Routing

/// Everything a worker needs to know to serve requests, made once by Configuration and never changed.
///
/// A reload makes a new one; each worker swaps its reference between two turns of its loop, and an exchange that has begun
/// keeps the one it began with.
public final class Snapshot: Sendable {
    public let routes: RouteTable
    /// What `Route.stable` and `Canary.backend` index.
    public let backends: [Backend]
    /// The canaries' names in the order of their `sequence` numbers; a worker keeps a sequence's position by this name.
    public let sequences: [String]
    public let timeouts: Timeouts
    public let limits: Limits
    public let forwarding: Forwarding
    public let failover: Failover
    public let compatibility: Compatibility
    public let https: HTTPSPolicy
    let httpsHosts: HTTPSHosts
    /// Some route, or host without any, looks at its clients' certificates.
    let looksAtClients: Bool
    /// Nil: nothing is compressed.
    public let gzip: GzipPolicy?
    public let health: HealthPolicy
    /// Some backend is told by the PROXY protocol who its clients are.
    public let announcesClients: Bool

    public init(
        routes: RouteTable, backends: [Backend], sequences: [String],
        timeouts: Timeouts = Timeouts(), limits: Limits = Limits(),
        forwarding: Forwarding = Forwarding(), failover: Failover = .canaryToStable, compatibility: Compatibility = .scoped,
        https: HTTPSPolicy = HTTPSPolicy(), gzip: GzipPolicy? = nil, health: HealthPolicy = HealthPolicy()
    ) {
        self.routes = routes
        self.backends = backends
        self.sequences = sequences
        self.timeouts = timeouts
        self.limits = limits
        self.forwarding = forwarding
        self.failover = failover
        self.compatibility = compatibility
        self.https = https
        httpsHosts = HTTPSHosts(https, routes)
        looksAtClients = !https.clientRules.isEmpty || !https.clientRulesOfHosts.isEmpty
        self.gzip = gzip
        self.health = health
        announcesClients = backends.contains { $0.proxyProtocol != nil }
    }

    /// The same snapshot over other endpoints: what a name's new addresses lead to.
    public func replacing(backends: [Backend]) -> Snapshot { replacing(backends: backends, health: health) }

    func replacing(backends: [Backend], health: HealthPolicy) -> Snapshot {
        precondition(backends.count == self.backends.count, "routes refer to backends by index")
        return Snapshot(
            routes: routes, backends: backends, sequences: sequences,
            timeouts: timeouts, limits: limits, forwarding: forwarding, failover: failover, compatibility: compatibility,
            https: https, gzip: gzip, health: health)
    }
}

/// How long each part of an exchange may take. The defaults are those of the configuration file.
public struct Timeouts: Equatable, Sendable {
    /// A whole request head, absolute, so that a slow sender gains nothing by trickling.
    public var clientHeader = TimeSpan.seconds(15)
    /// Between two reads of a request body.
    public var clientBody = TimeSpan.seconds(30)
    /// An idle connection between two requests.
    public var clientKeepAlive = TimeSpan.seconds(75)
    /// Between two successful writes to the client.
    public var clientWrite = TimeSpan.seconds(60)
    public var upstreamConnect = TimeSpan.seconds(5)
    /// To the first byte of a response, and between two reads.
    public var upstreamResponse = TimeSpan.seconds(60)
    /// An idle pooled connection to an upstream.
    public var upstreamKeepAlive = TimeSpan.seconds(60)
    public var tlsHandshake = TimeSpan.seconds(10)
    /// One whole request, or nil for no such deadline.
    public var request: TimeSpan?
    /// A tunnel in which neither side speaks.
    public var tunnelIdle = TimeSpan.seconds(3600)

    public init() {}
}

/// The most that one client may ask for. The defaults are those of the configuration file.
public struct Limits: Equatable, Sendable {
    /// Bytes of a request line (RFC 9112 section 3 recommends at least 8000).
    public var requestLine = 8 << 10
    /// Bytes of all fields of a head.
    public var headerBytes = 32 << 10
    public var headerFields = 100
    /// Bytes of a request body; 0 is any size. Routes may override it.
    public var body = 1 << 20
    /// Client connections of the whole process; nil derives it from the descriptor limit.
    public var connections: Int?
    /// Client connections from one address; 0 is any number.
    public var connectionsPerClient = 0
    /// TLS handshakes with clients that are under way at a time, of the whole process; nil is a quarter of the connections.
    public var handshakes: Int?
    /// Bytes of the buffers of all requests under way, from which on new connections are refused; nil is half of the memory that
    /// the process may have.
    public var memory: Int?
    /// Connections to one endpoint that are in use at a time, of the whole process; 0 is any number.
    public var upstreamConnections = 0
    /// Requests that may wait for one of them, of the whole process and for each endpoint. They wait for as long as connecting may take.
    public var upstreamQueue = 256
    /// Copies of requests that one worker has on their way to canaries at a time; others are not made.
    public var mirrorRequests = 128
    /// Bytes of a request body that is copied; at most `CopyQueue.largestBody`.
    public var mirrorBody = 64 << 10

    public init() {}
}

/// What is passed on, and whom to believe.
public struct Forwarding: Equatable, Sendable {
    /// Peers whose X-Forwarded-* and X-Request-ID are believed.
    public var trustedProxies: [AddressRange] = []
    /// The pseudonym for Via (RFC 9110 section 7.6.3), or nil to send none.
    public var via: String?
    /// Whether fields whose names hold more than letters, digits and hyphens pass (R22).
    public var underscoresInHeaders = false
    /// Whether an HTTP/1.0 client may keep its connection (RFC 9112 section 9.3 says no).
    public var http10KeepAlive = false
    /// Whether a path spelt so that it only decodes to a separator or a dot segment is refused (`scoped`).
    public var strictPaths = true

    public init() {}
}

/// Whose rules hold where ingress-nginx has traps.
public enum Compatibility: String, Sendable, CaseIterable {
    /// Safe: a canary binds to its own host, path and type, and either version serves without the other.
    case scoped
    /// To the letter as ingress-nginx (R1–R40).
    case ingressNginx = "ingress-nginx"
}

/// Which version stands in for one that has no endpoint; `Compatibility.scoped` only.
public enum Failover: String, Sendable, CaseIterable {
    case none
    /// A canary's requests go to stable.
    case canaryToStable
    /// Also stable's requests go to the canary.
    case both
}
