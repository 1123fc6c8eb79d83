public import Routing

/// What one attempt of a request failed at, when another one followed it.
public struct Setback: Equatable, Sendable {
    public let failure: Failure
    /// Which was asked.
    public let version: Version
}
