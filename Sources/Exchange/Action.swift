/// What the machine asks of the worker. Reading and writing are not actions: the worker reads a side while
/// `wantsBytes(from:)` and writes to a side while `hasOutput(for:)`.
public enum Action: Sendable {
    /// A connection to an endpoint of `backend` (index into the snapshot's backends) is wanted; answer with `connected`, `connectFailed`
    /// or `noEndpoint`. `fresh`: not one from the pool, since a pooled one has just failed.
    case connect(backend: Int, fresh: Bool)
    /// The upstream connection is no longer needed: `reusable` for another request, or to be closed.
    case releaseUpstream(reusable: Bool)
    /// Nothing more will be written to this side of a tunnel, and all output was flushed: shut its sending half.
    case shutdownWrite(Side)
    /// The request ended: `summary` says how, `disposition` what becomes of the client's connection.
    case finish
}

/// What becomes of the client's connection after a request.
public enum Disposition: Sendable {
    /// The next request may come, or has come already: `beginNext`.
    case keepAlive
    /// Everything was written. `linger`: the client may still be sending, so closing needs care (RFC 9112 section 9.6).
    case close(linger: Bool)
    /// There is no memory for the request: its client is still to be told 503, but for its body where that was HEAD, and has to leave.
    case refuse(omitsBody: Bool)
    /// The answer is incomplete: cut the connection so that it cannot look complete.
    case abort
}
