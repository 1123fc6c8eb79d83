import Reactor
import TLS

/// TLS connections that idle give back what memory they can. That costs as much as a small part of a request, and as much again when
/// the next one comes, so that a connection has to have idled for a while.
extension Worker {
    private static let idleTime: UInt64 = 1_000_000_000
    /// Connections put to rest in a row, so that others need not wait for long.
    private static let restShare = 1024

    /// The connection waits for a request; looked at once a second until it has waited long enough.
    @inline(never)
    func settle(_ client: ClientConnection) {
        guard !client.isSettling else { return }
        client.isSettling = true
        settling.append(client.token)
    }

    func putToRest() {
        var share = Self.restShare
        settling.removeAll { token in
            guard case .client(let client)? = slab[token] else { return true }
            if client.state == .open {
                guard share > 0, client.exchange == nil, loop.now >= client.waitsSince &+ Self.idleTime else { return false }
                client.tls?.rest()
                share -= 1
            }
            client.isSettling = false
            return true
        }
    }
}
