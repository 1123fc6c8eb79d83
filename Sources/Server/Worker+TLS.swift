import Exchange
import HTTP1
import Reactor
import TLS
import Telemetry

/// Clients that speak TLS: their handshakes, and what their bytes go through. Everything else is as with any client.
extension Worker {
    // MARK: Handshake

    /// Whether there is room for one more handshake; counts it in, or its connection as refused. In the middle of a flood that is all it
    /// costs, and connections that are there, or come in plain text, do not notice.
    func beginHandshake() -> Bool {
        if counts.beginHandshake(limit: admission.handshakes) { return true }
        metrics.connectionsRefused &+= 1
        metrics.handshakesRefused &+= 1
        return false
    }

    /// It is done, or has come to nothing.
    func endHandshake(of client: ClientConnection) {
        guard client.countsHandshake else { return }
        client.countsHandshake = false
        counts.endHandshake()
    }

    /// A step of the handshake; a connection that has it behind it waits for its first request.
    @inline(never)
    func continueHandshake(_ client: ClientConnection) {
        guard let session = client.tls else { return }
        switch session.handshake() {
        case .bytes:
            metrics.tls.recordHandshake(isTLS13: session.version == .tls13, isResumed: session.isResumed)
            endHandshake(of: client)
            client.state = .open
            client.certificate = session.identity
            client.presented = session.peerCertificate.map(ClientCertificate.init)
            client.waitsSince = loop.now
            client.isReadable = session.mayHaveMore || client.peerHasClosed
            drive(client)
        case .wantsRead:
            client.isReadable = false
            if session.hasHadItsShare { enqueue(client) }
        case .wantsWrite:
            client.isWritable = false
        case .noMemory(let code):
            guard !waitsForMemory(client.token) else { return }
            report(LocalTrouble(what: "agreeing on TLS with a client", error: Errno(code: code)))
            close(client)
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
        endHandshake(of: client)
        switch failure {
        case .disconnected:
            close(client)
        case .plainText:
            metrics.clientErrors.record(status: 400)
            scratch.removeAll()
            scratch.appendStatusLine(400)
            scratch.appendField("Date", context.date.bytes)
            scratch.append(Self.plainTextFields)
            if client.tls?.isPlainHead != true { scratch.append(Self.speaksPlainText) }
            _ = client.socket.send(scratch.bytes)
            beginLinger(client)
        default:
            // The alert that says why is out, and shall not be lost to a reset.
            beginLinger(client)
        }
    }

    private static let plainTextFields: StaticString = """
        Content-Type: text/plain; charset=utf-8\r
        Content-Length: 62\r
        Connection: close\r
        \r

        """

    private static let speaksPlainText: StaticString = """
        400 Bad Request: this port speaks HTTPS, the request was HTTP

        """

    // MARK: Moving bytes

    /// `Socket.receive`, through TLS.
    @inline(never)
    func receive(from client: ClientConnection, through session: TLSSession, into space: inout MutableSpan<UInt8>) -> IOResult {
        if space.isEmpty { return .bytes(0) }
        let outcome = session.receive(into: &space)
        if session.hasHadItsShare { enqueue(client) }
        if outcome == .wantsWrite { client.isStalled = true }
        if case .failed(let failure) = outcome { metrics.tls.recordBreak(failure) }
        return IOResult(reading: outcome)
    }

    /// `Socket.send`, through TLS.
    @inline(never)
    func send(
        _ first: Span<UInt8>, _ second: Span<UInt8>, to client: ClientConnection, through session: TLSSession
    ) -> IOResult {
        let (sent, end) = send(first, second, through: session)
        if end == .wantsRead { client.isStalled = true }
        if case .failed(let failure)? = end { metrics.tls.recordBreak(failure) }
        return IOResult(written: sent, end)
    }

    /// Record by record, of which the first has the end of `first` and the beginning of `second`; how much, and what ended it.
    func send(_ first: Span<UInt8>, _ second: Span<UInt8>, through session: TLSSession) -> (sent: Int, end: TLSOutcome?) {
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
            guard case .bytes(let count) = outcome else { return (sent, outcome) }
            sent += count
        }
        return (sent, nil)
    }

    // MARK: Events and ends

    /// What an event means beyond what it means for a plain connection: TLS may have to write before it can go on reading, and
    /// the other way round; it may owe the client the word that ends the stream; and its last read no longer says that there is no more.
    @inline(never)
    func secureEvent(_ client: ClientConnection, _ readiness: Readiness) {
        if readiness != .writable { client.tls?.noteArrival() }
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

extension ClientCertificate {
    fileprivate convenience init(_ peer: PeerCertificate) {
        let (verdict, reason): (Verdict, String) = switch peer.verdict {
        case .none: (.none, "")
        case .good: (.good, "")
        case .bad(let reason, let isOnlyUnknown): (.bad(isOnlyUnknown: isOnlyUnknown), reason)
        }
        // Asked for when they are needed.
        self.init(verdict, reason: reason, subject: peer.subject, issuer: peer.issuer, pem: peer.pem)
    }
}

extension IOResult {
    init(reading outcome: TLSOutcome) {
        self = switch outcome {
        case .bytes(let count): .bytes(count)
        case .wantsRead, .wantsWrite: .wouldBlock
        case .noMemory(let code): .failed(Errno(code: code))
        case .closed: .endOfStream
        case .failed(let failure): .failed(failure == .disconnected ? .ECONNRESET : .EPROTO)
        }
    }

    /// What ended the writing shows again with the next one.
    init(written count: Int, _ end: TLSOutcome?) {
        guard count == 0, let end else {
            self = .bytes(count)
            return
        }
        self = end == .closed ? .failed(.EPIPE) : IOResult(reading: end)
    }
}

extension TLSCounts {
    /// A connection broke off after its handshake. That the other side is gone is no failure of TLS.
    mutating func recordBreak(_ failure: TLSFailure) {
        if failure != .disconnected { recordFailure(Int(failure.rawValue)) }
    }
}

extension TLSAlertCounts {
    init(_ tally: TLSAlertTally) {
        self.init()
        for number in UInt8.min...UInt8.max { add(number, received: tally.received(number), sent: tally.sent(number)) }
    }
}
