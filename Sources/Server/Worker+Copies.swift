import Exchange
import HTTP1
import Reactor
import Routing
import TLS
import Telemetry

/// Sending copies of requests to canaries, and reading what comes back to nobody.
///
/// They begin between two turns, when clients have been served, and take what is free at that moment: a copy that would have to wait
/// for a connection is dropped.
extension Worker {
    func sendCopies() {
        for copy in context.copies.takeReady() {
            let shipment = CopyShipment(copy, installation(of: copy.snapshot))
            // What a snapshot that is gone secured connections with is gone, too.
            let isSecurable = !copy.isSecured || !shipment.installation.upstreams.isEmpty
            if isDraining || !isRunning || !isSecurable {
                copy.fail(.shutdown)
            } else {
                copy.begin(now: now)
                lease(shipment, fresh: false)
            }
            move(shipment)
        }
        for ending in context.copies.takeEndings() { record(ending) }
    }

    /// Ends those that are on their way: at the end of the worker, which they do not hold up, and for want of room.
    /// - Returns: whether there were any.
    @discardableResult
    func dropCopies(_ failure: Failure) -> Bool {
        guard shipmentCount > 0 else { return false }
        var slot: UInt32 = 0
        var count = 0
        while let token = slab.firstToken(fromSlot: slot) {
            slot = token.slot + 1
            guard case .upstream(let upstream) = slab[token], let shipment = upstream.shipment else { continue }
            shipment.copy.fail(failure)
            move(shipment)
            count += 1
        }
        return count > 0
    }

    private func installation(of snapshot: Snapshot) -> Installation {
        if installation.snapshot === snapshot { return installation }
        // One that is gone with its last request is made again for what was copied of that.
        return earlier.lazy.compactMap(\.installation).first { $0.snapshot === snapshot } ?? Installation(snapshot)
    }

    // MARK: Connecting

    private func lease(_ shipment: CopyShipment, fresh: Bool) {
        let copy = shipment.copy
        let balancer = balancer(copy.backend, of: shipment.installation)
        guard let endpoint = pick(balancer, copy.placement) else { return copy.fail(.noEndpoint) }
        let limit = shipment.installation.snapshot.limits.upstreamConnections
        if limit > 0, !enter(endpoint, limit, shipment) { return copy.fail(.overloaded) }
        if !fresh, copy.announcement.isEmpty, let upstream = takeIdle(endpoint) {
            metrics.upstreamReuses &+= 1
            load(shipment, on: upstream)
            return copy.connected(reused: true, now: now)
        }
        connect(shipment, to: endpoint)
    }

    private func enter(_ endpoint: UpstreamEndpoint, _ limit: Int, _ shipment: CopyShipment) -> Bool {
        let gate = gate(of: endpoint), ticket = gates.takeTicket()
        guard gate.enterAtOnce(limit: limit, as: EndpointGate.Copy(mailbox: mailbox, ticket: ticket)) else { return false }
        shipment.place = (gate, ticket)
        copiesInside[ticket] = shipment
        return true
    }

    private func leave(_ shipment: CopyShipment) {
        guard let (gate, ticket) = shipment.place else { return }
        shipment.place = nil
        copiesInside[ticket] = nil
        gate.leave(limit: installation.snapshot.limits.upstreamConnections, copy: ticket)
    }

    /// A request waits for its place, unless it is over already.
    func giveWay(_ ticket: UInt64) {
        guard let shipment = copiesInside[ticket] else { return }
        shipment.copy.fail(.overloaded)
        move(shipment)
    }

    private func pick(_ balancer: Balancer, _ placement: Placement) -> UpstreamEndpoint? {
        guard case .session(let session) = placement else { return balancer.pick(placement, now: now) }
        return balancer.pickForSession(session, changes: false, now: now, avoiding: TriedEndpoints()) { context.makeClientID() }?.endpoint
    }

    private func load(_ shipment: CopyShipment, on upstream: UpstreamConnection) {
        upstream.shipment = shipment
        shipment.upstream = upstream
        shipmentCount += 1
    }

    private func connect(_ shipment: CopyShipment, to endpoint: UpstreamEndpoint) {
        guard hasRoomForCopy() else { return shipment.copy.fail(.overloaded) }
        do throws(Errno) {
            let (upstream, isThere) = try open(endpoint)
            load(shipment, on: upstream)
            if isThere { beginOutput(shipment) }
        } catch {
            if error.isExhaustion { return shipment.copy.fail(.overloaded) }
            connectFailed(shipment, endpoint, .connectRefused)
        }
    }

    /// The socket is connected: who the client is goes first, then TLS, as far as the upstream wants them.
    private func beginOutput(_ shipment: CopyShipment) {
        guard let upstream = shipment.upstream else { return }
        if !shipment.copy.announcement.isEmpty, let error = announce(shipment.copy.announcement, on: upstream) {
            return error.isExhaustion ? shipment.copy.fail(.overloaded) : connectFailed(shipment, upstream.endpoint, .connectRefused)
        }
        guard let tls = upstream.endpoint.tls else { return established(shipment) }
        guard let session = TLSSession(to: tls, fd: upstream.socket.fd, alerts: upstreamAlerts) else {
            return shipment.copy.fail(.overloaded)
        }
        upstream.tls = session
        continueHandshake(shipment, upstream, session)
    }

    private func continueHandshake(_ shipment: CopyShipment, _ upstream: UpstreamConnection, _ session: TLSSession) {
        switch advanceHandshake(upstream, session) {
        case .underWay: break
        case .exhausted: shipment.copy.fail(.overloaded)
        case .failed: connectFailed(shipment, upstream.endpoint, .tlsFailed)
        case .done:
            established(shipment)
            upstream.isReadable = session.mayHaveMore || upstream.peerHasClosed
        }
    }

    private func established(_ shipment: CopyShipment) {
        guard let upstream = shipment.upstream else { return }
        metrics.upstreamConnects &+= 1
        upstream.isConnected = true
        upstream.isWritable = true
        upstream.endpoint.connectSucceeded()
        shipment.copy.connected(reused: false, now: now)
    }

    private func connectFailed(_ shipment: CopyShipment, _ endpoint: UpstreamEndpoint, _ failure: Failure) {
        metrics.upstreamConnectFailures &+= 1
        endpoint.connectFailed(now: now)
        shipment.copy.fail(failure)
    }

    // MARK: Events

    func shipmentEvent(_ shipment: CopyShipment, _ upstream: UpstreamConnection, _ readiness: Readiness) {
        let isOver = readiness.contains(.error) || readiness.contains(.hangUp)
        if !upstream.isConnected {
            if let session = upstream.tls {
                continueHandshake(shipment, upstream, session)
            } else if !readiness.contains(.writable), !isOver {
                return
            } else if upstream.socket.connectError() == nil {
                beginOutput(shipment)
            } else {
                connectFailed(shipment, upstream.endpoint, .connectRefused)
            }
        }
        if readiness.contains(.readable) { upstream.isReadable = true }
        if readiness.contains(.writable) { upstream.isWritable = true }
        if readiness.contains(.readClosed) || isOver {
            upstream.peerHasClosed = true
            upstream.isReadable = true
        }
        move(shipment)
    }

    func shipmentTimedOut(_ shipment: CopyShipment, _ upstream: UpstreamConnection) {
        shipment.copy.timedOut(now: now)
        if shipment.copy.ending?.failure == .connectTimedOut {
            if upstream.tls != nil { metrics.upstreamTLS.recordFailure(Int(TLSFailure.timeout.rawValue)) }
            connectFailed(shipment, upstream.endpoint, .connectTimedOut)
        }
        move(shipment)
    }

    // MARK: Moving bytes

    /// Reads of one copy before others have a turn; what is left waits for its timer.
    private static let share = 4

    /// Writes, reads, and ends the copy when it is over.
    private func move(_ shipment: CopyShipment) {
        let copy = shipment.copy
        if let upstream = shipment.upstream {
            write(copy, to: upstream)
            var reads = 0
            while reads < Self.share, upstream.isConnected, upstream.isReadable, copy.ending == nil {
                read(upstream, for: copy)
                reads += 1
            }
        }
        guard let ending = copy.ending else { return rest(shipment) }
        unload(shipment, reusable: ending.isReusable)
        if copy.beginsAnew(now: now) {
            lease(shipment, fresh: true)
            return move(shipment)
        }
        context.copies.end(copy, ending.failure, status: ending.status, context.pool)
    }

    private func write(_ copy: RequestCopy, to upstream: UpstreamConnection) {
        while upstream.isWritable, copy.hasOutput {
            var result = IOResult.wouldBlock
            let sent = copy.transmit { first, second in
                if let session = upstream.tls {
                    result = send(first, second, to: upstream, through: session, nil)
                } else {
                    result = upstream.socket.send(first, second)
                }
                if case .bytes(let count) = result { return count }
                return 0
            }
            metrics.bytesToUpstreams &+= UInt64(sent)
            switch result {
            case .bytes: continue
            case .wouldBlock, .endOfStream: upstream.isWritable = false
            case .failed(let error) where error.isExhaustion:
                // A copy waits for nothing that requests are short of.
                return copy.fail(.overloaded)
            case .failed(let error):
                copy.upstreamStoppedReading(reset: upstream.isReset(error))
                upstream.isReadable = true
                upstream.peerHasClosed = true
            }
        }
    }

    private func read(_ upstream: UpstreamConnection, for copy: RequestCopy) {
        var result = IOResult.wouldBlock
        copy.receive(context.pool) { space in
            if let session = upstream.tls {
                result = receive(from: upstream, through: session, nil, into: &space)
            } else {
                result = upstream.socket.receive(into: &space)
            }
            guard case .bytes(let count) = result else { return 0 }
            upstream.isReadable = count == space.count || upstream.peerHasClosed || upstream.tls?.mayHaveMore == true
            return count
        }
        switch result {
        case .bytes(let count):
            metrics.bytesFromUpstreams &+= UInt64(count)
        case .wouldBlock:
            upstream.isReadable = false
        case .endOfStream:
            upstream.isReadable = false
            copy.upstreamClosed(reset: false)
        case .failed(let error):
            upstream.isReadable = false
            if error.isExhaustion { copy.fail(.overloaded) } else { copy.upstreamClosed(reset: true) }
        }
    }

    private func rest(_ shipment: CopyShipment) {
        guard let upstream = shipment.upstream else { return }
        let due = upstream.isReadable && upstream.isConnected ? now : shipment.copy.deadline
        setTimer(of: upstream, due.nanoseconds)
    }

    private func setTimer(of upstream: UpstreamConnection, _ due: UInt64) {
        if upstream.timer == .none {
            upstream.timer = loop.arm(token: upstream.token, at: due)
        } else {
            loop.move(upstream.timer, to: due)
        }
    }

    /// Gives the connection back, if there is one, and the place at the endpoint.
    private func unload(_ shipment: CopyShipment, reusable: Bool) {
        leave(shipment)
        guard let upstream = shipment.upstream.take() else { return }
        upstream.shipment = nil
        shipmentCount -= 1
        giveBack(upstream, reusable: reusable)
        // The timer may be due at the copy's deadline, long after that of an idle connection.
        if slab[upstream.token] != nil { setTimer(of: upstream, idleDeadline(of: upstream)) }
    }

    // MARK: Records

    private func record(_ ending: CopyQueue.Ending) {
        let row = metricRow(of: ending.route, installation(of: ending.snapshot))
        metrics.recordCopy(row: row, outcome: CopyOutcome(ending))
    }
}

extension CopyOutcome {
    fileprivate init(_ ending: CopyQueue.Ending) {
        self = switch ending.failure {
        case nil: CopyOutcome(status: ending.status)
        case .connectRefused, .tlsFailed: .connectFailed
        case .connectTimedOut, .upstreamTimedOut: .timedOut
        case .badResponse: .badResponse
        case .overloaded: .droppedBusy
        case .requestTooLarge: .droppedBody
        case .clientClosed: .droppedUnfinished
        case .noEndpoint: .droppedNoEndpoint
        case .pathRefused: .droppedHead
        case .shutdown: .droppedStop
        default: .closed
        }
    }
}
