import CLinux
import Glibc

/// Signals as events (signalfd). Watch `fd` as `.acceptor`.
public struct SignalSource: ~Copyable {
    public let fd: Int32

    /// Blocks the signals (1...64, `SIGHUP` and the like), from now on and for good, in the calling thread and those it
    /// starts later: call it before the first thread starts, else another thread takes the signal.
    ///
    /// Those that came while they were blocked already are the first that it reads.
    public init(signals: [Int32]) throws(Errno) {
        let mask = Self.mask(signals)
        fd = try checkedSystemCall { linux_signalfd(mask) }
    }

    /// Blocks them without reading them: those that come wait for a source. In which threads: see `init(signals:)`.
    public static func hold(_ signals: [Int32]) {
        let result = linux_block_signals(mask(signals))
        precondition(result == 0, "no such signal")
    }

    /// Runs `body`; as long as it runs, these signals, which are held in the calling thread, end the process at once, with status 0.
    /// Threads that `body` starts take them, too, and end before it does.
    public static func endingProcess<Result>(by signals: [Int32], during body: () -> Result) -> Result {
        let result = linux_end_by_signals(mask(signals))
        precondition(result == 0, "no such signal")
        defer { hold(signals) }
        return body()
    }

    private static func mask(_ signals: [Int32]) -> UInt64 {
        signals.reduce(0) { mask, signal in
            precondition((1...64).contains(signal), "no such signal")
            return mask | 1 << UInt64(signal - 1)
        }
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
