public import Addressing
import Glibc

/// What came of one `Listener.accept`.
public enum AcceptResult: ~Copyable {
    /// A connection and its client's address (`.unix(path: "")` over a unix socket).
    case connection(Socket, SocketAddress)
    /// The queue is empty; the event loop tells when it is not.
    case wouldBlock
    /// This one connection came to nothing: go on with the next.
    case transient(Errno)
    /// No descriptor or no memory to be had (or an error never heard of): the queue stays full, so stop watching the
    /// listener and try again after a pause. To go on at once would spin.
    case exhausted(Errno)

    /// accept(2): errors of the new connection's network are passed on and mean nothing for the listener.
    init(refusal: Errno) {
        switch refusal.code {
        case EAGAIN:
            self = .wouldBlock
        case ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH,
             ETIMEDOUT:
            self = .transient(refusal)
        default:
            self = .exhausted(refusal)
        }
    }
}
