public import Routing

/// What became of one request. Every request ends in exactly one.
public struct Summary: Sendable {
    /// The route's index in the snapshot's table, or nil when none was found or looked for.
    public internal(set) var route: Int?
    /// The version that was chosen, or nil when nothing was.
    public internal(set) var version: Version?
    public internal(set) var reason = Reason.unrouted
    /// What the chosen canary failed at, if the stable version then stood in.
    public internal(set) var shielded: ShieldedFailure?
    /// What the client was told; 499 when it went away before (as nginx logs it).
    public internal(set) var status: UInt16 = 0
    /// Whether a status line was written to the client.
    public internal(set) var isAnswered = false
    public internal(set) var failure: Failure?
    /// Connections asked for: 0 when no upstream was needed, at most `ExchangeMachine.maximumAttempts`, or
    /// twice that after a shielded failure.
    public internal(set) var attempts = 0
    /// Body bytes received from the client and sent to it, after their transfer codings were removed.
    public internal(set) var requestBodyBytes = 0
    public internal(set) var responseBodyBytes = 0
    public internal(set) var began = Instant(nanoseconds: 0)
    public internal(set) var ended = Instant(nanoseconds: 0)

    public init() {}

    public var duration: TimeSpan { ended.since(began) }
}
