import CLinux

/// What epoll reports of a descriptor. The raw value is the kernel's own event mask.
public struct Readiness: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Bytes, an end of stream or a connection to accept wait to be read (EPOLLIN).
    public static let readable = Readiness(rawValue: LINUX_EPOLLIN)
    /// There is room to send, or a connect has ended (EPOLLOUT).
    public static let writable = Readiness(rawValue: LINUX_EPOLLOUT)
    /// The other side has sent its last byte (EPOLLRDHUP); earlier bytes may still wait.
    public static let readClosed = Readiness(rawValue: LINUX_EPOLLRDHUP)
    /// Both directions are shut (EPOLLHUP).
    public static let hangUp = Readiness(rawValue: LINUX_EPOLLHUP)
    /// An error is pending (EPOLLERR); `Socket.connectError` names it.
    public static let error = Readiness(rawValue: LINUX_EPOLLERR)
}
