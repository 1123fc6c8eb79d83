import Addressing
import Synchronization

/// Counts that belong to the process rather than to a worker: touched when a connection opens and when it closes, never on a request.
final class ProcessCounts: Sendable {
    let accessLog = AccessLogCounts()
    let upstreams = UpstreamRoom()
    private let warnings = Atomic<Int>(0)
    private let clients = Atomic<Int>(0)
    private let handshakes = Atomic<Int>(0)
    private let kept = Atomic<Int>(0)
    private let clientsByAddress = Mutex<[IPAddress: Int]>([:])

    var clientConnections: Int { clients.load(ordering: .relaxed) }
    /// With clients, under way.
    var tlsHandshakes: Int { handshakes.load(ordering: .relaxed) }

    /// In memory: the one in force, and those that requests under way began with.
    var snapshots: Int { 1 + kept.load(ordering: .relaxed) }

    func keeps(_ earlierSnapshots: Int) { kept.store(earlierSnapshots, ordering: .relaxed) }

    /// Lines that never got as far as the log.
    var warningsLost: Int { warnings.load(ordering: .relaxed) }

    func warningsLost(_ count: Int) { warnings.add(count, ordering: .relaxed) }

    enum Admission {
        case refused
        /// `countsAddress` is to be told to `leave` again.
        case admitted(countsAddress: Bool)
    }

    /// Counts a client in, unless that would exceed a limit (0 is none).
    func admit(_ peer: IPAddress?, limit: Int, limitPerClient: Int) -> Admission {
        let (before, _) = clients.add(1, ordering: .relaxed)
        if limit > 0, before >= limit {
            clients.subtract(1, ordering: .relaxed)
            return .refused
        }
        let admission = admit(peer, limitPerClient: limitPerClient)
        if case .refused = admission { clients.subtract(1, ordering: .relaxed) }
        return admission
    }

    /// For a connection that is counted already, when its client turns out.
    func admit(_ peer: IPAddress?, limitPerClient: Int) -> Admission {
        guard limitPerClient > 0, let peer else { return .admitted(countsAddress: false) }
        let isAdmitted = clientsByAddress.withLock { counts in
            let count = counts[peer, default: 0]
            guard count < limitPerClient else { return false }
            counts[peer] = count + 1
            return true
        }
        return isAdmitted ? .admitted(countsAddress: true) : .refused
    }

    func leave(_ peer: IPAddress?, countsAddress: Bool) {
        clients.subtract(1, ordering: .relaxed)
        guard countsAddress, let peer else { return }
        clientsByAddress.withLock { counts in
            guard let count = counts[peer] else { return }
            counts[peer] = count > 1 ? count - 1 : nil
        }
    }

    // MARK: Handshakes

    /// Counts a handshake in, unless that would exceed the limit.
    func beginHandshake(limit: Int) -> Bool {
        let (before, _) = handshakes.add(1, ordering: .relaxed)
        guard before >= limit else { return true }
        handshakes.subtract(1, ordering: .relaxed)
        return false
    }

    func endHandshake() { handshakes.subtract(1, ordering: .relaxed) }
}
