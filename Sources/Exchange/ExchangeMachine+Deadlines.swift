import HTTP1

/// What may take how long. One deadline at a time is armed: the nearest of those that apply in this phase.
extension ExchangeMachine {
    /// When `timedOut` wants to be called; `Instant.distantFuture` if never.
    public var deadline: Instant { min(overallDeadline, stepDeadline) }

    private var overallDeadline: Instant {
        guard let request = snapshot.timeouts.request else { return .distantFuture }
        switch phase {
        case .connecting, .forwarding:
            return summary.began + request
        case .answering:
            // Once a request has failed, what is left of its answer only has to be read.
            return summary.failure == nil ? summary.began + request : .distantFuture
        case .readingHead, .tunnelling, .finished:
            return .distantFuture
        }
    }

    private var stepDeadline: Instant {
        switch phase {
        case .readingHead:
            return headBegan + snapshot.timeouts.clientHeader
        case .connecting:
            return connectBegan + snapshot.timeouts.upstreamConnect
        case .forwarding, .answering:
            if response.pendingCount > 0 { return lastClientWrite + snapshot.timeouts.clientWrite }
            return waitsForClientBody ? lastClientRead + snapshot.timeouts.clientBody : lastUpstreamProgress + snapshot.timeouts.upstreamResponse
        case .tunnelling:
            return max(lastClientRead, lastUpstreamProgress) + snapshot.timeouts.tunnelIdle
        case .finished:
            return .distantFuture
        }
    }

    /// The time that the client has to read runs from when there is something for it. Call before something is added.
    func beginClientWait(_ now: Instant) {
        if response.pendingCount == 0 { lastClientWrite = now }
    }

    /// The connection that was asked for takes longer than it may: the endpoint's fault, not the request's.
    public func isConnectOverdue(now: Instant) -> Bool {
        phase == .connecting && !waitsForTurn && now >= connectBegan + snapshot.timeouts.upstreamConnect
    }

    private var waitsForClientBody: Bool {
        // Once there is an answer, its client may as well wait for the end of that before it sends more.
        if responseHeadIsDone, phase == .forwarding { return false }
        return clientOwesBody
    }

    /// The upstream has all of the request that has come, and cannot be blamed for waiting for the rest.
    private var clientOwesBody: Bool {
        // A client that expects 100 waits for the upstream, which has not said so yet.
        if head.expectsContinue, !hasContinued, request.bodyBytes == 0, !request.decoder.hasBegunChunk, passesExpectation { return false }
        return !request.isSourceComplete && !requestWasCutShort && request.pendingCount == 0
    }

    /// Whether the upstream hears that the client waits for it. Not if Connection names Expect, which then is for nobody behind this proxy
    /// (RFC 9110 section 7.6.1): the upstream takes the body as it comes, so that nobody but the client is to blame for its silence.
    private var passesExpectation: Bool { !head.fields.contains { $0.known == .expect && $0.isNominated } }

    /// Ends whatever has taken too long; does nothing before the deadline.
    /// - Parameter hasAnother: as for `connectFailed`.
    public func timedOut(hasAnother: Bool = true, now: Instant) {
        if now >= overallDeadline { requestTookTooLong(now) }
        // Also of what is left then: its client may have waited for too long to read what came before.
        guard now >= stepDeadline else { return }
        switch phase {
        case .readingHead:
            if parser.hasStarted { answer(.clientTooSlow, status: nil, now) } else { finishSilently(now) }
        case .connecting where waitsForTurn:
            wantsRelease = false
            overloaded(.queueTimedOut, now: now)
        case .connecting:
            wantsRelease = false
            connectFailed(.connectTimedOut, hasAnother: hasAnother, now: now)
        case .forwarding, .answering:
            if response.pendingCount > 0 { return abandon(.clientTooSlow, now) }
            if waitsForClientBody { return clientBodyTooSlow(now) }
            if responseHeadIsDone {
                cutResponse(clientOwesBody ? .clientTooSlow : .upstreamTimedOut, now)
            } else {
                upstreamFailed(.upstreamTimedOut, now)
            }
        case .tunnelling:
            finish(.close(linger: false), now)
        case .finished:
            break
        }
    }

    /// No version is blamed for a client that sends or reads as slowly as it likes.
    private func requestTookTooLong(_ now: Instant) {
        // The rest of a whole answer, which the client does not read: nothing less would show that it is cut.
        if phase == .answering { return abandon(.clientTooSlow, now) }
        let isClients = response.pendingCount > 0 || phase == .forwarding && clientOwesBody
        let failure: Failure = isClients ? .clientTooSlow : .requestTimedOut
        if responseHeadIsDone { return cutResponse(failure, now) }
        dropUpstream()
        answer(failure, status: nil, now)
    }

    private func clientBodyTooSlow(_ now: Instant) {
        if responseHeadIsDone { return cutResponse(.clientTooSlow, now) }
        dropUpstream()
        answer(.clientTooSlow, status: nil, now)
    }
}
