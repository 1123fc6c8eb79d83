public import HTTP1
public import Routing

/// What the exchanges of one worker share. One thread only; nothing here is locked.
public final class ExchangeContext {
    public let pool: BufferPool
    public let gzip = GzipPool()
    public let rolls: RollSource
    /// The Date field's value, renewed by the worker once a second.
    public var date: HTTPDate
    /// While draining, every answer ends its connection.
    public var isDraining = false
    var requestIDs: IdentifierGenerator
    var decider: RequestDecider
    var forwardedLines = ForwardedLines()
    /// What canaries get copies of.
    public var copies = CopyQueue()
    /// Whether there is something to do with them: asked in every turn.
    public var hasCopies: Bool { !copies.isEmpty }

    /// Searches for patterns that were given up, since they hit a limit.
    public var patternFailures: UInt64 { decider.patternFailures }

    /// - Parameter seed: where the generators of ids begin; anything random.
    public init(pool: BufferPool, rolls: RollSource, date: HTTPDate, seed: (UInt64, UInt64)) {
        self.pool = pool
        self.rolls = rolls
        self.date = date
        requestIDs = IdentifierGenerator(seed: seed)
        // Another stream, so that no request id tells a client's.
        decider = RequestDecider(seed: (seed.1 &* 0xD6E8_FEB8_6659_FD93, ~seed.0))
    }

    /// An id for a client that has none.
    public func makeClientID() -> ClientID { decider.makeClientID() }
}
