import Addressing
import Exchange
import Reactor
import Routing
import TLS

/// What connections to an endpoint may be shared by: its address, and how it is secured.
struct EndpointKey: Hashable, Sendable {
    let address: SocketAddress
    private let security: String

    init(_ address: SocketAddress, _ tls: BackendTLS?, _ contexts: [UpstreamTLSContext]) {
        self.address = address
        guard let tls, contexts.indices.contains(tls.context) else {
            security = ""
            return
        }
        security = "\(contexts[tls.context].identity) \(tls.sendsName) \(tls.name)"
    }
}

/// What one worker knows of one endpoint's address: its idle connections and its health. Outlives snapshots.
final class UpstreamEndpoint {
    /// Idle connections kept per endpoint and worker; more are closed when their request ends.
    static let maximumIdle = 256
    /// How long an endpoint that refused to connect is skipped: doubling from the first to the second.
    private static let shortestSkip = TimeSpan.seconds(10)
    private static let longestSkip = TimeSpan.seconds(60)

    let address: SocketAddress
    /// Nil for plain HTTP.
    let tls: UpstreamTLS?
    /// Last in, first out: the connection used last is the likeliest to be alive and in cache.
    private(set) var idle: [Token] = []
    /// The snapshot does not name it any more; requests that are still under way end their connections.
    var isForgotten = false
    private var failures = 0
    /// Made when a limit of connections is first asked for.
    var gate: EndpointGate?
    private(set) var skippedUntil = Instant(nanoseconds: 0)
    /// Kept for balancers that go by it.
    var answerTime = PeakEWMA()

    init(_ address: SocketAddress, _ tls: UpstreamTLS? = nil) {
        self.address = address
        self.tls = tls
    }

    func isSkipped(at now: Instant) -> Bool { now < skippedUntil }

    func connectSucceeded() {
        failures = 0
        skippedUntil = Instant(nanoseconds: 0)
    }

    /// Further failures while it is skipped say nothing new: they come of attempts that began before, or of having no other one.
    func connectFailed(now: Instant) {
        guard !isSkipped(at: now) else { return }
        let doublings = min(failures, 8)
        failures += 1
        let span = TimeSpan(nanoseconds: Self.shortestSkip.nanoseconds << UInt64(doublings))
        skippedUntil = now + min(span, Self.longestSkip)
    }

    // MARK: Idle connections

    func takeIdle() -> Token? { idle.popLast() }

    /// False when there are enough already, or nobody will ask for it.
    func keepIdle(_ token: Token) -> Bool {
        guard idle.count < Self.maximumIdle, !isForgotten else { return false }
        idle.append(token)
        return true
    }

    /// An idle connection has ended. The oldest are the likeliest to.
    func forget(_ token: Token) {
        if let index = idle.firstIndex(of: token) { idle.remove(at: index) }
    }
}
