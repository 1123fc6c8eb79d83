import Addressing
import HTTP1

/// Where HTTP and HTTPS part.
extension ExchangeMachine {
    /// Whether a trusted proxy says that its client came by HTTPS.
    @inline(never)
    func cameByHTTPS(_ input: borrowing ByteBuffer, _ snapshot: Snapshot) -> Bool {
        client.cameByHTTPS(head, in: input.bytesFromFront, snapshot)
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

    /// 308, so that no method changes; to the same host and target (`ssl-redirect` of ingress-nginx).
    @inline(never)
    func redirectToHTTPS(_ snapshot: Snapshot, _ now: Instant) {
        // A request of HTTP/1.0 may name no host, and then there is nowhere to send it.
        guard head.hostName.count > 0 else { return answer(.malformedRequest, status: nil, now) }
        let answer = beginAnswer(308, extraRoom: head.length + 16)
        answer.writeHTTPS(
            head, in: request.input, port: snapshot.https.redirectPort, date: context.date, to: &response.output)
        finishAnswer(now)
    }
}
