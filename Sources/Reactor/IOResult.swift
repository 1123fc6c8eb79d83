import Glibc

/// The outcome of one read or write. "Not now" and "no more" are states, not errors.
public enum IOResult: Hashable, Sendable {
    /// So many bytes were moved.
    case bytes(Int)
    /// Nothing can be moved now; the event loop tells when.
    case wouldBlock
    /// The other side has sent its last byte. Never from a write.
    case endOfStream
    case failed(Errno)

    /// From a result >= 0 or a negated errno.
    @inline(__always)
    init(moved result: Int64) {
        if result >= 0 {
            self = .bytes(Int(truncatingIfNeeded: result))
        } else if result == -Int64(EAGAIN) {
            self = .wouldBlock
        } else {
            self = .failed(Errno(result: result))
        }
    }
}
