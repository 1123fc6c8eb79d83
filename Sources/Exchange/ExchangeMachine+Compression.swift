import HTTP1

/// Responses that leave compressed.
extension ExchangeMachine {
    /// How the response whose head has come leaves. With `gzip`, a stream for it is taken.
    func coding(_ policy: GzipPolicy) -> (ResponseCoding, Gzip?) {
        guard let route = summary.route, let rule = policy.rule(of: route) else { return (.asIs, nil) }
        let (coding, isWanted) = Self.coding(responseHead, response.input, head, request.input, rule)
        guard coding == .varies, isWanted else { return (coding, nil) }
        // The answer to HEAD says what GET's would (RFC 9110 sections 8.6 and 9.3.2).
        guard responseHead.framing != .none else { return (head.method == .head ? .gzip : .varies, nil) }
        guard let gzip = context.gzip.take(level: rule.level, memory: policy.memory) else { return (.varies, nil) }
        return (.gzip, gzip)
    }

    private static func coding(
        _ answer: borrowing ResponseHead, _ received: borrowing ByteBuffer, _ head: borrowing RequestHead, _ sent: borrowing ByteBuffer,
        _ rule: GzipPolicy.Rule
    ) -> (ResponseCoding, isWanted: Bool) {
        let question = sent.bytesFromFront
        guard ResponseCoding.isEligible(answer, in: received.bytes, by: rule) else { return (.asIs, false) }
        let isWanted = GzipPolicy.isWanted(head, in: question)
        guard answer.status == 304 else { return (.varies, isWanted) }
        // What the 200 would vary by, the 304 does, too (RFC 9110 section 15.4.5).
        return (isWanted && ResponseCoding.asksAboutWeak(head, in: question) ? .revalidated : .varies, false)
    }

    /// The body that follows goes through `gzip`.
    func beginCompressing(_ length: BodyLength, as framing: Relay.Framing, through gzip: Gzip) {
        response.begin(length, as: framing, through: gzip)
        isCompressing = true
    }

    func pumpCompressing() -> Relay.Fault? {
        guard let gzip = response.gzip else { return nil }
        return response.pumpCompressing(gzip, pool, &context.gzip.scratch)
    }

    /// What `flush` came to.
    public enum Flush: Sendable {
        /// There is nothing to be flushed, or the client has to read first.
        case idle
        /// More may come at once, which would compress better: ask again when others have had a turn.
        case later
        /// There is output for the client.
        case done
    }

    /// To be called when nothing moves while `isCompressing`: lets compressed bytes go out that wait for more, of which nothing has come
    /// since the last call. So what an upstream says reaches the client, however little it is.
    public func flush(now: Instant) -> Flush {
        guard phase == .forwarding, response.keepsBack, let gzip = response.gzip else { return .idle }
        guard gzip.hasWaited else {
            gzip.hasWaited = true
            return .later
        }
        beginClientWait(now)
        response.flush(pool, &context.gzip.scratch)
        return response.pendingCount > 0 ? .done : .idle
    }

    /// The body breaks off: the client is to get what came of it, and never the end of the stream.
    func flushBeforeCut(_ now: Instant) {
        beginClientWait(now)
        response.flush(pool, &context.gzip.scratch)
    }

    func endCompressing() {
        isCompressing = false
        if let gzip = response.takeGzip() { context.gzip.give(gzip) }
    }
}
