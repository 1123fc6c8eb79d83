public import Routing

/// How a canary failed at a request that the stable version then answered.
public struct ShieldedFailure: Sendable {
    /// Index into the route's canaries.
    public let canary: Int
    /// Why the canary was asked.
    public let reason: Reason
    /// What the client would have been told.
    public let status: UInt16
    /// Nil if the canary itself said so.
    public let failure: Failure?
    /// From the head's first byte.
    public let duration: TimeSpan
}
