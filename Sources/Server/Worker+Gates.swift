import Exchange
import Reactor
import Telemetry

/// Requests that wait until one of an endpoint's connections is free, if their number is limited.
extension Worker {
    /// What a request has or waits for at a gate.
    enum Passage {
        case none
        case waits(EndpointGate, UpstreamEndpoint, number: UInt64)
        case entered(EndpointGate)
    }

    /// The endpoint to be used now; nil if the request waits, or has been refused.
    /// Not to be asked where there is no limit.
    /// - Parameter first: the one whose turn it is. Another one that has a connection free is as good, unless the request belongs to it.
    @inline(never)
    func enter(
        _ first: UpstreamEndpoint, of balancer: Balancer, for client: ClientConnection, _ exchange: ActiveExchange
    ) -> UpstreamEndpoint? {
        let limits = exchange.installation.snapshot.limits
        var full = exchange.tried
        var endpoint = first
        for _ in 0..<TriedEndpoints.capacity {
            let gate = gate(of: endpoint)
            if gate.enterAtOnce(limit: limits.upstreamConnections) {
                exchange.passage = .entered(gate)
                return endpoint
            }
            if balancer.isPlaced { break }
            full.insert(endpoint)
            // Rather wait than go to one that lately refused.
            guard balancer.hasAnother(than: full), let next = balancer.pick(now: now, avoiding: full), !next.isSkipped(at: now)
            else { break }
            endpoint = next
        }
        waitForTurn(first, limits, client, exchange)
        if case .entered = exchange.passage { return first }
        return nil
    }

    private func waitForTurn(
        _ endpoint: UpstreamEndpoint, _ limits: Limits, _ client: ClientConnection, _ exchange: ActiveExchange
    ) {
        let gate = gate(of: endpoint)
        waiterCount += 1
        let waiter = EndpointGate.Waiter(mailbox: mailbox, worker: index, number: waiterCount, client: client.token)
        switch gate.enter(limit: limits.upstreamConnections, queue: limits.upstreamQueue, waiter) {
        case .entered:
            exchange.passage = .entered(gate)
        case .waits:
            metrics.upstreamWaits &+= 1
            exchange.passage = .waits(gate, endpoint, number: waiterCount)
            exchange.machine.queued(now: now)
        case .refused:
            metrics.upstreamOverflows &+= 1
            exchange.machine.overloaded(now: now)
        }
    }

    func gate(of endpoint: UpstreamEndpoint) -> EndpointGate {
        if let gate = endpoint.gate { return gate }
        let gate = gates.gate(at: endpoint.address)
        endpoint.gate = gate
        return gate
    }

    /// It is the turn of one that waited, unless it has ended meanwhile.
    func turnCame(_ gate: EndpointGate, _ number: UInt64, _ token: Token) {
        guard case .client(let client) = slab[token], let exchange = client.exchange,
              case .waits(_, let endpoint, number) = exchange.passage
        else { return gate.leave(limit: installation.snapshot.limits.upstreamConnections) }
        exchange.passage = .entered(gate)
        exchange.machine.turnCame(now: now)
        connect(to: endpoint, fresh: false, for: client, exchange)
        act(client, exchange)
        drive(client)
    }

    /// Turns that came when nobody was left to take them are other workers'.
    func leaveUntaken() {
        for case .turn(let gate, _, _) in mailbox.takeAll() { gate.leave(limit: installation.snapshot.limits.upstreamConnections) }
    }

    /// The request has no connection any more, and waits for none.
    func leaveGate(_ exchange: ActiveExchange) {
        if case .none = exchange.passage { return }
        leave(exchange)
    }

    @inline(never)
    private func leave(_ exchange: ActiveExchange) {
        switch exchange.passage {
        case .none: return
        case .waits(let gate, _, let number): gate.giveUp(number, of: index)
        case .entered(let gate): gate.leave(limit: installation.snapshot.limits.upstreamConnections)
        }
        exchange.passage = .none
    }
}
