import Addressing
import Exchange
import HTTP1
import Reactor
import Routing
import TLS
import Telemetry

/// What the supervisor asks of a worker.
extension Worker {
    @inline(never)
    func handle(_ message: WorkerMessage) {
        switch message {
        case .install(let snapshot, let inventory, let tls, let log, let admission, let listening, let change):
            giveUp(listening)
            self.admission = admission
            context.pool.limit = admission.bufferBytesPerWorker
            use(log)
            install(snapshot, inventory, tls)
            listen(listening)
            supervisor.post(.installed(worker: index, change: change))
        case .listen(let listening):
            listen(listening)
        case .turn(let gate, let ticket, let client):
            turnCame(gate, ticket, client)
        case .giveWay(let copy):
            giveWay(copy)
        case .makeRoom:
            makeRoomForOthers()
        case .lend:
            supervisor.post(.lent(Result { () throws(Errno) in try lend() }))
        case .reportReady:
            supervisor.post(.ready)
        case .count(let admin, let scrape):
            admin.post(.counted(countsSoFar, worker: index, scrape: scrape))
        case .drain(let deadline):
            beginDrain(deadline)
        case .stop:
            for socket in listeners { socketFiles.remove(of: socket.listener) }
            cutAll()
            isRunning = false
        }
    }

    var countsSoFar: WorkerCounts {
        WorkerCounts(
            metrics: metricsSoFar, upstreamsActive: upstreamCount - idleUpstreamCount, upstreamsIdle: idleUpstreamCount,
            bufferBytes: bufferBytes)
    }

    /// In the buffers of requests under way. What idle machines keep is no more in use than what waits in the pool.
    var bufferBytes: Int {
        var bytes = context.pool.bytesTaken
        idleMachines.forEach { bytes -= $0.machine.blockBytes }
        return bytes
    }

    /// Who came before the change is served as it was when he came.
    private func giveUp(_ changes: ListenerChanges) {
        unlisten { changes.closed.contains($0.place) }
        for socket in listeners where changes.configured[socket.place] != nil { emptyQueue(of: socket) }
    }

    private func listen(_ changes: ListenerChanges) {
        for socket in listeners {
            if let configured = changes.configured[socket.place] { socket.configured = configured }
        }
        for handed in changes.handed { listen(handed) }
    }

    private func listen(_ handed: HandedSocket) {
        do throws(Errno) {
            listen(try ListeningSocket(handed))
        } catch {
            Socket(adopting: handed.fd).close()
            supervisor.post(.workerFailed(index, "taking over the listener of \(handed.configured.address): \(error)"))
        }
    }

    /// All or none.
    private func lend() throws(Errno) -> [LentSocket] {
        var lent: [LentSocket] = []
        for socket in listeners {
            do throws(Errno) {
                let copy = try Listener.duplicate(socket.listener.fd)
                lent.append(LentSocket(fd: copy, role: socket.role, configured: socket.configured))
            } catch {
                for socket in lent { Socket(adopting: socket.fd).close() }
                throw error
            }
        }
        return lent
    }

    /// What was served until now still goes where it was to go.
    private func use(_ log: AccessLogSink) {
        guard log !== accessLog else { return }
        flushAccessLines()
        accessLog = log
        logsAccess = log.isOn
    }

    // MARK: Snapshots

    /// From now on new requests are served by `snapshot`; those under way keep theirs.
    ///
    /// - Parameter inventory: nil at the beginning, when there is nothing to forget.
    func install(_ snapshot: Snapshot, _ inventory: SnapshotInventory?, _ tls: TLSContexts) {
        // Each copy is sent by what it was made by.
        sendCopies()
        self.tls = tls.clients
        // Requests under way are counted by the snapshots that they began with.
        earlier = (earlier + [EarlierInstallation(installation)]).filter { $0.installation != nil }
        context.rolls.rebind(names: snapshot.sequences) { random.next() }
        let timeouts = installation.snapshot.timeouts
        let connectionLimit = installation.snapshot.limits.upstreamConnections
        installation = Installation(snapshot, tls.upstreams)
        // No machine without a request keeps an old snapshot in memory.
        idleMachines.forEach { $0.use(installation) }
        forEachClient { client in
            if client.isWaiting { client.exchange?.use(installation) }
        }
        // Also where endpoints are forgotten now.
        if connectionLimit != snapshot.limits.upstreamConnections { limitChanged(to: snapshot.limits.upstreamConnections) }
        if let inventory {
            let inUse = earlier.compactMap(\.installation)
            metrics.forget(used: inUse.map(\.metricRows), usedCanaries: inUse.map(\.usedCanaryRows)) { !inventory.labels.contains($0) }
            forgetUnusedEndpoints(inventory)
            rings.forget(except: inventory.rings.contains)
        }
        if timeouts != snapshot.timeouts { moveIdleDeadlines() }
    }

    /// Connections that wait for a request do so by the new timeouts; those with one keep what it began with.
    private func moveIdleDeadlines() {
        forEachClient { client in
            if client.exchange == nil, client.state == .open { setDeadline(client, idleDeadline(of: client)) }
        }
        for endpoint in endpoints.values {
            for token in endpoint.idle {
                if case .upstream(let upstream) = slab[token] { loop.move(upstream.timer, to: idleDeadline(of: upstream)) }
            }
        }
    }

    func balancer(_ backend: Int, of installation: Installation) -> Balancer {
        installation.balancer(of: backend) ?? makeBalancer(backend, of: installation)
    }

    @inline(never)
    func makeBalancer(_ index: Int, of installation: Installation) -> Balancer {
        let backend = installation.snapshot.backends[index]
        // An index that nothing belongs to leaves a backend without endpoints, not without TLS.
        let isUsable = backend.tls.map { installation.upstreams.indices.contains($0.context) } ?? true
        let usable = !isUsable ? [] : backend.endpoints.compactMap { endpoint in
            endpoint.address.socketAddress.map { (self.endpoint(at: $0, backend.tls, installation), endpoint.weight) }
        }
        let weights = usable.map(\.1)
        let balancer = Balancer(
            usable.map(\.0), weights: weights, start: Int(random.next() >> 33), balancing: backend.balancing,
            ring: rings.ring(of: backend, over: usable.map(\.0.address), weights: weights), now: now)
        installation.keep(balancer, of: index)
        return balancer
    }

    private func endpoint(at address: SocketAddress, _ tls: BackendTLS?, _ installation: Installation) -> UpstreamEndpoint {
        let key = EndpointKey(address, tls, installation.upstreams)
        if let known = endpoints[key] { return known }
        let endpoint = UpstreamEndpoint(address, tls.map {
            UpstreamTLS(installation.upstreams[$0.context], name: $0.name, sendsName: $0.sendsName)
        })
        endpoints[key] = endpoint
        return endpoint
    }

    /// Endpoints that the snapshot does not name lose their idle connections.
    private func forgetUnusedEndpoints(_ inventory: SnapshotInventory) {
        for (key, endpoint) in endpoints where !inventory.endpoints.contains(key) {
            closeIdle(of: endpoint)
            endpoint.isForgotten = true
            endpoints[key] = nil
        }
    }

    private func closeIdle(of endpoint: UpstreamEndpoint) {
        for token in endpoint.idle {
            if case .upstream(let upstream) = slab[token] { closeIdle(upstream) }
        }
    }

    // MARK: Stopping

    var isDraining: Bool {
        if case .begun = drain { true } else { false }
    }

    /// How long an idle connection may still bring a request, from the beginning of a graceful stop or the end of its last answer.
    private static let idleGrace: UInt64 = 1_000_000_000

    private func beginDrain(_ deadline: UInt64) {
        guard !isDraining else { return }
        unlisten { _ in true }
        context.isDraining = true
        let closeIdleAt = loop.now + Self.idleGrace
        drain = .begun(closeIdleAt: min(closeIdleAt, deadline), deadline: deadline)
        for endpoint in endpoints.values { closeIdle(of: endpoint) }
        drainToken = slab.insert(.drain)
        _ = loop.arm(token: drainToken, at: min(closeIdleAt, deadline))
    }

    /// Called after every turn of a drain.
    func continueDrain() {
        guard case .begun(let closeIdleAt, let deadline) = drain else { return }
        if loop.now >= deadline {
            cutAll()
        } else if loop.now >= closeIdleAt {
            closeIdleClients()
            let next = min(loop.now + Self.idleGrace, deadline)
            drain = .begun(closeIdleAt: next, deadline: deadline)
            _ = loop.arm(token: drainToken, at: next)
        }
        if clientCount == 0 { isRunning = false }
    }

    /// A request that has already arrived is still answered: only connections with nothing to read are closed. Whoever has had no answer
    /// yet cannot know that a request was not the reason, and keeps its time: for a PROXY header, a handshake, a first head.
    private func closeIdleClients() {
        var idle: [Token] = []
        forEachClient { client in
            guard client.state == .open, !client.isNew, client.isWaiting, client.waitsSince + Self.idleGrace <= loop.now else { return }
            idle.append(client.token)
            client.isReadable = true
            drive(client)
        }
        servePostponed()
        for token in idle {
            guard case .client(let client) = slab[token], client.isWaiting else { continue }
            if client.state != .lingering, client.state != .closed { close(client) }
        }
    }

    private func cutAll() {
        forEachClient { client in
            if let exchange = client.exchange {
                let hasBegun = exchange.machine.hasBegun
                exchange.machine.cut(now: now)
                if exchange.machine.phase == .finished, hasBegun { metrics.requestsCut &+= 1 }
                act(client, exchange)
            }
            // Whose answer was cut is told nothing: a goodbye would make it look whole.
            if client.state != .closed { close(client) }
        }
    }

    private func forEachClient(_ body: (ClientConnection) -> Void) {
        var slot: UInt32 = 0
        while let token = slab.firstToken(fromSlot: slot) {
            if case .client(let client) = slab[token] { body(client) }
            slot = token.slot + 1
        }
    }
}
