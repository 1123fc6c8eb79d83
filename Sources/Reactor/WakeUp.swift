import CLinux
import Glibc

/// A bell for one event loop that any thread may ring (eventfd). Watch `fd` as `.acceptor`.
public final class WakeUp: Sendable {
    public let fd: Int32

    public init() throws(Errno) {
        fd = try checkedSystemCall { linux_eventfd() }
    }

    deinit {
        closeDescriptor(fd)
    }

    /// Wakes the loop. Signals that come before it drains are one.
    public func signal() {
        // EAGAIN: the counter is full, so the loop will wake anyway.
        let result = systemCall { linux_eventfd_signal(fd) }
        assert(result >= 0 || result == -Int64(EAGAIN))
    }

    /// Blocks the calling thread until the bell has rung; for threads that have no loop.
    public func wait() {
        _ = systemCall { linux_wait_readable(fd) }
    }

    /// Resets the bell; true if it rang. Drain first and look for work then, or a signal in between is lost.
    @discardableResult
    public func drain() -> Bool {
        systemCall { linux_eventfd_drain(fd) } >= 0
    }
}
