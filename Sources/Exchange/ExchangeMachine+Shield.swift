import Addressing
import HTTP1
import Routing

/// The stable version answers what a shielded canary failed at: a safe request without a body, of whose answer the client has
/// seen nothing.
extension ExchangeMachine {
    /// Sends the request to the stable version, if its canary is shielded from failing so.
    ///
    /// - Parameters:
    ///   - status: what the client would be told.
    ///   - failure: nil if the canary itself said so.
    /// - Returns: false if nothing was done.
    @inline(never)
    func shield(_ status: UInt16, _ failure: Failure?, _ now: Instant) -> Bool {
        guard hasTarget, case .canary(let index) = target.version, head.method.isSafe, head.framing.isEmpty, !responseHeadIsDone,
              let shield = snapshot.routes.routes[target.route].canaries[index].shield, failure != nil || shield.covers(status)
        else { return false }
        let reason = target.reason
        let (standIn, address) = standIn(for: target, request.input)
        guard let standIn else { return false }
        if let failure { goOn(from: failure) }
        if hasUpstream { dropUpstream() }
        response.input.removeAll()
        responseParser.reset()
        requestWasCutShort = false
        request.restart()
        summary.shielded = ShieldedFailure(
            canary: index, reason: reason, status: status, failure: failure, duration: now.since(summary.began))
        // The stable version may be tried as often as the canary was.
        earlierAttempts = summary.attempts
        sessionKey = nil
        target = standIn
        forward(address, snapshot, now)
        return true
    }

    private func standIn(
        for target: RequestDecider.Target, _ input: borrowing ByteBuffer
    ) -> (target: RequestDecider.Target?, client: IPAddress?) {
        let bytes = input.bytesFromFront
        let address = client.clientAddress(head, in: bytes, snapshot)
        let standIn = context.decider.standIn(
            for: target, head, in: bytes, client: address, isTLS: client.isTLS, snapshot: snapshot)
        return (standIn, address)
    }
}
