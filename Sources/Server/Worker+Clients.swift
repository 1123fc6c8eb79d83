import Exchange
import HTTP1
import Reactor
import TLS
import Telemetry

/// Reading from and writing to clients; taking their exchanges forward; ending their connections.
extension Worker {
    func clientEvent(_ client: consuming ClientConnection, _ readiness: Readiness) {
        if readiness.contains(.readable) { client.isReadable = true }
        if readiness.contains(.writable) { client.isWritable = true }
        if readiness.contains(.readClosed) {
            client.peerHasClosed = true
            client.isReadable = true
        }
        if readiness.contains(.error) || readiness.contains(.hangUp) {
            client.isReadable = true
            // A reset: whatever state the exchange is in, its client is gone.
            if readiness.contains(.error), let exchange = client.exchange {
                exchange.machine.clientFailed(now: now)
            }
        }
        if client.tls != nil { secureEvent(client, readiness) }
        switch client.state {
        case .open: drive(consume client)
        case .announcing: readProxyHeader(client)
        case .handshaking: enqueue(client)
        case .lingering: dropInput(of: client)
        case .closed: break
        }
    }

    // MARK: The one place where an exchange moves

    /// Steps before a connection lets others have a turn, if they are small: a step moves up to one buffer each way.
    private static let share = 32

    /// Reads what an event announced. What follows from it is postponed until the whole batch of events has been read. So no
    /// request goes out on a pooled connection of which an event says that it has ended, or that it says what nobody asked for
    /// (http-edge duties 39 and 44). And the same code runs many times in a row, the kernel's receiving, then ours, then the
    /// kernel's sending, and stays in cache; and sends that follow each other find their receivers awake.
    func drive(_ client: consuming ClientConnection) {
        guard client.state == .open else { return }
        if let exchange = client.exchange { return drive(consume client, exchange) }
        serve(consume client)
    }

    /// The same, for who has the connection's exchange at hand. Consumed, because what is moved on counts no references.
    func drive(_ client: consuming ClientConnection, _ exchange: consuming ActiveExchange) {
        if exchange.isBulky { return enqueue(client) }
        serve(consume client, exchange)
    }

    /// As `drive`, for one whose turn it is.
    func serve(_ client: consuming ClientConnection) {
        if let exchange = client.exchange { return serve(consume client, exchange) }
        guard client.isReadable else { return setDeadline(client, idleDeadline(of: client)) }
        guard hasMemory else { return refuse(client) }
        let exchange = attach(client)
        serve(consume client, exchange)
    }

    private func serve(_ client: consuming ClientConnection, _ exchange: consuming ActiveExchange) {
        _ = receiveBoth(client, exchange)
        guard !client.isPostponed else { return }
        client.isPostponed = true
        if exchange.machine.phase == .readingHead {
            requests.append(Turn(client: consume client, exchange: consume exchange))
        } else {
            answers.append(Turn(client: consume client, exchange: consume exchange))
        }
    }

    func servePostponed() {
        guard !requests.isEmpty || !answers.isEmpty else { return }
        // Kept apart, because the first-level cache has no room for the code of both.
        swap(&answers, &digesting)
        digestAll()
        swap(&requests, &digesting)
        digestAll()
        while let turn = advancing.popLast() {
            if turn.client.exchange === turn.exchange {
                advance(turn.client, turn.exchange)
            } else if let exchange = turn.client.exchange {
                advance(turn.client, exchange)
            }
        }
    }

    /// Turns are moved from list to list, because a copy would count references. Last in, first out both times: what was worked
    /// on last is still in cache.
    private func digestAll() {
        while var turn = digesting.popLast() {
            turn.client.isPostponed = false
            // The request it was read for may be over.
            if turn.client.exchange !== turn.exchange {
                guard let exchange = turn.client.exchange else { continue }
                turn.exchange = exchange
            }
            digest(turn.client, turn.exchange)
            advancing.append(turn)
        }
    }

    private func digest(_ client: ClientConnection, _ exchange: ActiveExchange) {
        exchange.machine.digest(now: now)
        if exchange.machine.hasActions { act(client, exchange) }
    }

    /// Writes, reads, lets the machine act, does what it asks; until nothing moves.
    private func advance(_ client: ClientConnection, _ exchange: ActiveExchange) {
        guard client.state == .open else { return }
        var steps = 0
        var before: UInt64 = 0
        while client.exchange === exchange {
            writeBoth(client, exchange)
            guard client.exchange === exchange else { break }
            if exchange.machine.isCompressing { return stepAside(client, exchange) }
            let moved = receiveBoth(client, exchange)
            digest(client, exchange)
            guard client.exchange === exchange, moved || canWrite(client, exchange) else { break }
            if steps == 0 { before = bytesMoved }
            steps += 1
            guard bytesMoved &- before < Self.byteShare else {
                exchange.isBulky = true
                return enqueue(client)
            }
            if steps == Self.share { return enqueue(client) }
        }
        rest(client, exchange)
    }

    private func writeBoth(_ client: ClientConnection, _ exchange: ActiveExchange) {
        let machine = exchange.machine
        if let upstream = exchange.upstream, upstream.isWritable, upstream.isConnected, machine.hasOutput(for: .upstream) {
            writeUpstream(upstream, exchange)
        }
        if client.isWritable, machine.hasOutput(for: .client) { writeClient(client, exchange) }
        if machine.hasActions { act(client, exchange) }
    }

    /// There is more to write, and its socket takes it: a body that is framed anew, a request over another connection.
    func canWrite(_ client: ClientConnection, _ exchange: ActiveExchange) -> Bool {
        guard client.exchange === exchange else { return false }
        if client.isWritable, exchange.machine.hasOutput(for: .client) { return true }
        guard exchange.machine.hasOutput(for: .upstream), let upstream = exchange.upstream else { return false }
        return upstream.isWritable && upstream.isConnected
    }

    /// Returns whether anything was read, or a side turned out to have ended.
    private func receiveBoth(_ client: ClientConnection, _ exchange: ActiveExchange) -> Bool {
        let machine = exchange.machine
        var moved = false
        if client.isReadable, machine.wantsBytes(from: .client) { moved = readClient(client, exchange) }
        if let upstream = exchange.upstream, upstream.isReadable, upstream.isConnected, machine.wantsBytes(from: .upstream) {
            moved = readUpstream(upstream, exchange) || moved
        }
        return moved
    }

    /// Nothing moves now: gives the machine back if no request is under way, and sees to the deadline.
    func rest(_ client: ClientConnection, _ exchange: ActiveExchange) {
        guard client.state == .open else { return }
        // What woke it was no request, and gives it no more time for one: part of a record, a change of keys.
        if client.exchange === exchange, exchange.machine.isIdle { detach(client, exchange) }
        if client.exchange === exchange {
            if exchange.machine.isCompressing, flushes(client, exchange) { return }
            return setDeadline(client, exchange.machine.deadline)
        }
        // While a request was under way, the next one or the client's end may have come: its edge is used up.
        if client.isReadable { return enqueue(client) }
        if client.tls != nil { settle(client) }
        setDeadline(client, idleDeadline(of: client))
    }

    // MARK: Moving bytes

    private func readClient(_ client: ClientConnection, _ exchange: ActiveExchange) -> Bool {
        // Stays nil when the machine has no room: what can be read now still can be then.
        var result: IOResult?
        let isFilled = exchange.machine.receive(from: .client, now: now) { space in
            if let session = client.tls {
                result = receive(from: client, through: session, into: &space)
            } else {
                result = client.socket.receive(into: &space)
            }
            if case .bytes(let count)? = result { return count }
            return 0
        }
        switch result {
        case .bytes(let count):
            metrics.bytesFromClients &+= UInt64(count)
            client.isNew = false
            // A short read has emptied the socket; the end of the stream behind it makes no event of its own.
            client.isReadable = isFilled || client.peerHasClosed || client.tls?.mayHaveMore == true
            // Whoever has had its share goes on with its next turn.
            return !client.isQueued
        case nil:
            return false
        case .wouldBlock:
            client.isReadable = false
            return false
        case .endOfStream:
            client.isReadable = false
            exchange.machine.clientClosed(now: now)
            return true
        case .failed(let error):
            client.isReadable = false
            clientFailed(client, exchange, error)
            return true
        }
    }

    private func writeClient(_ client: ClientConnection, _ exchange: ActiveExchange) {
        var result = IOResult.wouldBlock
        var offered = 0
        let sent = exchange.machine.transmit(to: .client, now: now) { first, second in
            offered = first.count + second.count
            if let session = client.tls {
                result = send(first, second, to: client, through: session)
            } else {
                result = client.socket.send(first, second)
            }
            if case .bytes(let count) = result { return count }
            return 0
        }
        metrics.bytesToClients &+= UInt64(sent)
        switch result {
        case .bytes:
            if sent < offered { client.isWritable = client.tls?.mayTakeMore == true }
        case .wouldBlock, .endOfStream:
            client.isWritable = false
        case .failed(let error):
            client.isWritable = false
            clientFailed(client, exchange, error)
        }
    }

    // MARK: Doing what the machine asks

    func act(_ client: ClientConnection, _ exchange: ActiveExchange) {
        while exchange.machine.hasActions, let action = exchange.machine.nextAction() {
            switch action {
            case .connect(let backend, let fresh): lease(backend, fresh: fresh, for: client, exchange)
            case .releaseUpstream(let reusable):
                if !exchange.machine.wantsFreshConnection { leaveGate(exchange) }
                release(exchange, reusable: reusable)
            case .shutdownWrite(.client): shutDown(client)
            case .shutdownWrite(.upstream): if let upstream = exchange.upstream { shutDown(upstream) }
            case .finish: finish(client, exchange)
            }
        }
        if client.exchange === exchange, exchange.machine.phase == .finished { conclude(client, exchange) }
        #if DEBUG
        exchange.machine.checkInvariants()
        #endif
    }

    private func finish(_ client: ClientConnection, _ exchange: ActiveExchange) {
        record(exchange.machine.summary, exchange)
        if logsAccess { appendAccessLine(client, exchange, exchange.machine.summary) }
        conclude(client, exchange)
    }

    /// The request is over: the connection goes on, or ends as the machine says.
    private func conclude(_ client: ClientConnection, _ exchange: ActiveExchange) {
        exchange.isBulky = false
        switch exchange.machine.disposition {
        case .keepAlive where exchange.machine.hasNextRequest:
            if exchange.installation !== installation { exchange.use(installation) }
            exchange.machine.beginNext(now: now)
        case .keepAlive:
            client.waitsSince = loop.now
            detach(client, exchange)
        case .close(let linger):
            detach(client, exchange)
            // Closing with bytes unread would reset the connection, and with it the answer; so would bytes that come while some of the
            // answer still waits for its client.
            if linger || client.isReadable || client.tls?.sayGoodbye() == false || client.socket.hasUnsent {
                beginLinger(client)
            } else {
                close(client)
            }
        case .refuse(let omitsBody):
            detach(client, exchange)
            sayTooMany(to: client, omitsBody: omitsBody)
        case .abort:
            detach(client, exchange)
            abort(client)
        }
    }

    // MARK: Machines

    private func attach(_ client: ClientConnection) -> ActiveExchange {
        if let exchange = idleMachines.pop() {
            exchange.machine.begin(client: client.identity, now: now)
            if let ends = client.ends { exchange.machine.ends = ends }
            if let presented = client.presented { exchange.machine.present(presented) }
            client.exchange = exchange
            return exchange
        }
        let machine = ExchangeMachine(
            context: context, snapshot: installation.snapshot, client: client.identity, now: now)
        if let ends = client.ends { machine.ends = ends }
        let exchange = ActiveExchange(machine, installation)
        if let presented = client.presented { machine.present(presented) }
        client.exchange = exchange
        return exchange
    }

    private func detach(_ client: ClientConnection, _ exchange: ActiveExchange) {
        leaveGate(exchange)
        release(exchange, reusable: false)
        exchange.isBulky = false
        // A machine without a request keeps no old snapshot in memory.
        if exchange.installation !== installation { exchange.use(installation) }
        exchange.machine.retire()
        // Moved, not copied: that counts no references.
        if let mine = client.exchange.take() { idleMachines.push(mine) }
    }

    // MARK: Ending

    /// Idle, or done: what a client has got is whole, which it is told where there is a way to.
    @inline(never)
    func close(_ client: ClientConnection) {
        _ = client.tls?.sayGoodbye()
        remove(client)
    }

    func remove(_ client: ClientConnection) {
        guard slab.remove(client.token) != nil else { return }
        client.state = .closed
        if let exchange = client.exchange { detach(client, exchange) }
        loop.cancel(client.timer)
        leave(client)
        // The descriptor closes with the object's last owner, at the end of this turn; its token is stale from now on.
    }

    @inline(never)
    private func abort(_ client: ClientConnection) {
        client.socket.resetOnClose()
        remove(client)
    }

    // MARK: Deadlines

    /// Timers are moved only to fire earlier: one that fires too early looks again. So requests that follow each other
    /// within the timeouts arm nothing.
    func setDeadline(_ client: ClientConnection, _ deadline: Instant) {
        guard deadline != .distantFuture, deadline.nanoseconds < client.timerDue else { return }
        if client.timerDue == .max {
            client.timer = loop.arm(token: client.token, at: deadline.nanoseconds)
        } else {
            loop.move(client.timer, to: deadline.nanoseconds)
        }
        client.timerDue = deadline.nanoseconds
    }

    func idleDeadline(of client: ClientConnection) -> Instant {
        let timeouts = installation.snapshot.timeouts
        return Instant(nanoseconds: client.waitsSince) + (client.isNew ? timeouts.clientHeader : timeouts.clientKeepAlive)
    }

    func clientTimedOut(_ client: ClientConnection) {
        client.timerDue = .max
        if client.state == .announcing { return proxyHeaderTimedOut(client) }
        if client.state == .handshaking { return handshakeTimedOut(client) }
        if client.state == .lingering { return lingerTimedOut(client) }
        if let exchange = client.exchange {
            // An endpoint that does not answer is skipped like one that refuses.
            var hasAnother = true
            if exchange.machine.isConnectOverdue(now: now), let upstream = exchange.upstream, !upstream.isConnected {
                metrics.upstreamConnectFailures &+= 1
                if upstream.tls != nil { handshakeTimedOut(upstream, exchange) }
                hasAnother = self.hasAnother(than: upstream.endpoint, exchange)
            }
            let (phase, failure) = (exchange.machine.phase, exchange.machine.summary.failure)
            let hadOutput = exchange.machine.hasOutput(for: .client)
            exchange.machine.timedOut(hasAnother: hasAnother, now: now)
            recordTimeout(exchange.machine, since: phase, failure, hadOutput: hadOutput)
            act(client, exchange)
            // One that always has something to do never rests, and has deadlines all the same.
            if client.state == .open, client.exchange === exchange { setDeadline(client, exchange.machine.deadline) }
            return drive(client)
        }
        let deadline = idleDeadline(of: client)
        guard now >= deadline else { return setDeadline(client, deadline) }
        metrics.timeouts.record(client.isNew ? .clientHeader : .clientKeepAlive)
        close(client)
    }
}
