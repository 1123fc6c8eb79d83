import HTTP1

/// When neither side of an exchange is to blame for its end.
extension ExchangeMachine {
    /// This host has had no memory for one of the connections, for longer than it is waited for. A request that can be sent again is;
    /// else its client is told, or sees the cut.
    /// - Parameter side: whose connection it is.
    @inline(never)
    public func exhausted(_ side: Side, now: Instant) {
        digest(now: now)
        switch (phase, side) {
        case (.finished, _): break
        case (.readingHead, _) where !parser.hasStarted: finishSilently(now)
        case (_, .client), (.tunnelling, _): abandon(.exhausted, now)
        case (.forwarding, .upstream) where !hasUpstream: break
        case (.forwarding, .upstream): if responseHeadIsDone { cutResponse(.exhausted, now) } else { upstreamFailed(.exhausted, now) }
        case (_, .upstream): break
        }
    }
}
