/// What came of one step of a session. "Not now" and "no more" are states, not errors.
public enum TLSOutcome: Equatable, Sendable {
    /// So many bytes of plain text were moved; at the end of a handshake none.
    case bytes(Int)
    /// Goes on when the socket has something to read.
    case wantsRead
    /// Goes on when the socket takes something.
    case wantsWrite
    /// The kernel has no memory for the socket, says this `errno`. Goes on when it has some again, of which there is no event.
    case noMemory(CInt)
    /// The client sends no more: it said so, or closed its connection without a word.
    case closed
    case failed(TLSFailure)
}
