import Exchange
import Reactor
import Telemetry

/// When this host, not the other side, is the reason why nothing can be read or written.
extension Worker {
    /// Whether a connection for which there is no memory now is tried again soon.
    func waitsForMemory(_ token: Token) -> Bool {
        metrics.memoryShortages &+= 1
        guard shortages.wait(token, now: loop.now) else { return false }
        armShortages()
        return true
    }

    /// One timer at a time: whoever is tried twice in a turn would look as if it had not failed the first time.
    private func armShortages() {
        guard !shortages.isArmed else { return }
        shortages.isArmed = true
        let token = shortageToken ?? slab.insert(.shortages)
        shortageToken = token
        _ = loop.arm(token: token, at: loop.now + Shortages.pause)
    }

    /// Another try for those that failed.
    @inline(never)
    func retryShortages() {
        shortages.isArmed = false
        for token in shortages.takeDue() {
            switch slab[token] {
            case .client(let client):
                client.isReadable = true
                client.isWritable = true
                enqueue(client)
            case .upstream(let upstream):
                // One that idles again has nothing to do.
                if upstream.client != nil || upstream.shipment != nil { upstreamEvent(upstream, [.readable, .writable]) }
            case .listener, .mailbox, .tick, .drain, .shortages, nil: break
            }
        }
        if !shortages.isEmpty { armShortages() }
    }

    /// Reading from the client or writing to it failed.
    @inline(never)
    func clientFailed(_ client: ClientConnection, _ exchange: ActiveExchange, _ error: Errno) {
        guard error.isExhaustion else { return exchange.machine.clientFailed(now: now) }
        if waitsForMemory(client.token) { return }
        exchange.connectError = error
        exchange.machine.exhausted(.client, now: now)
    }

    /// Whether reading from the upstream or writing to it failed for want of memory; if so, that has been seen to.
    @inline(never)
    func isShortage(_ error: Errno, _ upstream: UpstreamConnection, _ exchange: ActiveExchange) -> Bool {
        guard error.isExhaustion else { return false }
        if waitsForMemory(upstream.token) { return true }
        exchange.connectError = error
        exchange.machine.exhausted(.upstream, now: now)
        return true
    }

    /// Says what this host lacks, as often as `FailureLog` does.
    func report(_ trouble: LocalTrouble) {
        if troubles.isNews(trouble, at: second) { supervisor.warn("\(trouble)") }
    }
}

/// What failed on this side of every connection.
struct LocalTrouble: Hashable, CustomStringConvertible {
    let what: String
    let error: Errno

    var description: String { "\(what): \(error)" }
}
