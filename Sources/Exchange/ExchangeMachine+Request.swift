import Addressing
import HTTP1
import Routing

/// From the first byte of a request to the head that its upstream gets.
extension ExchangeMachine {
    func readRequestHead(_ now: Instant) {
        switch Self.parse(request.input, with: &parser) {
        case .incomplete where request.isFullOfHead && isCrowdedOut:
            refuse(now)
        case .incomplete:
            if !request.growForHead(pool) { answer(.malformedRequest, status: 431, now) }
        case .failed(let error):
            answer(.malformedRequest, status: error.status, now)
        case .complete where RequestRewrite.room(for: head) > BufferPool.Size.huge.rawValue:
            answer(.malformedRequest, status: 431, now)
        case .complete(let length):
            request.input.retain(length)
            request.begin(head.framing, as: head.framing == .chunked ? .chunked : .verbatim)
            summary.began = now
            mayPersist = head.isPersistent && (head.minorVersion > 0 || snapshot.forwarding.http10KeepAlive)
            if isCrowdedOut { return refuse(now) }
            route(now)
        }
    }

    // The compiler lets no span of a class's property out of a statement: so they are made in functions that get the buffer lent.

    private static func parse(_ input: borrowing ByteBuffer, with parser: inout RequestParser) -> ParseProgress {
        parser.parse(input.bytes)
    }

    private func decide(
        _ input: borrowing ByteBuffer, _ snapshot: Snapshot
    ) -> (decision: RequestDecider.Decision, client: IPAddress?) {
        let bytes = input.bytesFromFront
        let address = client.clientAddress(head, in: bytes, snapshot)
        let decision = context.decider.decide(
            head, in: bytes, client: address, isTLS: client.isTLS, snapshot: snapshot, rolls: context.rolls)
        return (decision, address)
    }

    private func route(_ now: Instant) {
        if head.method == .trace || head.method == .connect {
            return answer(.methodRefused, status: nil, now)
        }
        if case .length(let count) = head.framing, isOverBodyLimit(count) {
            return answer(.requestTooLarge, status: nil, now)
        }
        if goesNoFurther(request.input) { return answerOptions(now) }
        // Read once: each reading of a property that may change counts a reference.
        let snapshot = snapshot
        if client.isTLS, snapshot.https.owners != nil, isMisdirected(request.input, snapshot) {
            return answer(.misdirected, status: nil, now)
        }
        let (decision, address) = decide(request.input, snapshot)
        switch decision {
        case .refused, .addSlash, .appRoot:
            answer(decision, snapshot, now)
        case .forward:
            let route = context.decider.target.route
            let rule = snapshot.https.rule(of: route)
            if rule.contains(.redirects), mustComeByHTTPS(request.input, rule, snapshot) {
                summary.route = route
                return redirectToHTTPS(rule, snapshot, now)
            }
            if rule.contains(.looksAtClients), let clients = snapshot.https.clientRules[route] {
                summary.route = route
                if isTurnedAway(by: clients, now) { return }
            }
            requestID = context.requestIDs.next()
            target = context.decider.target
            forward(address, snapshot, now)
        }
    }

    /// Answers a request that no upstream gets.
    @inline(never)
    private func answer(_ decision: RequestDecider.Decision, _ snapshot: Snapshot, _ now: Instant) {
        if snapshot.looksAtClients, isAnsweredForHost(snapshot, now) { return }
        switch decision {
        case .refused(let failure): answer(failure, status: nil, now)
        case .addSlash: redirectToSlash(snapshot, now)
        case .appRoot(let extra): redirect(to: snapshot.routes.appRoot(extra), snapshot, now)
        case .forward: break
        }
    }

    /// Asks an upstream of `target`, or says that there is none.
    func forward(_ address: IPAddress?, _ snapshot: Snapshot, _ now: Instant) {
        hasTarget = true
        summary.route = target.route
        summary.version = target.version
        summary.reason = target.reason
        guard !snapshot.backends[target.backend].endpoints.isEmpty else {
            return answer(.noEndpoint, status: nil, now)
        }
        guard writeRequestHead(address, snapshot) else {
            return answer(.malformedRequest, status: 431, now)
        }
        if target.isMirrored { beginCopies(target, address, snapshot) }
        request.hold()
        connect(fresh: false, now)
        pumpRequest(now)
    }

    /// False if there is no room for the head, the path it is to ask for and what it is to say of the decision.
    private func writeRequestHead(_ address: IPAddress?, _ snapshot: Snapshot) -> Bool {
        var room = RequestRewrite.room(for: head)
        if target.isRewritten { room += context.decider.pathLength }
        let marks = target.isMarked ? snapshot.routes.routes[target.route].marks?.marks(of: target.version) : nil
        if let marks { room += marks.requestRoom }
        let fields = certificateFields(snapshot)
        if let fields { room += fields.room }
        guard request.canHold(room) else { return false }
        announcesClient = false
        if snapshot.announcesClients, let version = snapshot.backends[target.backend].proxyProtocol {
            announce(version, address, beforeTLS: snapshot.backends[target.backend].tls != nil)
        }
        let rewrite = rewrite(for: target, address, marks, fields, snapshot)
        // What an announcement has taken may be what is missing.
        guard request.reserveOutput(room, pool) else { return false }
        let before = request.output.count
        request.writeHead(head, by: rewrite, snapshot, context)
        assert(request.output.count - before <= room, "blocks are larger than what is asked for: do not count on that")
        return true
    }

    /// What upstreams are told of the client's certificate; nil if nobody looks at it.
    func certificateFields(_ snapshot: Snapshot) -> CertificateFields? {
        guard snapshot.https.rule(of: target.route).contains(.looksAtClients), let rule = snapshot.https.clientRules[target.route]
        else { return nil }
        return CertificateFields(certificate: clientCertificate, passesCertificate: rule.passesCertificate)
    }

    func rewrite(
        for target: RequestDecider.Target, _ address: IPAddress?, _ marks: VersionMarks?, _ certificate: CertificateFields?,
        isCopy: Bool = false, _ snapshot: Snapshot
    ) -> RequestRewrite {
        context.forwardedLines.prepare(port: client.port(snapshot), isTLS: client.isSecured)
        return RequestRewrite(
            client: client, clientAddress: address,
            isTrusted: client.isTrusted(by: snapshot), isPathRewritten: target.isRewritten,
            requestID: requestID, marks: marks, certificate: certificate, isCopy: isCopy)
    }

    private func isOverBodyLimit(_ count: Int) -> Bool {
        snapshot.limits.body > 0 && count > snapshot.limits.body
    }

    /// What a chunk announces counts as soon as its size is read, as a Content-Length does.
    private var bodyIsOverLimit: Bool {
        let (total, overflows) = request.bodyBytes.addingReportingOverflow(request.decoder.announced)
        return isOverBodyLimit(overflows ? .max : total)
    }

    /// Decodes more of the request's body, and watches its size and its form.
    func pumpRequest(_ now: Instant) {
        guard phase == .connecting || phase == .forwarding || phase == .tunnelling else { return }
        let fault = copies.isEmpty ? request.pump(pool) : pumpCopying()
        if phase == .tunnelling { return pumpTunnel(now) }
        if case .malformed = fault { return failRequestBody(.malformedRequest, now) }
        if case .truncated = fault { return clientWentAway(now) }
        if bodyIsOverLimit { return failRequestBody(.requestTooLarge, now) }
    }

    /// The body turned out bad after the head was accepted: the upstream must not take what it got for a whole request.
    @inline(never)
    private func failRequestBody(_ failure: Failure, _ now: Instant) {
        if responseHeadIsDone { return cutResponse(failure, now) }
        dropUpstream()
        answer(failure, status: nil, now)
    }

    // MARK: Own answers

    /// Answers with `status` (or the failure's own) and, when the request's rest is unread, gives the connection up.
    @inline(never)
    func answer(_ failure: Failure, status: UInt16?, _ now: Instant) {
        summary.failure = failure
        if failure.refusesMessage { mayPersist = false }
        // As in ingress-nginx, where the cookie is set when an endpoint has been picked, whatever comes of it.
        var session = sessionKey == nil ? nil : sessionMark
        if let room = session?.room, !hasAnswerRoom(room) { session = nil }
        let answer = beginAnswer(status ?? failure.status, extraRoom: session?.room ?? 0)
        answer.write(date: context.date, session: session, isTLS: client.isTLS, to: &response.output)
        finishAnswer(answer, now)
    }

    /// A request of HTTP/1.0 may name no host, and then there is nowhere to send it.
    private var namesHost: Bool { !head.authority.isEmpty }

    @inline(never)
    private func redirectToSlash(_ snapshot: Snapshot, _ now: Instant) {
        guard namesHost else { return answer(.malformedRequest, status: nil, now) }
        let answer = beginAnswer(301, extraRoom: head.length)
        answer.writeAddingSlash(
            head, in: request.input, isTLS: cameByHTTPS(request.input, snapshot), date: context.date, to: &response.output)
        finishAnswer(answer, now)
    }

    @inline(never)
    private func redirect(to path: [UInt8], _ snapshot: Snapshot, _ now: Instant) {
        guard namesHost else { return answer(.malformedRequest, status: nil, now) }
        guard hasAnswerRoom(head.length + path.count) else { return answer(.answerTooLong, status: nil, now) }
        let answer = beginAnswer(302, extraRoom: head.length + path.count)
        answer.writeRedirect(
            head, in: request.input, to: path.span, isTLS: cameByHTTPS(request.input, snapshot), date: context.date, output: &response.output)
        finishAnswer(answer, now)
    }

    /// An OPTIONS request that was to reach this proxy and nobody behind it (RFC 9110 section 7.6.2).
    private func goesNoFurther(_ input: borrowing ByteBuffer) -> Bool {
        MaxForwards.remaining(for: head, in: input.bytesFromFront) == 0
    }

    @inline(never)
    private func answerOptions(_ now: Instant) {
        let answer = beginAnswer(200, extraRoom: 0)
        answer.write(date: context.date, to: &response.output)
        finishAnswer(answer, now)
    }

    /// Whether the head of an answer may be so many bytes longer than those of all answers. A request's own head is never too long for
    /// that (`RequestRewrite.room`); what a configuration has an answer say may be.
    func hasAnswerRoom(_ extraRoom: Int) -> Bool { response.canHold(LocalAnswer.plainRoom + extraRoom) }

    /// - Parameter extraRoom: bytes that the answer's head needs beside the usual ones; see `hasAnswerRoom`.
    func beginAnswer(_ status: UInt16, extraRoom: Int) -> LocalAnswer {
        assert(!responseHeadIsDone, "a request has one answer")
        let hasHead = request.input.retained > 0
        if !hasHead || !request.isSourceComplete || clientHasClosed || context.isDraining { mayPersist = false }
        var answer = LocalAnswer(
            status: status, closes: !mayPersist,
            saysKeepAlive: mayPersist && head.minorVersion == 0,
            omitsBody: hasHead && head.method == .head,
            strictTransport: client.isTLS ? strictTransportOfHost(snapshot) : [])
        // What no upstream took of the body must not be read as the next request.
        request.discardOutput()
        // Interim responses that still wait go out first.
        response.begin(.none, as: .verbatim)
        if !response.canHold(answer.room + extraRoom) { answer.strictTransport = [] }
        let hasRoom = response.reserveOutput(answer.room + extraRoom, pool)
        assert(hasRoom, "whoever has more to say has asked for room")
        answer.end = response.output.count + answer.room + extraRoom
        summary.status = status
        summary.isAnswered = true
        summary.responseBodyBytes = answer.bodyBytes
        responseHeadIsDone = true
        phase = .answering
        return answer
    }

    func finishAnswer(_ answer: LocalAnswer, _ now: Instant) {
        assert(response.output.count <= answer.end, "blocks are larger than what is asked for: do not count on that")
        lastClientWrite = now
        settle(now)
    }
}
