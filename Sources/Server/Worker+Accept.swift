import Addressing
import Exchange
import HTTP1
import Reactor
import TLS
import Telemetry

/// New clients.
extension Worker {
    /// Connections taken from a queue before others have a turn.
    private static let batch = 64
    /// Idle upstream connections that are given up for clients who wait to be accepted.
    private static let roomMade = 16
    /// How long accepting rests when descriptors have run out, or a whole batch has failed.
    private static let pause: UInt64 = 100_000_000

    func listen(_ socket: ListeningSocket) {
        socket.token = slab.insert(.listener(socket))
        do throws(Errno) {
            try loop.add(socket.listener.fd, token: socket.token, interest: socket.interest)
            listeners.append(socket)
        } catch {
            slab.remove(socket.token)
            supervisor.post(.workerFailed(index, "watching a listener: \(error)"))
        }
    }

    @inline(never)
    func accept(from socket: ListeningSocket) {
        guard !socket.isPaused else { return }
        var failures = 0
        var hasMadeRoom = false
        for _ in 0..<Self.batch {
            switch socket.listener.accept() {
            case .connection(let connection, let address):
                failures = 0
                hasMadeRoom = false
                welcome(connection, address, socket)
            case .wouldBlock: return
            case .transient(let error):
                failures += 1
                // Where nothing else comes, going on would spin.
                if failures == Self.batch { return pause(socket, error) }
            case .exhausted(let error):
                // Where that is no help, nothing else is to be lost.
                guard !hasMadeRoom, findsRoom(for: Self.roomMade) else { return pause(socket, error) }
                hasMadeRoom = true
            }
        }
    }

    private func welcome(_ connection: consuming Socket, _ address: SocketAddress, _ listener: ListeningSocket) {
        let limits = installation.snapshot.limits
        let peer = address.ipAddress
        let isAnnounced = listener.configured.proxyProtocol
        if isAnnounced, !mayAnnounce(peer) { return metrics.proxyHeaders.record(.untrusted) }
        guard hasMemory, case .admitted(let countsAddress) = counts.admit(
            peer, limit: admission.connections, limitPerClient: isAnnounced ? 0 : limits.connectionsPerClient)
        else {
            metrics.connectionsRefused &+= 1
            return turnAway(connection, isTLS: listener.configured.tls)
        }
        let isHandshake = listener.configured.tls && !isAnnounced
        guard !isHandshake || beginHandshake() else { return counts.leave(peer, countsAddress: countsAddress) }
        let session = listener.configured.tls ? tls.flatMap { TLSSession($0, fd: connection.fd, alerts: clientAlerts) } : nil
        guard listener.configured.tls == (session != nil) else {
            if isHandshake { counts.endHandshake() }
            counts.leave(peer, countsAddress: countsAddress)
            return cannotServe(connection, listener, .ENOMEM)
        }
        let client = ClientConnection(
            connection, peer: peer, localPort: listener.listener.localAddress.port ?? (listener.configured.tls ? 443 : 80),
            tls: session, countsAddress: countsAddress, now: loop.now)
        client.countsHandshake = isHandshake
        if isAnnounced {
            client.state = .announcing
        } else if installation.snapshot.announcesClients {
            client.ends = Self.ends(of: client, address)
        }
        client.token = slab.insert(.client(client))
        clientCount += 1
        metrics.connectionsAccepted &+= 1
        do throws(Errno) {
            try loop.add(client.socket.fd, token: client.token, interest: .stream)
        } catch {
            cannotServe(client.socket, listener, error)
            return close(client)
        }
        setDeadline(client, session == nil || isAnnounced ? idleDeadline(of: client) : handshakeDeadline(of: client))
    }

    /// The connection is there, but not what serving it takes.
    private func cannotServe(_ connection: borrowing Socket, _ listener: ListeningSocket, _ error: Errno) {
        metrics.connectionsUnaffordable &+= 1
        report(LocalTrouble(what: "turning away a client of \(listener.listener.localAddress)", error: error))
        turnAway(connection, isTLS: listener.configured.tls)
    }

    /// Upstreams will be told of them.
    private static func ends(of client: ClientConnection, _ address: SocketAddress) -> ConnectionEnds? {
        guard let peer = address.ipAddress, let local = client.socket.localAddress, let here = local.ipAddress else { return nil }
        return ConnectionEnds(source: peer, sourcePort: address.port ?? 0, destination: here, destinationPort: local.port ?? 0)
    }

    /// The same of a connection whose PROXY header names nobody.
    static func ends(of client: ClientConnection) -> ConnectionEnds? {
        client.socket.peerAddress.flatMap { ends(of: client, $0) }
    }

    func leave(_ client: ClientConnection) {
        clientCount -= 1
        endHandshake(of: client)
        counts.leave(client.peer, countsAddress: client.countsAddress)
    }

    // MARK: Too many

    /// Whether there is room for another request (`limits.memory`).
    var hasMemory: Bool { !context.pool.isExhausted }

    /// A connection that has been let in brings a request that there is no room for: says so and ends it.
    @inline(never)
    func refuse(_ client: ClientConnection) {
        // It may bring nothing but its end.
        if client.peerHasClosed {
            if client.tls != nil { return close(client) }
            if case .endOfStream = readAside(client.socket) { return close(client) }
        }
        sayTooMany(to: client, omitsBody: false)
    }

    /// Answers what a connection that has been let in has brought, and ends it.
    @inline(never)
    func sayTooMany(to client: ClientConnection, omitsBody: Bool) {
        metrics.connectionsRefused &+= 1
        writeTooMany(omitsBody: omitsBody)
        if let session = client.tls { _ = session.send(scratch.bytes) } else { _ = client.socket.send(scratch.bytes) }
        beginLinger(client)
    }

    /// There are too many clients: says so and closes, without waiting for anything. An answer that the socket does not take
    /// at once is not sent: whoever is over the limit costs no more than this.
    func turnAway(_ connection: borrowing Socket, isTLS: Bool) {
        // Plain text would mean nothing to a client in the middle of a handshake.
        guard !isTLS else { return }
        writeTooMany()
        _ = connection.send(scratch.bytes)
        connection.shutdownWrite()
        // Closing with a request unread would send a reset, which may overtake the answer (RFC 9112 section 9.6).
        _ = readAside(connection)
    }

    private func writeTooMany(omitsBody: Bool = false) {
        scratch.removeAll()
        scratch.appendStatusLine(503)
        scratch.appendField("Date", context.date.bytes)
        scratch.append(Self.tooMany)
        if !omitsBody { scratch.append("503 Service Unavailable\n") }
    }

    /// As every other 503 is answered.
    private static let tooMany: StaticString = """
        Content-Type: text/plain; charset=utf-8\r
        Content-Length: 24\r
        Retry-After: 1\r
        Connection: close\r
        \r

        """

    // MARK: Out of descriptors

    /// A level-triggered listener that cannot be emptied would spin: it rests instead, and a timer wakes it.
    private func pause(_ socket: ListeningSocket, _ error: Errno) {
        metrics.acceptPauses &+= 1
        report(LocalTrouble(what: "accepting on \(socket.listener.localAddress)", error: error))
        socket.isPaused = true
        loop.remove(socket.listener.fd)
        _ = loop.arm(token: socket.token, at: loop.now + Self.pause)
    }

    @inline(never)
    func resume(_ socket: ListeningSocket) {
        guard socket.isPaused else { return }
        do throws(Errno) {
            try loop.add(socket.listener.fd, token: socket.token, interest: socket.interest)
            socket.isPaused = false
            accept(from: socket)
        } catch {
            _ = loop.arm(token: socket.token, at: loop.now + Self.pause)
        }
    }

    // MARK: Ending

    /// Accepts who is in the queue already, then closes.
    func unlisten(where isObsolete: (ListeningSocket) -> Bool) {
        for socket in listeners where isObsolete(socket) {
            emptyQueue(of: socket)
            loop.remove(socket.listener.fd)
            socketFiles.remove(of: socket.listener)
            slab.remove(socket.token)
        }
        listeners.removeAll(where: isObsolete)
    }

    /// Lets in who came under the configuration that is about to change.
    func emptyQueue(of socket: ListeningSocket) {
        for _ in 0..<Self.longestQueue {
            switch socket.listener.accept() {
            case .connection(let connection, let address): welcome(connection, address, socket)
            case .transient: break
            case .wouldBlock: return
            case .exhausted: guard findsRoom(for: Self.roomMade) else { return }
            }
        }
    }

    /// No queue is longer than net.core.somaxconn allows.
    private static let longestQueue = 65_536
}
