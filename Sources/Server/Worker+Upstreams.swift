import Exchange
import HTTP1
import Reactor
import Routing
import TLS
import Telemetry

/// Connections to upstreams: leased, made, read, written, pooled.
extension Worker {
    // MARK: Leasing

    /// Finds the machine a connection to one of the backend's endpoints: a pooled one that is still good, or a new one.
    func lease(_ backend: Int, fresh: Bool, for client: ClientConnection, _ exchange: ActiveExchange) {
        let isFirst = exchange.machine.summary.attempts <= 1
        if !isFirst, let setback = exchange.machine.takeSetback() { record(setback, exchange) }
        if fresh, let endpoint = endpointKept(by: exchange, of: backend) {
            return connect(to: endpoint, fresh: true, for: client, exchange)
        }
        leaveGate(exchange)
        if isFirst || exchange.backend != backend {
            exchange.tried.removeAll()
        } else if !fresh, let asked = exchange.asked {
            // A fresh connection is wanted where only the old one may have been to blame.
            exchange.tried.insert(asked)
        }
        exchange.backend = backend
        let balancer = exchange.installation.balancer(of: backend) ?? makeBalancer(backend, of: exchange.installation)
        guard let turn = choose(balancer, exchange) else { return exchange.machine.noEndpoint(now: now) }
        exchange.isMeasured = balancer.measures
        if exchange.installation.snapshot.limits.upstreamConnections == 0 {
            return connect(to: turn, fresh: fresh, for: client, exchange)
        }
        guard let endpoint = enter(turn, of: balancer, fresh: fresh, for: client, exchange) else { return }
        connect(to: endpoint, fresh: fresh, for: client, exchange)
    }

    /// - Parameter fresh: not over a pooled connection.
    func connect(to endpoint: UpstreamEndpoint, fresh: Bool, for client: ClientConnection, _ exchange: ActiveExchange) {
        exchange.asked = ObjectIdentifier(endpoint)
        exchange.askedAt = now
        if !fresh, !exchange.machine.announcesClient, let upstream = takeIdle(endpoint) {
            metrics.upstreamReuses &+= 1
            upstream.client = client.token
            upstream.isReused = true
            exchange.upstream = consume upstream
            return exchange.machine.connected(reused: true, now: now)
        }
        connect(to: endpoint, for: client, exchange)
    }

    @inline(__always)
    private func choose(_ balancer: Balancer, _ exchange: ActiveExchange) -> UpstreamEndpoint? {
        if balancer.isPlain { return balancer.pick(now: now, avoiding: exchange.tried) }
        return place(balancer, exchange)
    }

    @inline(never)
    private func place(_ balancer: Balancer, _ exchange: ActiveExchange) -> UpstreamEndpoint? {
        let machine = exchange.machine
        let placement = machine.placement
        guard case .session(let session) = placement else { return balancer.pick(placement, now: now, avoiding: exchange.tried) }
        let choice = balancer.pickForSession(
            session, changes: machine.changesSessionOnFailure, now: now, avoiding: exchange.tried) { machine.makeClientID() }
        machine.assign(choice?.key)
        return choice?.endpoint
    }

    func takeIdle(_ endpoint: UpstreamEndpoint) -> UpstreamConnection? {
        while let token = endpoint.takeIdle() {
            guard case .upstream(let upstream) = slab[token] else { continue }
            idleUpstreamCount -= 1
            guard loop.mayHaveMore else { return upstream }
            // That it has ended, or has something to say, may not have come to light yet.
            upstream.isReadable = true
            if isEmpty(upstream) { return upstream }
            close(upstream)
        }
        return nil
    }

    @inline(never)
    private func connect(to endpoint: UpstreamEndpoint, for client: ClientConnection, _ exchange: ActiveExchange) {
        exchange.connectError = nil
        makeRoom()
        do throws(Errno) {
            let (upstream, isThere) = try openAtAllCosts(endpoint)
            upstream.client = client.token
            exchange.upstream = upstream
            if isThere { established(upstream, exchange) }
        } catch {
            metrics.upstreamConnectFailures &+= 1
            if error.isExhaustion { cannotConnect(error, exchange) } else { connectFailed(endpoint, error, exchange) }
        }
    }

    /// Another worker may take the descriptor that was given up for this connection, but hardly each time.
    private static let mostOpenings = 4

    private func openAtAllCosts(_ endpoint: UpstreamEndpoint) throws(Errno) -> (UpstreamConnection, isThere: Bool) {
        for _ in 1..<Self.mostOpenings {
            do throws(Errno) {
                return try open(endpoint)
            } catch {
                guard error.isExhaustion, findsRoom() else { throw error }
            }
        }
        return try open(endpoint)
    }

    /// A new connection, whose socket is connected (`isThere`) or about to be.
    func open(_ endpoint: UpstreamEndpoint) throws(Errno) -> (UpstreamConnection, isThere: Bool) {
        switch try Socket.connect(to: endpoint.address) {
        case .connected(let socket): (try register(UpstreamConnection(socket, endpoint)), true)
        case .inProgress(let socket): (try register(UpstreamConnection(socket, endpoint)), false)
        }
    }

    /// Out of descriptors or memory: no fault of the endpoint, and no other one would fare better.
    @inline(never)
    func cannotConnect(_ error: Errno, _ exchange: ActiveExchange) {
        leaveGate(exchange)
        exchange.connectError = error
        exchange.machine.overloaded(.exhausted, now: now)
    }

    func register(_ upstream: UpstreamConnection) throws(Errno) -> UpstreamConnection {
        upstream.token = slab.insert(.upstream(upstream))
        do throws(Errno) {
            try loop.add(upstream.socket.fd, token: upstream.token, interest: .stream)
        } catch {
            slab.remove(upstream.token)
            throw error
        }
        upstreamCount += 1
        counts.upstreams.take()
        return upstream
    }

    private func established(_ upstream: UpstreamConnection, _ exchange: ActiveExchange) {
        if let tls = upstream.endpoint.tls { return beginHandshake(upstream, tls, exchange) }
        establish(upstream, exchange)
    }

    func establish(_ upstream: UpstreamConnection, _ exchange: ActiveExchange) {
        metrics.upstreamConnects &+= 1
        upstream.isConnected = true
        upstream.isWritable = true
        upstream.endpoint.connectSucceeded()
        exchange.machine.connected(reused: false, now: now)
    }

    // MARK: Events

    func upstreamEvent(_ upstream: UpstreamConnection, _ readiness: Readiness) {
        if upstream.tls != nil { secureEvent(upstream, readiness) }
        guard let token = upstream.client, case .client(let client) = slab[token], let exchange = client.exchange,
              exchange.upstream === upstream
        else {
            if let shipment = upstream.shipment { return shipmentEvent(shipment, upstream, readiness) }
            // An idle connection has nothing to say: an end, an error, or bytes that nobody asked for.
            if readiness == .writable { return }
            if readiness.isSubset(of: [.readable, .writable]), let session = upstream.tls, isQuiet(upstream, session) { return }
            return closeIdle(upstream)
        }
        if !upstream.isConnected {
            guard upstream.tls != nil || !readiness.isDisjoint(with: [.writable, .error, .hangUp]) else { return }
            finishConnect(upstream, exchange)
        }
        if readiness.contains(.readable) { upstream.isReadable = true }
        if readiness.contains(.writable) { upstream.isWritable = true }
        if readiness.contains(.readClosed) || readiness.contains(.error) || readiness.contains(.hangUp) {
            upstream.peerHasClosed = true
            upstream.isReadable = true
        }
        act(client, exchange)
        if client.state == .open, client.exchange === exchange { drive(client, exchange) } else { drive(client) }
    }

    @inline(never)
    private func finishConnect(_ upstream: UpstreamConnection, _ exchange: ActiveExchange) {
        if let session = upstream.tls { return continueHandshake(upstream, session, exchange) }
        guard let error = upstream.socket.connectError() else { return established(upstream, exchange) }
        metrics.upstreamConnectFailures &+= 1
        exchange.upstream = nil
        close(upstream)
        connectFailed(upstream.endpoint, error, exchange)
    }

    @inline(never)
    func connectFailed(_ endpoint: UpstreamEndpoint, _ error: Errno, _ exchange: ActiveExchange) {
        leaveGate(exchange)
        exchange.connectError = error
        let failure = Failure(connecting: error)
        let hasAnother = hasAnother(than: endpoint, exchange, isToBlame: failure != .noLocalPort)
        exchange.machine.connectFailed(failure, hasAnother: hasAnother, now: now)
    }

    /// Remembers that the endpoint could not be connected to; whether the request has somewhere else to go.
    /// - Parameter isToBlame: it is passed over for a while, not only by this request.
    func hasAnother(than endpoint: UpstreamEndpoint, _ exchange: ActiveExchange, isToBlame: Bool = true) -> Bool {
        if isToBlame { endpoint.connectFailed(now: now) }
        exchange.tried.insert(endpoint)
        guard let backend = exchange.backend else { return false }
        return balancer(backend, of: exchange.installation).hasAnother(than: exchange.tried)
    }

    // MARK: Moving bytes

    func readUpstream(_ upstream: UpstreamConnection, _ exchange: ActiveExchange) -> Bool {
        // Stays nil when the machine has no room: what can be read now still can be then.
        var result: IOResult?
        _ = exchange.machine.receive(from: .upstream, now: now) { space in
            if let session = upstream.tls {
                result = receive(from: upstream, through: session, exchange, into: &space)
            } else {
                result = upstream.socket.receive(into: &space)
            }
            if case .bytes(let count)? = result {
                // Before the machine acts on the bytes: it may give the connection back.
                upstream.isReadable = count == space.count || upstream.peerHasClosed || upstream.tls?.mayHaveMore == true
                return count
            }
            return 0
        }
        switch result {
        case .bytes(let count):
            metrics.bytesFromUpstreams &+= UInt64(count)
            return true
        case nil:
            return false
        case .wouldBlock:
            upstream.isReadable = false
            return false
        case .endOfStream:
            upstream.isReadable = false
            // Its event may come later, and the answer be complete: no other request gets it.
            upstream.peerHasClosed = true
            exchange.machine.upstreamClosed(reset: false, now: now)
            return true
        case .failed(let error):
            upstream.isReadable = false
            if isShortage(error, upstream, exchange) { return true }
            metrics.upstreamResets &+= 1
            upstream.peerHasClosed = true
            exchange.machine.upstreamClosed(reset: true, now: now)
            return true
        }
    }

    func writeUpstream(_ upstream: UpstreamConnection, _ exchange: ActiveExchange) {
        var result = IOResult.wouldBlock
        var offered = 0
        let sent = exchange.machine.transmit(to: .upstream, now: now) { first, second in
            offered = first.count + second.count
            if let session = upstream.tls {
                result = send(first, second, to: upstream, through: session, exchange)
            } else {
                result = upstream.socket.send(first, second)
            }
            if case .bytes(let count) = result { return count }
            return 0
        }
        metrics.bytesToUpstreams &+= UInt64(sent)
        switch result {
        case .bytes:
            if sent < offered { upstream.isWritable = upstream.tls?.mayTakeMore == true }
        case .wouldBlock, .endOfStream:
            upstream.isWritable = false
        case .failed(let error) where isShortage(error, upstream, exchange):
            upstream.isWritable = false
        case .failed(let error):
            // It may have answered before it stopped reading: look.
            upstream.isReadable = true
            upstream.peerHasClosed = true
            let isReset = upstream.isReset(error)
            if isReset { metrics.upstreamResets &+= 1 }
            exchange.machine.upstreamStoppedReading(reset: isReset, now: now)
        }
    }

    // MARK: Giving back

    /// Ends the exchange's hold on its connection: into the pool if it can serve again, else closed.
    func release(_ exchange: ActiveExchange, reusable: Bool) {
        guard let upstream = exchange.upstream.take() else { return }
        upstream.client = nil
        if exchange.isMeasured { measure(upstream.endpoint, exchange.askedAt, exchange.machine.summary) }
        giveBack(upstream, reusable: reusable)
    }

    @inline(__always)
    func giveBack(_ upstream: UpstreamConnection, reusable: Bool) {
        guard reusable, upstream.isConnected, !upstream.peerHasClosed, !isDraining, isEmpty(upstream),
              !isCrowded || mayKeepIdle(), upstream.endpoint.keepIdle(upstream.token)
        else { return close(upstream) }
        idleUpstreamCount += 1
        upstream.idleSince = loop.now
        if upstream.timer == .none {
            upstream.timer = loop.arm(token: upstream.token, at: idleDeadline(of: upstream))
        }
    }

    /// Only whole answers count: a quick failure is no merit, and a tunnel lasts as long as its ends like.
    @inline(never)
    private func measure(_ endpoint: UpstreamEndpoint, _ askedAt: Instant, _ summary: Summary) {
        guard summary.isAnswered, summary.failure == nil, summary.status != 101 else { return }
        endpoint.answerTime.observe(now.since(askedAt), now: now)
    }

    /// Whether nothing beyond the answer has come. The last read may have left it open: then one more look decides.
    private func isEmpty(_ upstream: UpstreamConnection) -> Bool {
        guard upstream.isReadable else { return upstream.tls?.isBetweenRecords != false }
        if let session = upstream.tls { return isQuiet(upstream, session) }
        guard case .wouldBlock = readAside(upstream.socket) else { return false }
        upstream.isReadable = false
        return true
    }

    func idleDeadline(of upstream: UpstreamConnection) -> UInt64 {
        (Instant(nanoseconds: upstream.idleSince) + installation.snapshot.timeouts.upstreamKeepAlive).nanoseconds
    }

    func upstreamTimedOut(_ upstream: UpstreamConnection) {
        upstream.timer = .none
        if let shipment = upstream.shipment { return shipmentTimedOut(shipment, upstream) }
        // A busy connection gets a new timer when it is idle again.
        guard upstream.client == nil else { return }
        let deadline = idleDeadline(of: upstream)
        if loop.now >= deadline {
            metrics.timeouts.record(.upstreamKeepAlive)
            closeIdle(upstream)
        } else {
            upstream.timer = loop.arm(token: upstream.token, at: deadline)
        }
    }

    @inline(never)
    func closeIdle(_ upstream: UpstreamConnection) {
        upstream.endpoint.forget(upstream.token)
        idleUpstreamCount -= 1
        close(upstream)
    }

    @inline(never)
    func close(_ upstream: UpstreamConnection) {
        guard slab.remove(upstream.token) != nil else { return }
        upstreamCount -= 1
        counts.upstreams.giveBack()
        _ = upstream.tls?.sayGoodbye()
        loop.cancel(upstream.timer)
        // The descriptor closes with the object's last owner, at the end of this turn; its token is stale from now on.
        upstream.client = nil
        upstream.shipment = nil
    }
}
