import Exchange
import Reactor
import Telemetry

/// Idle upstream connections are kept for as long as nobody needs what they hold: descriptors, first of all.
extension Worker {
    /// Given up in one turn for others: the worker's own clients wait meanwhile.
    private static let mostAtATime = 64

    // MARK: For this worker's own needs

    /// To be called before a request gets a new connection, which it does get.
    func makeRoom() {
        guard counts.upstreams.count >= admission.upstreamsKept else { return }
        isCrowded = true
        if giveUpIdle() { return }
        counts.upstreams.ask(otherThan: index)
        if counts.upstreams.count >= admission.upstreams { dropCopies(.overloaded) }
    }

    /// Whether a copy may have a new connection: only where requests leave room.
    func hasRoomForCopy() -> Bool {
        guard counts.upstreams.count < admission.upstreamsKept else { return giveUpIdle() }
        if isCrowded { endCrowding() }
        return true
    }

    /// Descriptors or memory have run out although there seemed to be room: whether it makes sense to try again, since what matters less
    /// than requests and clients has been given up.
    /// - Parameter wanted: connections.
    @inline(never)
    func findsRoom(for wanted: Int = 1) -> Bool {
        var found = 0
        while found < wanted, giveUpIdle() { found += 1 }
        if found > 0 { return true }
        counts.upstreams.ask(otherThan: index)
        return dropCopies(.overloaded)
    }

    /// Whether idle connections are kept again.
    @inline(never)
    func mayKeepIdle() -> Bool {
        guard counts.upstreams.count <= admission.upstreamsKept else {
            metrics.upstreamEvictions &+= 1
            return false
        }
        endCrowding()
        return true
    }

    private func endCrowding() {
        isCrowded = false
        counts.upstreams.mayBeAsked(index)
    }

    // MARK: For others

    /// Another thread is short of room, and gets it from those that have some to give.
    func makeRoomForOthers() {
        var found = 0
        while found < Self.mostAtATime, found == 0 || counts.upstreams.count > admission.upstreamsAtEase, giveUpIdle() { found += 1 }
        if found == 0, counts.upstreams.count >= admission.upstreams { dropCopies(.overloaded) }
        isCrowded = counts.upstreams.count > admission.upstreamsKept
        // Crowded and without any, it closes each one that it could keep: there is nothing to ask for.
        if !isCrowded || idleUpstreamCount > 0 || shipmentCount > 0 { counts.upstreams.mayBeAsked(index) }
    }

    // MARK: Giving up

    /// Closes the idle connection that has waited longest, about; false if there is none.
    @inline(never)
    private func giveUpIdle() -> Bool {
        guard idleUpstreamCount > 0 else { return false }
        if giveUpNext() { return true }
        longestIdle.fill(from: endpoints.values) { token in
            if case .upstream(let upstream) = slab[token] { upstream.idleSince } else { nil }
        }
        return giveUpNext()
    }

    private func giveUpNext() -> Bool {
        while let entry = longestIdle.next() {
            guard case .upstream(let upstream) = slab[entry.token], upstream.client == nil, upstream.shipment == nil,
                  upstream.idleSince == entry.since
            else { continue }
            metrics.upstreamEvictions &+= 1
            closeIdle(upstream)
            return true
        }
        return false
    }
}
