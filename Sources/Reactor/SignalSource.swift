import CLinux
import Glibc

/// Signals as events (signalfd). Watch `fd` as `.acceptor`.
public struct SignalSource: ~Copyable {
    public let fd: Int32

    /// Blocks the signals (1...64, `SIGHUP` and the like), from now on and for good, in the calling thread and those it
    /// starts later: call it before the first thread starts, else another thread takes the signal.
    public init(signals: [Int32]) throws(Errno) {
        var mask: UInt64 = 0
        for signal in signals {
            precondition((1...64).contains(signal), "no such signal")
            mask |= 1 << UInt64(signal - 1)
        }
        let signals = mask
        fd = try checkedSystemCall { linux_signalfd(signals) }
    }

    /// Takes ownership of what `release` gave up.
    public init(adopting fd: Int32) {
        self.fd = fd
    }

    /// Gives the descriptor up without closing it, to be adopted on another thread.
    public consuming func release() -> Int32 {
        let fd = self.fd
        discard self
        return fd
    }

    deinit {
        closeDescriptor(fd)
    }

    /// The number of the next signal that came in; nil when all are read. The same signal twice may come as one.
    public func next() -> Int32? {
        let result = systemCall { linux_signalfd_next(fd) }
        return result >= 0 ? Int32(truncatingIfNeeded: result) : nil
    }
}
