import Exchange
import Routing
import Synchronization
import TLS

/// What the threads of a proxy begin with. They are passed this and not the snapshot itself, as they keep what they are passed for as
/// long as they run, and a reload shall leave nothing of the snapshot before it.
final class StartingPoint: Sendable {
    struct Content: Sendable {
        let snapshot: Snapshot
        let tls: TLSContexts
        var inactiveCanaries: [RouteReport.InactiveCanary] = []
    }

    private let state: Mutex<Content?>

    init(_ content: Content) { state = Mutex(content) }

    /// Until `release`.
    var content: Content {
        guard let content = state.withLock({ $0 }) else { preconditionFailure("every thread has begun") }
        return content
    }

    /// When every thread has begun.
    func release() { state.withLock { $0 = nil } }
}
