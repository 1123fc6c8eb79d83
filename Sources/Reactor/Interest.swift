import CLinux

/// What to watch a descriptor for. Set once when it is added, never modified: no system call per request.
public enum Interest: Sendable {
    /// A connection: both directions and the half-close, edge-triggered. After an edge, read (or write) until
    /// `.wouldBlock`; an edge not used up does not come again.
    case stream
    /// A descriptor of this loop alone (listener, wake-up, signals): reported as long as there is something to read.
    case acceptor
    /// A listener that several loops watch through one socket (unix, inherited): the kernel wakes few of them, not all.
    case sharedAcceptor

    var bits: UInt32 {
        switch self {
        case .stream: LINUX_EPOLLIN | LINUX_EPOLLOUT | LINUX_EPOLLRDHUP | LINUX_EPOLLET
        case .acceptor: LINUX_EPOLLIN
        case .sharedAcceptor: LINUX_EPOLLIN | LINUX_EPOLLEXCLUSIVE
        }
    }
}
