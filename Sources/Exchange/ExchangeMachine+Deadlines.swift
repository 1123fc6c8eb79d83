/// What may take how long. One deadline at a time is armed: the nearest of those that apply in this phase.
extension ExchangeMachine {
    /// When `timedOut` wants to be called; `Instant.distantFuture` if never.
    public var deadline: Instant {
        let overall = phase == .tunnelling || phase == .readingHead
            ? Instant.distantFuture
            : snapshot.timeouts.request.map { summary.began + $0 } ?? .distantFuture
        return min(overall, stepDeadline)
    }

    private var stepDeadline: Instant {
        let timeouts = snapshot.timeouts
        switch phase {
        case .readingHead:
            return headBegan + timeouts.clientHeader
        case .connecting:
            return connectBegan + timeouts.upstreamConnect
        case .forwarding, .answering:
            if response.pendingCount > 0 { return lastClientWrite + timeouts.clientWrite }
            return waitsForClientBody ? lastClientRead + timeouts.clientBody : lastUpstreamProgress + timeouts.upstreamResponse
        case .tunnelling:
            return max(lastClientRead, lastUpstreamProgress) + timeouts.tunnelIdle
        case .finished:
            return .distantFuture
        }
    }

    private var waitsForClientBody: Bool {
        !request.isSourceComplete && !requestWasCutShort && request.pendingCount == 0
    }

    /// Ends whatever has taken too long; does nothing before the deadline.
    public mutating func timedOut(now: Instant) {
        guard now >= deadline else { return }
        if now < stepDeadline { return requestTookTooLong(now) }
        switch phase {
        case .readingHead:
            answer(.clientTooSlow, status: nil, now)
        case .connecting:
            wantsRelease = false
            connectFailed(timedOut: true, now: now)
        case .forwarding, .answering:
            if response.pendingCount > 0 { return clientStoppedReading(now) }
            if waitsForClientBody { return clientBodyTooSlow(now) }
            if responseHeadIsDone { cutResponse(.upstreamTimedOut, now) } else { upstreamFailed(.upstreamTimedOut, now) }
        case .tunnelling:
            finish(.close(linger: false), now)
        case .finished:
            break
        }
    }

    private mutating func requestTookTooLong(_ now: Instant) {
        if responseHeadIsDone { return cutResponse(.requestTimedOut, now) }
        dropUpstream()
        answer(.requestTimedOut, status: nil, now)
    }

    private mutating func clientStoppedReading(_ now: Instant) {
        summary.failure = .clientTooSlow
        finish(.abort, now)
    }

    private mutating func clientBodyTooSlow(_ now: Instant) {
        if responseHeadIsDone { return cutResponse(.clientTooSlow, now) }
        dropUpstream()
        answer(.clientTooSlow, status: nil, now)
    }
}
