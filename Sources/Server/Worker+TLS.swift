import Exchange
import HTTP1
import Reactor
import TLS
import Telemetry

/// Clients that speak TLS: their handshakes, and what their bytes go through. Everything else is as with any client.
extension Worker {
    // MARK: Handshake

    /// Handshakes that are taken a step further in one turn: each costs as much as many requests, and clients that have theirs
    /// behind them shall not wait for a flood of others.
    static let handshakeShare = 16

    /// A step of the handshake; a connection that has it behind it waits for its first request.
    @inline(never)
    func continueHandshake(_ client: ClientConnection) {
        guard let session = client.tls else { return }
        switch session.handshake() {
        case .bytes:
            metrics.tls.recordHandshake(isTLS13: session.version == .tls13, isResumed: session.isResumed)
            client.state = .open
            client.certificate = session.identity
            client.waitsSince = loop.now
            client.isReadable = session.mayHaveMore || client.peerHasClosed
            drive(client)
        case .wantsRead:
            client.isReadable = false
        case .wantsWrite:
            client.isWritable = false
        case .closed:
            handshakeFailed(client, .disconnected)
        case .failed(let failure):
            handshakeFailed(client, failure)
        }
    }

    func handshakeTimedOut(_ client: ClientConnection) {
        let deadline = handshakeDeadline(of: client)
        guard now >= deadline else { return setDeadline(client, deadline) }
        metrics.tls.recordFailure(Int(TLSFailure.timeout.rawValue))
        close(client)
    }

    func handshakeDeadline(of client: ClientConnection) -> Instant {
        Instant(nanoseconds: client.waitsSince) + installation.snapshot.timeouts.tlsHandshake
    }

    private func handshakeFailed(_ client: ClientConnection, _ failure: TLSFailure) {
        metrics.tls.recordFailure(Int(failure.rawValue))
        switch failure {
        case .disconnected:
            close(client)
        case .plainText:
            metrics.clientErrors.record(status: 400)
            scratch.removeAll()
            scratch.appendStatusLine(400)
            scratch.appendField("Date", context.date.bytes)
            scratch.append(Self.speaksPlainText)
            _ = client.socket.send(scratch.bytes)
            beginLinger(client)
        default:
            // The alert that says why is out, and shall not be lost to a reset.
            beginLinger(client)
        }
    }

    private static let speaksPlainText: StaticString = """
        Content-Type: text/plain; charset=utf-8\r
        Content-Length: 62\r
        Connection: close\r
        \r
        400 Bad Request: this port speaks HTTPS, the request was HTTP

        """

    // MARK: Moving bytes

    /// `Socket.receive`, through TLS.
    @inline(never)
    func receive(from client: ClientConnection, through session: TLSSession, into space: inout MutableSpan<UInt8>) -> IOResult {
        if space.isEmpty { return .bytes(0) }
        return result(of: session.receive(into: &space), isReading: true, client)
    }

    /// `Socket.send`, through TLS: record by record, of which the first has the end of `first` and the beginning of `second`.
    @inline(never)
    func send(
        _ first: Span<UInt8>, _ second: Span<UInt8>, to client: ClientConnection, through session: TLSSession
    ) -> IOResult {
        var sent = 0
        while sent < first.count + second.count {
            let outcome: TLSOutcome
            let head = first.count - sent
            if head <= 0 {
                outcome = session.send(second.extracting(droppingFirst: -head))
            } else if second.isEmpty || head >= TLSSession.recordSize {
                outcome = session.send(first.extracting(droppingFirst: sent))
            } else {
                scratch.removeAll()
                scratch.append(first.extracting(droppingFirst: sent))
                scratch.append(second.extracting(first: min(second.count, TLSSession.recordSize - head)))
                outcome = session.send(scratch.bytes)
            }
            guard case .bytes(let count) = outcome else {
                let result = result(of: outcome, isReading: false, client)
                // What stopped it shows again with the next one.
                return sent > 0 ? .bytes(sent) : result
            }
            sent += count
        }
        return .bytes(sent)
    }

    private func result(of outcome: TLSOutcome, isReading: Bool, _ client: ClientConnection) -> IOResult {
        switch outcome {
        case .bytes(let count):
            return .bytes(count)
        case .wantsRead:
            if !isReading { client.isStalled = true }
            return .wouldBlock
        case .wantsWrite:
            if isReading { client.isStalled = true }
            return .wouldBlock
        case .closed:
            return isReading ? .endOfStream : .failed(.EPIPE)
        case .failed(let failure):
            if failure != .disconnected { metrics.tls.recordFailure(Int(failure.rawValue)) }
            return .failed(failure == .disconnected ? .ECONNRESET : .EPROTO)
        }
    }

    // MARK: Events and ends

    /// What an event means beyond what it means for a plain connection: TLS may have to write before it can go on reading, and
    /// the other way round; and it may owe the client the word that ends the stream.
    @inline(never)
    func secureEvent(_ client: ClientConnection) {
        if client.isStalled {
            client.isStalled = false
            client.isReadable = true
            client.isWritable = true
        }
        if client.owesGoodbye { shutDown(client) }
    }

    /// Ends our half of the connection: by TLS, if it speaks that, then by the socket.
    @inline(never)
    func shutDown(_ client: ClientConnection) {
        client.owesGoodbye = client.tls.map { !$0.sayGoodbye() } ?? false
        if !client.owesGoodbye { client.socket.shutdownWrite() }
    }
}
