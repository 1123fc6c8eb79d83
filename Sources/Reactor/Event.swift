/// One descriptor's news in a batch.
public struct Event: Hashable, Sendable {
    /// As given to `EventLoop.add`; it may have gone stale since the batch was fetched.
    public let token: Token
    public let readiness: Readiness

    public init(token: Token, readiness: Readiness) {
        self.token = token
        self.readiness = readiness
    }
}
