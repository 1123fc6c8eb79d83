import HTTP1
import Routing

/// Getting a connection to the version that was chosen, and what happens when it fails.
extension ExchangeMachine {
    func connect(fresh: Bool, _ now: Instant) {
        guard hasTarget else { return }
        phase = .connecting
        connectBegan = now
        waitsForTurn = false
        wantsConnect = (target.backend, fresh)
    }

    // MARK: Events

    /// The connection that was asked for is there.
    /// - Parameter reused: it has carried a request before, so it may fail through no fault of this one.
    public func connected(reused: Bool, now: Instant) {
        guard phase == .connecting else { return }
        phase = .forwarding
        hasUpstream = true
        upstreamIsReused = reused
        upstreamIsReset = false
        lastUpstreamProgress = now
    }

    /// All connections that there may be are in use: the request waits for its turn, for as long as connecting may take.
    @inline(never)
    public func queued(now: Instant) {
        guard phase == .connecting else { return }
        connectBegan = now
        waitsForTurn = true
    }

    /// It is its turn: a connection is being made.
    public func turnCame(now: Instant) {
        guard phase == .connecting else { return }
        connectBegan = now
        waitsForTurn = false
    }

    /// The connection that was asked for could not be made: another endpoint is tried, whatever the method is.
    /// - Parameters:
    ///   - failure: why.
    ///   - hasAnother: there is an endpoint that did not just refuse, too.
    @inline(never)
    public func connectFailed(_ failure: Failure = .connectRefused, hasAnother: Bool = true, now: Instant) {
        guard phase == .connecting else { return }
        guard hasAnother, mayTryAgain(failure == .connectTimedOut ? .timeout : .error, now), request.isHeld else {
            return answerFailure(failure, now)
        }
        goOn(from: failure)
        connect(fresh: false, now)
    }

    /// No endpoint can be asked at all.
    @inline(never)
    public func noEndpoint(now: Instant) {
        guard phase == .connecting else { return }
        answerFailure(.noEndpoint, now)
    }

    /// No connection can be had here and now, which is no endpoint's fault.
    /// - Parameter failure: `overloaded` (too many wait), `queueTimedOut`, `exhausted` or `noLocalPort`.
    @inline(never)
    public func overloaded(_ failure: Failure = .overloaded, now: Instant) {
        guard phase == .connecting else { return }
        answerFailure(failure, now)
    }

    /// The upstream's end of the connection was closed (`reset`: it failed) and everything it sent was received.
    @inline(never)
    public func upstreamClosed(reset: Bool, now: Instant) {
        digest(now: now)
        guard hasUpstream else { return }
        let reset = reset || upstreamIsReset
        switch phase {
        case .forwarding where responseHeadIsDone:
            response.sourceClosed(failed: reset)
            pumpResponse(now)
        case .forwarding:
            upstreamFailed(reset ? .upstreamReset : .upstreamClosed, now)
        case .tunnelling:
            if reset { return abandon(.upstreamReset, now) }
            response.sourceClosed()
            pumpTunnel(now)
        default:
            break
        }
    }

    /// Writing to the upstream failed. It may have answered before it stopped reading, so its bytes are still wanted.
    /// - Parameter reset: because of a reset. The kernel tells of that once: what is left to be read ends as if all had been said.
    @inline(never)
    public func upstreamStoppedReading(reset: Bool, now: Instant) {
        guard hasUpstream else { return }
        upstreamIsReset = upstreamIsReset || reset
        if phase == .tunnelling { return abandon(.upstreamReset, now) }
        requestWasCutShort = true
    }

    // MARK: Failing

    /// The upstream failed before its response head was complete: tries once more where that is safe and the route's rule has it,
    /// else answers.
    ///
    /// Safe (RFC 9110 section 9.2.2, http-edge duties 43 and 44): no response byte has come, the request can be sent again, and it is
    /// idempotent or nothing of it was sent.
    @inline(never)
    func upstreamFailed(_ failure: Failure, _ now: Instant) {
        let condition: RetryRule.Conditions = switch failure {
        case .badResponse: .invalidHeader
        case .upstreamTimedOut: .timeout
        default: .error
        }
        let isUnanswered = response.input.isEmpty || condition == .invalidHeader
        // An old connection's end says nothing about the endpoint.
        let isOld = upstreamIsReused && condition == .error
        let isTriedAgain = isUnanswered && canRepeat && (mayTryAgain(condition, isOld: isOld, now) || isOld && wasNoAttempt)
        // A pooled connection may have been closed before the request came: that is no failure of a canary.
        if !(isTriedAgain && isOld), shield(failure.status, failure, now) { return }
        dropUpstream()
        guard isTriedAgain else { return answer(failure, status: nil, now) }
        if !isOld { goOn(from: failure) }
        repeatRequest(fresh: isOld, now)
    }

    /// The status is one that the route's rule tries again elsewhere, and that can be done: then it is, and nobody sees the answer.
    @inline(never)
    func triesElsewhere(_ status: UInt16, _ now: Instant) -> Bool {
        let condition = RetryRule.Conditions(status: status)
        guard !condition.isEmpty, canRepeat, mayTryAgain(condition, now) else { return false }
        dropUpstream()
        repeatRequest(fresh: false, now)
        return true
    }

    /// Nothing of an answer has gone to the client, and sending the request again is possible and does no harm.
    private var canRepeat: Bool {
        // Interim responses do not go to clients of HTTP/1.0.
        guard hasTarget, interims == 0 || head.minorVersion == 0, request.isHeld else { return false }
        return !request.hasSent || head.method.isIdempotent || target.retry.conditions.contains(.nonIdempotent)
    }

    /// - Parameter isOld: of its attempts the first, on a connection kept from before, does not count if there is only that one.
    private func mayTryAgain(_ condition: RetryRule.Conditions, isOld: Bool = false, _ now: Instant) -> Bool {
        guard hasTarget, target.retry.conditions.contains(condition) else { return false }
        // Whoever sends no more has probably gone: its request keeps no endpoint busy for as long again.
        guard !clientHasClosed || condition != .timeout else { return false }
        let rule = target.retry
        guard attempts < max(rule.tries, isOld ? 2 : 1) else { return false }
        return rule.seconds == 0 || now < summary.began + .seconds(Int(rule.seconds))
    }

    /// A connection that was gone before anything was sent: whatever the rule says, another one is looked for.
    private var wasNoAttempt: Bool { !request.hasSent && attempts < RetryRule.standard.tries }

    /// At the version that is being asked.
    private var attempts: Int { summary.attempts - earlierAttempts }

    @inline(never)
    private func repeatRequest(fresh: Bool, _ now: Instant) {
        response.input.removeAll()
        responseParser.reset()
        request.rewind()
        requestWasCutShort = false
        connect(fresh: fresh, now)
    }

    /// No upstream of the version can be asked: the stable version is, or the client is told.
    @inline(never)
    private func answerFailure(_ failure: Failure, _ now: Instant) {
        if !shield(failure.status, failure, now) { answer(failure, status: nil, now) }
    }

    /// The request goes on, at another endpoint or the other version.
    @inline(never)
    func goOn(from failure: Failure) {
        guard hasTarget else { return }
        setback = Setback(failure: failure, version: target.version)
    }

    /// What the latest attempt failed at, if another one follows it; once. Ask before each connect, and at the end.
    public func takeSetback() -> Setback? { setback.take() }

    /// The response broke off after its head had been passed on: what has arrived is delivered, then the cut shows.
    @inline(never)
    func cutResponse(_ failure: Failure, _ now: Instant) {
        summary.failure = failure
        dropUpstream()
        if isCompressing { flushBeforeCut(now) }
        mustCut = true
        phase = .answering
        settle(now)
    }

    /// Closes the connection to the upstream, if there is one or one was asked for.
    @inline(never)
    func dropUpstream() {
        if hasUpstream || phase == .connecting { wantsRelease = false }
        wantsConnect = nil
        upstreamPersists = false
    }

    // MARK: The client's connection

    /// The client has sent all it will send (a half-close is no abort: http-edge duty 46).
    @inline(never)
    public func clientClosed(now: Instant) {
        digest(now: now)
        clientHasClosed = true
        mayPersist = false
        switch phase {
        case .readingHead:
            // Between two requests, a close is the way to end; within a head, the request is lost.
            if parser.hasStarted { clientWentAway(now) } else { finishSilently(now) }
        case .connecting, .forwarding:
            request.sourceClosed()
            pumpRequest(now)
        case .tunnelling:
            request.sourceClosed()
            pumpTunnel(now)
        case .answering, .finished:
            break
        }
    }

    /// The client's connection failed: nothing more can be told it.
    @inline(never)
    public func clientFailed(now: Instant) {
        switch phase {
        case .finished: break
        case .readingHead where !parser.hasStarted: finishSilently(now)
        default: abandon(.clientClosed, now)
        }
    }

    /// Its half of the connection has ended before its request has. Earlier answers may still be on their way to it, which a reset
    /// would destroy.
    func clientWentAway(_ now: Instant) {
        // It has its answer, to which the rest of its request made no difference (RFC 9112 section 9.5, http-edge duty 42).
        if responseHeadIsDone { return stopSendingRequest() }
        abandon(.clientClosed, now, .close(linger: false))
    }

    /// The answer goes on without the rest of the request, and no other request over that connection.
    private func stopSendingRequest() {
        requestWasCutShort = true
        upstreamPersists = false
        mayPersist = false
    }

    /// Ends without another word to the client; the summary still tells what it would have been told.
    @inline(never)
    func abandon(_ failure: Failure, _ now: Instant, _ disposition: Disposition = .abort) {
        summary.failure = failure
        if !summary.isAnswered { summary.status = failure.status }
        finish(disposition, now)
    }

    /// No request was begun: there is nothing to sum up.
    @inline(never)
    func finishSilently(_ now: Instant) {
        disposition = .close(linger: false)
        phase = .finished
        hasActions = true
    }

    // MARK: Stopping

    /// The process cannot wait any longer: the request is cut.
    public func cut(now: Instant) {
        guard phase != .finished else { return }
        guard phase != .readingHead || parser.hasStarted else { return finishSilently(now) }
        abandon(.shutdown, now)
    }
}
