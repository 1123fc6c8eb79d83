import Exchange
import Reactor
import Telemetry

/// Requests that wait until one of an endpoint's connections is free, if their number is limited.
extension Worker {
    /// What a request has or waits for at a gate.
    enum Passage {
        case none
        /// - Parameters:
        ///   - only: the one endpoint that it belongs to; nil: any of its backend's.
        ///   - fresh: not for a pooled connection.
        case waits(WaitingRoom, only: UpstreamEndpoint?, ticket: UInt64, fresh: Bool)
        case entered(EndpointGate)
    }

    /// The endpoint to be used now; nil if the request waits, or has been refused.
    /// Not to be asked where there is no limit.
    /// - Parameter first: the one whose turn it is. Another one that has a connection free is as good, unless the request belongs to it.
    @inline(never)
    func enter(
        _ first: UpstreamEndpoint, of balancer: Balancer, fresh: Bool, for client: ClientConnection, _ exchange: ActiveExchange
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
        if balancer.isPlaced {
            waitForTurn(in: gate(of: first).room, only: first, fresh: fresh, client, exchange)
        } else if balancer.count > TriedEndpoints.capacity, let endpoint = enterAny(of: balancer, limits.upstreamConnections, exchange) {
            return endpoint
        } else {
            waitForTurn(in: room(of: balancer), only: nil, fresh: fresh, client, exchange)
        }
        return nil
    }

    /// Of many endpoints, some have not been looked at yet.
    private func enterAny(of balancer: Balancer, _ limit: Int, _ exchange: ActiveExchange) -> UpstreamEndpoint? {
        var entered: UpstreamEndpoint?
        balancer.forEach(now: now, avoiding: exchange.tried) { endpoint, isUseful in
            guard entered == nil, isUseful else { return }
            let gate = gate(of: endpoint)
            guard gate.enterAtOnce(limit: limit) else { return }
            exchange.passage = .entered(gate)
            entered = endpoint
        }
        return entered
    }

    private func waitForTurn(
        in room: WaitingRoom, only: UpstreamEndpoint?, fresh: Bool, _ client: ClientConnection, _ exchange: ActiveExchange
    ) {
        let ticket = gates.takeTicket()
        guard join(room, only, ticket, isAgain: false, client, exchange) else {
            metrics.upstreamOverflows &+= 1
            return exchange.machine.overloaded(now: now)
        }
        metrics.upstreamWaits &+= 1
        exchange.passage = .waits(room, only: only, ticket: ticket, fresh: fresh)
        exchange.machine.queued(now: now)
    }

    /// - Parameter isAgain: it waited there before, and needs no place of its own.
    private func join(
        _ room: WaitingRoom, _ only: UpstreamEndpoint?, _ ticket: UInt64, isAgain: Bool, _ client: ClientConnection,
        _ exchange: ActiveExchange
    ) -> Bool {
        let limits = exchange.installation.snapshot.limits
        var waiter = WaitingRoom.Waiter(mailbox: mailbox, client: client.token, ticket: ticket)
        var useful: [EndpointGate] = []
        if let only {
            useful.append(gate(of: only))
        } else {
            balancer(of: exchange)?.forEach(now: now, avoiding: exchange.tried) { endpoint, isUseful in
                let gate = gate(of: endpoint)
                if isUseful { useful.append(gate) } else { waiter.excluded.append(ObjectIdentifier(gate)) }
            }
        }
        let capacity = isAgain ? .max : limits.upstreamQueue * (useful.count + waiter.excluded.count)
        return room.join(waiter, at: useful, limit: limits.upstreamConnections, capacity: capacity)
    }

    private func balancer(of exchange: ActiveExchange) -> Balancer? {
        exchange.backend.flatMap { exchange.installation.balancer(of: $0) }
    }

    func gate(of endpoint: UpstreamEndpoint) -> EndpointGate {
        if let gate = endpoint.gate { return gate }
        let gate = gates.gate(at: endpoint.address)
        endpoint.gate = gate
        return gate
    }

    private func room(of balancer: Balancer) -> WaitingRoom {
        if let room = balancer.room { return room }
        let room = gates.room(of: balancer.addresses)
        balancer.room = room
        return room
    }

    /// It is the turn of one that waited, unless it has ended meanwhile.
    func turnCame(_ gate: EndpointGate, _ ticket: UInt64, _ token: Token) {
        let limit = installation.snapshot.limits.upstreamConnections
        guard case .client(let client) = slab[token], let exchange = client.exchange,
              case .waits(let room, let only, ticket, let fresh) = exchange.passage
        else { return gate.leave(limit: limit) }
        guard let endpoint = only ?? endpoint(behind: gate, exchange) else {
            // The endpoint has refused somebody meanwhile. It waits on, for another one.
            _ = join(room, only, ticket, isAgain: true, client, exchange)
            return gate.leave(limit: limit)
        }
        exchange.passage = .entered(gate)
        exchange.machine.turnCame(now: now)
        connect(to: endpoint, fresh: fresh, for: client, exchange)
        act(client, exchange)
        drive(client)
    }

    private func endpoint(behind gate: EndpointGate, _ exchange: ActiveExchange) -> UpstreamEndpoint? {
        var found: UpstreamEndpoint?
        balancer(of: exchange)?.forEach(now: now, avoiding: exchange.tried) { endpoint, isUseful in
            if isUseful, endpoint.gate === gate { found = endpoint }
        }
        return found
    }

    /// Where a request that asks again has its place still, having lost an old connection there; nil if it has none, or the endpoint has
    /// refused somebody meanwhile.
    func endpointKept(by exchange: ActiveExchange, of backend: Int) -> UpstreamEndpoint? {
        guard case .entered = exchange.passage, exchange.backend == backend, let asked = exchange.asked,
              let endpoint = balancer(of: exchange)?.endpoint(asked), !endpoint.isSkipped(at: now)
        else { return nil }
        return endpoint
    }

    /// New limits: see `EndpointGate.limitChanged`.
    func limitChanged(to limit: Int) { EndpointGate.limitChanged(to: limit, at: endpoints.values.compactMap(\.gate)) }

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
        case .waits(let room, _, let ticket, _): room.giveUp(ticket)
        case .entered(let gate): gate.leave(limit: installation.snapshot.limits.upstreamConnections)
        }
        exchange.passage = .none
    }
}
