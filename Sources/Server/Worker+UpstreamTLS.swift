import Exchange
import HTTP1
import Reactor
import TLS
import Telemetry

/// Upstreams that speak TLS: their handshakes, which count as connecting, and what their bytes go through. Everything else is as with
/// any upstream.
extension Worker {
    // MARK: Handshake

    /// The socket is connected. Without TLS nothing goes over it but, if the upstream wants that, who the client is.
    func beginHandshake(_ upstream: UpstreamConnection, _ tls: UpstreamTLS, _ exchange: ActiveExchange) {
        if exchange.machine.announcesClient, let error = announce(exchange.machine.announcement, on: upstream) {
            metrics.upstreamConnectFailures &+= 1
            exchange.upstream = nil
            close(upstream)
            return error.isExhaustion ? cannotConnect(error, exchange) : connectFailed(upstream.endpoint, error, exchange)
        }
        guard let session = TLSSession(to: tls, fd: upstream.socket.fd, alerts: upstreamAlerts) else {
            // There is no memory for it.
            exchange.upstream = nil
            close(upstream)
            leaveGate(exchange)
            return exchange.machine.overloaded(now: now)
        }
        upstream.tls = session
        continueHandshake(upstream, session, exchange)
    }

    /// The PROXY protocol's header, in plain text: an error if the connection has failed already. A new socket has room for all of it.
    func announce(_ header: [UInt8], on upstream: UpstreamConnection) -> Errno? {
        switch upstream.socket.send(header.span) {
        case .bytes(header.count):
            metrics.bytesToUpstreams &+= UInt64(header.count)
            return nil
        case .failed(let error): return error
        case .bytes, .wouldBlock, .endOfStream: return .ECONNRESET
        }
    }

    enum HandshakeStep {
        case underWay, done
        case exhausted(Errno)
        case failed(TLSFailure)
    }

    /// As far as the handshake gets, for a request or for a copy of one; counted when it ends.
    func advanceHandshake(_ upstream: UpstreamConnection, _ session: TLSSession) -> HandshakeStep {
        let failure: TLSFailure
        switch session.handshake() {
        case .bytes:
            metrics.upstreamTLS.recordHandshake(isTLS13: session.version == .tls13, isResumed: session.isResumed)
            return .done
        case .wantsRead, .wantsWrite: return .underWay
        case .noMemory(let code): return waitsForMemory(upstream.token) ? .underWay : .exhausted(Errno(code: code))
        case .closed: failure = .disconnected
        case .failed(let reason): failure = reason
        }
        metrics.upstreamTLS.recordFailure(Int(failure.rawValue))
        return .failed(failure)
    }

    func continueHandshake(_ upstream: UpstreamConnection, _ session: TLSSession, _ exchange: ActiveExchange) {
        switch advanceHandshake(upstream, session) {
        case .underWay: break
        case .exhausted(let error):
            exchange.upstream = nil
            close(upstream)
            cannotConnect(error, exchange)
        case .failed(let failure): handshakeFailed(upstream, session, failure, exchange)
        case .done:
            establish(upstream, exchange)
            upstream.isReadable = session.mayHaveMore || upstream.peerHasClosed
        }
    }

    private func handshakeFailed(
        _ upstream: UpstreamConnection, _ session: TLSSession, _ failure: TLSFailure, _ exchange: ActiveExchange
    ) {
        metrics.upstreamConnectFailures &+= 1
        note(failure, upstream, exchange)
        exchange.upstream = nil
        close(upstream)
        leaveGate(exchange)
        exchange.machine.connectFailed(.tlsFailed, hasAnother: hasAnother(than: upstream.endpoint, exchange), now: now)
    }

    /// The endpoint took the connection, but did not agree on TLS in time.
    func handshakeTimedOut(_ upstream: UpstreamConnection, _ exchange: ActiveExchange) {
        metrics.upstreamTLS.recordFailure(Int(TLSFailure.timeout.rawValue))
        note(.timeout, upstream, exchange)
    }

    /// For the log.
    private func note(_ failure: TLSFailure, _ upstream: UpstreamConnection, _ exchange: ActiveExchange) {
        let detail = upstream.tls?.certificateProblem.map { " (\($0))" } ?? ""
        let name = upstream.endpoint.tls.map { $0.name.isEmpty ? "" : " as \($0.name)" } ?? ""
        securityProblem = SecurityProblem(
            exchange: ObjectIdentifier(exchange), noted: now, text: "\(upstream.endpoint.address)\(name): \(failure.label)\(detail)")
    }

    // MARK: Moving bytes

    /// - Parameter exchange: whose failure the log tells of; nil for a copy, which it does not.
    func receive(
        from upstream: UpstreamConnection, through session: TLSSession, _ exchange: ActiveExchange?, into space: inout MutableSpan<UInt8>
    ) -> IOResult {
        if space.isEmpty { return .bytes(0) }
        let outcome = session.receive(into: &space)
        if outcome == .wantsWrite { upstream.isStalled = true }
        if case .failed(let failure) = outcome { broke(failure, upstream, exchange) }
        return IOResult(reading: outcome)
    }

    func send(
        _ first: Span<UInt8>, _ second: Span<UInt8>, to upstream: UpstreamConnection, through session: TLSSession, _ exchange: ActiveExchange?
    ) -> IOResult {
        let (sent, end) = send(first, second, through: session)
        if end == .wantsRead { upstream.isStalled = true }
        if case .failed(let failure)? = end { broke(failure, upstream, exchange) }
        return IOResult(written: sent, end)
    }

    private func broke(_ failure: TLSFailure, _ upstream: UpstreamConnection, _ exchange: ActiveExchange?) {
        metrics.upstreamTLS.recordBreak(failure)
        if let exchange { note(failure, upstream, exchange) }
    }

    // MARK: Between requests

    /// Whether an idle connection has nothing to say beyond what concerns TLS alone: new sessions come at any time (RFC 8446 section
    /// 4.6.1). What of a record has come may be the beginning of anything.
    func isQuiet(_ upstream: UpstreamConnection, _ session: TLSSession) -> Bool {
        scratch.removeAll()
        guard Self.receive(through: session, into: &scratch) == .wantsRead else { return false }
        upstream.isReadable = false
        return session.isBetweenRecords
    }

    private static func receive(through session: TLSSession, into buffer: inout ByteBuffer) -> TLSOutcome {
        var space = buffer.freeSpace
        return session.receive(into: &space)
    }

    // MARK: Events and ends

    /// As of a client.
    func secureEvent(_ upstream: UpstreamConnection, _ readiness: Readiness) {
        if readiness != .writable { upstream.tls?.noteArrival() }
        if upstream.isStalled {
            upstream.isStalled = false
            upstream.isReadable = true
            upstream.isWritable = true
        }
        if upstream.owesGoodbye { shutDown(upstream) }
    }

    /// Ends our half of the connection: by TLS, if it speaks that, then by the socket.
    func shutDown(_ upstream: UpstreamConnection) {
        upstream.owesGoodbye = upstream.tls.map { !$0.sayGoodbye() } ?? false
        if !upstream.owesGoodbye { upstream.socket.shutdownWrite() }
    }
}
