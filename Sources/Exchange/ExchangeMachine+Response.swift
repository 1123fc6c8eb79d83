import HTTP1
import Routing

/// From the first byte of a response to the end of the exchange.
extension ExchangeMachine {
    func upstreamBytesArrived(_ now: Instant) {
        switch phase {
        case .forwarding where responseHeadIsDone: pumpResponse(now)
        case .forwarding: readResponseHead(now)
        case .tunnelling: pumpTunnel(now)
        default: break
        }
    }

    private func readResponseHead(_ now: Instant) {
        // Bytes on a connection on which nothing was asked are no answer (http-edge duty 39).
        guard request.hasSent else {
            response.input.removeAll()
            return upstreamFailed(.upstreamClosed, now)
        }
        while phase == .forwarding, !responseHeadIsDone {
            switch Self.parse(response.input, with: &responseParser, answering: head.method) {
            case .incomplete:
                if !response.growForHead(pool) { upstreamFailed(.badResponse, now) }
                return
            case .failed:
                return upstreamFailed(.badResponse, now)
            case .complete(let length):
                passHead(length, now)
            }
        }
    }

    private static func parse(
        _ input: borrowing ByteBuffer, with parser: inout ResponseParser, answering method: Method
    ) -> ParseProgress {
        parser.parse(input.bytes, answering: method)
    }

    private func passHead(_ length: Int, _ now: Instant) {
        let status = responseHead.status
        if status == 101 { return upgrade(length, now) }
        if responseHead.isInterim { return passInterim(length, now) }
        if status >= 500, shield(status, nil, now) { return }
        if hasTarget, !target.retry.conditions.isDisjoint(with: .statuses), triesElsewhere(status, now) { return }
        var framing = outgoingFraming(of: responseHead.framing)
        var (coding, gzip): (ResponseCoding, Gzip?) = (.asIs, nil)
        if let policy = snapshot.gzip {
            (coding, gzip) = self.coding(policy)
            // How long it will be is not known.
            if gzip != nil { framing = outgoingFraming(of: .untilClose) }
        }
        // What is still unread of the request will not be read: RFC 9112 section 9.6 has the client told.
        if framing == .untilClose || context.isDraining || clientHasClosed || !request.isSourceComplete || requestWasCutShort {
            mayPersist = false
        }
        guard writeHead(framing: framing, coding: coding, now) else {
            if let gzip { context.gzip.give(gzip) }
            return upstreamFailed(.badResponse, now)
        }
        // The answer has begun: from here on nothing is tried again.
        request.stopHolding()
        response.input.consume(length)
        if let gzip {
            beginCompressing(responseHead.framing, as: framing == .chunked ? .chunked : .verbatim, through: gzip)
        } else {
            response.begin(responseHead.framing, as: framing == .chunked ? .chunked : .verbatim)
        }
        upstreamPersists = responseHead.isPersistent && responseHead.framing != .untilClose && !announcesClient
        responseHeadIsDone = true
        responseIsDelimited = framing != .untilClose
        summary.status = status
        summary.isAnswered = true
        pumpResponse(now)
    }

    /// A body of unknown length is chunked for HTTP/1.1 and ends with the connection for HTTP/1.0.
    private func outgoingFraming(of framing: BodyLength) -> BodyLength {
        switch framing {
        case .none, .length: framing
        case .chunked, .untilClose: head.minorVersion > 0 ? .chunked : .untilClose
        }
    }

    /// False, and nothing is written, if a block can't hold the head with what is to be said of the decision: then it counts as one that is
    /// too long itself.
    private func writeHead(framing: BodyLength, coding: ResponseCoding = .asIs, _ now: Instant) -> Bool {
        beginClientWait(now)
        let marks = hasTarget && target.isMarked && (!responseHead.isInterim || responseHead.status == 101) ? makeMarks() : nil
        let rewrite = ResponseRewrite(
            closes: !mayPersist, saysKeepAlive: mayPersist && head.minorVersion == 0, framing: framing, marks: marks,
            strictTransport: strictTransport, coding: coding)
        let room = ResponseRewrite.room(for: responseHead) + rewrite.extraRoom
        guard response.reserveOutput(room, pool) else { return false }
        let before = response.output.count
        response.writeHead(responseHead, by: rewrite, date: context.date)
        assert(response.output.count - before <= room, "blocks are larger than what is asked for: do not count on that")
        return true
    }

    @inline(never)
    private func makeMarks() -> ResponseMarks {
        let marks = ResponseMarks(target, snapshot.routes.routes[target.route], isTLS: client.isTLS)
        marks.session = sessionMark
        return marks
    }

    /// Nil if the client has the cookie already, or is to have none. That a canary failed is no reason to keep its client from it.
    var sessionMark: SessionMark? {
        guard let key = sessionKey, hasTarget, target.reason != .shield, let route = snapshot.routes.routes[target.route].affinity,
              let affinity = route.affinity(of: target.version), affinity.setsCookie
        else { return nil }
        let asks = affinity.cookie.isConditional && affinity.cookie.sameSite == HashCookie.SameSite.none
        let omits = asks && !withRequestField(.userAgent) { SameSiteNone.isUnderstood(by: $0) }
        return SessionMark(
            affinity: affinity, key: key, omitsSameSiteNone: omits, now: context.date.secondsSinceEpoch, isAlwaysSet: route.honoursForeign)
    }

    /// RFC 9110 section 15.2: passed on to HTTP/1.1 clients, never to HTTP/1.0 ones.
    @inline(never)
    private func passInterim(_ length: Int, _ now: Instant) {
        interims += 1
        let size = response.pendingCount + ResponseRewrite.room(for: responseHead)
        guard interims <= Self.maximumInterims, size <= Self.maximumInterimBytes else { return upstreamFailed(.badResponse, now) }
        if head.minorVersion > 0, !writeHead(framing: .none, now) { return upstreamFailed(.badResponse, now) }
        if responseHead.status == 100, !hasContinued {
            hasContinued = true
            // So far it had no reason to send.
            lastClientRead = now
        }
        response.input.consume(length)
        responseParser.reset()
    }

    // MARK: Tunnel

    /// RFC 9110 section 7.8: only what the client asked to upgrade to, and only once the upstream has agreed.
    @inline(never)
    private func upgrade(_ length: Int, _ now: Instant) {
        let hasAsked = request.isSourceComplete && !requestWasCutShort
        guard hasAsked, agreesToUpgrade(request.input, response.input) else { return upstreamFailed(.badResponse, now) }
        guard writeHead(framing: .none, now) else { return upstreamFailed(.badResponse, now) }
        mayPersist = false
        request.stopHolding()
        response.input.consume(length)
        request.begin(.untilClose, as: .verbatim)
        response.begin(.untilClose, as: .verbatim)
        responseHeadIsDone = true
        summary.status = 101
        summary.isAnswered = true
        phase = .tunnelling
        pumpTunnel(now)
    }

    private func agreesToUpgrade(_ sent: borrowing ByteBuffer, _ received: borrowing ByteBuffer) -> Bool {
        let sent = sent.bytesFromFront
        guard RequestRewrite.passesUpgrade(head, in: sent) else { return false }
        return received.bytes[responseHead.upgrade].equalsIgnoringCase(sent[head.upgrade])
    }

    /// Moves what has arrived, passes an end of sending on, and finishes when both sides have ended.
    @inline(never)
    func pumpTunnel(_ now: Instant) {
        _ = request.pump(pool)
        _ = response.pump(pool)
        if request.isSourceComplete, request.pendingCount == 0, !isShutDown.upstream {
            isShutDown.upstream = true
            wantsShutdown.upstream = true
        }
        if response.isSourceComplete, response.pendingCount == 0, !isShutDown.client {
            isShutDown.client = true
            wantsShutdown.client = true
        }
        if isShutDown.upstream, isShutDown.client { finish(.close(linger: false), now) }
    }

    // MARK: Body and end

    func pumpResponse(_ now: Instant) {
        switch phase {
        case .forwarding where responseHeadIsDone:
            beginClientWait(now)
            let fault = isCompressing ? pumpCompressing() : response.pump(pool)
            switch fault {
            case .malformed: return cutResponse(.badResponse, now)
            case .truncated: return cutResponse(response.hasSourceFailed ? .upstreamReset : .upstreamClosed, now)
            case nil: break
            }
            if response.isSourceComplete { releaseUpstream() }
            settle(now)
        case .answering:
            settle(now)
        case .tunnelling:
            pumpTunnel(now)
        default:
            break
        }
    }

    /// The response has been received whole: the upstream can serve someone else while the client still reads,
    /// provided that it got the whole request and sent nothing beyond its answer.
    private func releaseUpstream() {
        guard hasUpstream, wantsRelease == nil else { return }
        let isAsked = request.isSourceComplete && request.pendingCount == 0 && !requestWasCutShort
        let isAnswered = response.undecodedCount == 0 && !response.isSourceClosed
        wantsRelease = upstreamPersists && isAsked && isAnswered
        if !isAsked { request.discardOutput() }
        phase = .answering
    }

    /// Finishes once everything that can be written was written.
    func settle(_ now: Instant) {
        guard phase == .answering, response.pendingCount == 0, mustCut || response.isSourceComplete else { return }
        if mustCut { return finish(responseIsDelimited ? .close(linger: false) : .abort, now) }
        // An unread rest of the request must not be read as the next one (RFC 9112 section 9.3).
        if mayPersist, request.isSourceComplete { return finish(.keepAlive, now) }
        finish(.close(linger: !request.isSourceComplete || request.undecodedCount > 0), now)
    }

    func finish(_ disposition: Disposition, _ now: Instant) {
        guard phase != .finished else { return }
        if !copies.isEmpty { abandonCopies() }
        if hasUpstream || phase == .connecting, wantsRelease == nil { wantsRelease = false }
        wantsConnect = nil
        if isCompressing { endCompressing() }
        self.disposition = disposition
        summary.requestBodyBytes = request.bodyBytes
        summary.responseBodyBytes += response.bodyBytes
        // What was cut off, or could not be sent any more.
        if response.unsentBytes > 0 { summary.responseBodyBytes = max(0, summary.responseBodyBytes - response.unsentBytes) }
        summary.ended = now
        phase = .finished
        wantsFinish = true
    }
}
