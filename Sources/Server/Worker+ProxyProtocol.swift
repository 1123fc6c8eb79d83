import Addressing
import Exchange
import HTTP1
import Reactor
import Telemetry

/// Connections that begin with what a proxy says about its client (the PROXY protocol), before TLS and before any request.
extension Worker {
    /// Whether the header of this peer would be believed. Who may connect to a unix socket is for its file to say.
    func mayAnnounce(_ peer: IPAddress?) -> Bool {
        guard let peer else { return true }
        return installation.snapshot.forwarding.trustedProxies.contains { $0.contains(peer) }
    }

    /// Looks whether the header is there. Nothing behind it is taken from the socket: that is for TLS, or the first request.
    func readProxyHeader(_ client: ClientConnection) {
        guard client.isReadable else { return }
        scratch.removeAll()
        switch Self.peek(at: client.socket, into: &scratch) {
        case .bytes: break
        case .wouldBlock:
            client.isReadable = false
            return
        case .failed(let error) where error.isExhaustion && waitsForMemory(client.token):
            client.isReadable = false
            return
        case .endOfStream, .failed: return refuse(client, .disconnected)
        }
        switch Self.parse(scratch) {
        case .incomplete:
            // Whoever sends no more will not complete it.
            if client.peerHasClosed { return refuse(client, .disconnected) }
            // The bytes stay in the socket; the next ones make another edge.
            client.isReadable = false
        case .malformed:
            refuse(client, .malformed)
        case .complete(let ends, let length):
            scratch.removeAll()
            guard case .bytes(length) = Self.take(length, from: client.socket, into: &scratch) else { return refuse(client, .disconnected) }
            announced(client, ends)
        }
    }

    // The compiler lets no span of a class's property out of a statement.

    private static func parse(_ bytes: borrowing ByteBuffer) -> ProxyHeader.Progress { ProxyHeader.parse(bytes.bytes) }

    private static func peek(at socket: borrowing Socket, into buffer: inout ByteBuffer) -> IOResult {
        var space = buffer.freeSpace
        let result = socket.peek(into: &space, atMost: ProxyHeader.maximumLength)
        if case .bytes(let count) = result { buffer.commit(count) }
        return result
    }

    private static func take(_ count: Int, from socket: borrowing Socket, into buffer: inout ByteBuffer) -> IOResult {
        var space = buffer.freeSpace
        return socket.receive(into: &space, atMost: count)
    }

    /// From here on the connection is its client's, as if it had come from there.
    private func announced(_ client: ClientConnection, _ ends: ConnectionEnds?) {
        if let ends {
            client.peer = ends.source.unmapped
            client.localPort = ends.destinationPort
            client.isAnnounced = true
            client.ends = ends
        } else if installation.snapshot.announcesClients {
            client.ends = Self.ends(of: client)
        }
        let limit = installation.snapshot.limits.connectionsPerClient
        guard case .admitted(let countsAddress) = counts.admit(client.peer, limitPerClient: limit) else {
            metrics.connectionsRefused &+= 1
            turnAway(client.socket, isTLS: client.tls != nil)
            return close(client)
        }
        client.countsAddress = countsAddress
        guard client.tls != nil else {
            client.state = .open
            return drive(client)
        }
        guard beginHandshake() else { return remove(client) }
        client.countsHandshake = true
        client.state = .handshaking
        client.waitsSince = loop.now
        setDeadline(client, handshakeDeadline(of: client))
        enqueue(client)
    }

    func refuse(_ client: ClientConnection, _ failure: ProxyHeaderFailure) {
        metrics.proxyHeaders.record(failure)
        remove(client)
    }

    /// The header has as long as a request's head would.
    func proxyHeaderTimedOut(_ client: ClientConnection) {
        let deadline = idleDeadline(of: client)
        if now >= deadline { refuse(client, .timeout) } else { setDeadline(client, deadline) }
    }
}
