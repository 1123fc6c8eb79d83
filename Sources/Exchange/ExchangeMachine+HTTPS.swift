import Addressing
import HTTP1
import Routing

/// Where HTTP and HTTPS part.
extension ExchangeMachine {
    /// Whether the client came by HTTPS: what it sees, for a proxy before this one may have taken TLS off, or put it on.
    @inline(never)
    func cameByHTTPS(_ input: borrowing ByteBuffer, _ snapshot: Snapshot) -> Bool {
        client.cameByHTTPS(head, in: input.bytesFromFront, snapshot)
    }

    /// Whether a rule that redirects does so with this request; most rules do not, and are not asked.
    @inline(never)
    func mustComeByHTTPS(_ input: borrowing ByteBuffer, _ rule: HTTPSPolicy.Rule, _ snapshot: Snapshot) -> Bool {
        let bytes = input.bytesFromFront
        return snapshot.https.redirects(rule, bytes[head.hostName]) && !client.cameByHTTPS(head, in: bytes, snapshot)
    }

    /// Whether the host has another certificate than the connection (RFC 9110 section 7.4).
    @inline(never)
    func isMisdirected(_ input: borrowing ByteBuffer, _ snapshot: Snapshot) -> Bool {
        guard let owners = snapshot.https.owners else { return false }
        let bytes = input.bytesFromFront
        return client.certificate != owners.identity(of: bytes[head.hostName])
    }

    /// What the answer of this request says of HTTPS; empty for most.
    var strictTransport: [UInt8] {
        guard client.isTLS, hasTarget else { return [] }
        let https = snapshot.https
        return https.rule(of: target.route).contains(.isCertified) ? https.strictTransport : []
    }

    /// The same for an answer of the proxy's own: it may have no route, but has a host.
    func strictTransportOfHost(_ snapshot: Snapshot) -> [UInt8] {
        guard client.isTLS, request.input.retained > 0 else { return [] }
        let rule = snapshot.httpsHosts.rule(of: host(request.input, snapshot))
        return rule.contains(.isCertified) ? snapshot.https.strictTransport : []
    }

    private func host(_ input: borrowing ByteBuffer, _ snapshot: Snapshot) -> Int? {
        let bytes = input.bytesFromFront
        return snapshot.routes.host(of: bytes[head.hostName])
    }

    /// Whether a request that leads to no upstream was answered as those are that do: what paths a host has is not to be learnt by
    /// whom it turns away.
    @inline(never)
    func isAnsweredForHost(_ snapshot: Snapshot, _ now: Instant) -> Bool {
        let host = host(request.input, snapshot)
        guard let clients = snapshot.httpsHosts.clientRule(of: host) else { return false }
        let rule = snapshot.httpsHosts.rule(of: host)
        if rule.contains(.redirects), mustComeByHTTPS(request.input, rule, snapshot) {
            redirectToHTTPS(rule, snapshot, now)
            return true
        }
        return isTurnedAway(by: clients, now)
    }

    /// 308, so that no method changes (`ssl-redirect` of ingress-nginx).
    @inline(never)
    func redirectToHTTPS(_ rule: HTTPSPolicy.Rule, _ snapshot: Snapshot, _ now: Instant) {
        let location = location(request.input, rule, snapshot)
        // A request of HTTP/1.0 may name no host, and then there is nowhere to send it.
        guard !location.host.isEmpty else { return answer(.malformedRequest, status: nil, now) }
        let answer = beginAnswer(308, extraRoom: head.length + 16)
        answer.writeHTTPS(location, in: request.input, date: context.date, to: &response.output)
        finishAnswer(answer, now)
    }

    private func location(_ input: borrowing ByteBuffer, _ rule: HTTPSPolicy.Rule, _ snapshot: Snapshot) -> HTTPSLocation {
        HTTPSLocation(head, in: input.bytesFromFront, of: client, by: rule, snapshot)
    }
}
