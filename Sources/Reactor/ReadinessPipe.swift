import CLinux

/// How a process learns that another one, which has the other end, is ready: by a byte. An end without one means that it never
/// will be. Watch `fd` as `.acceptor`.
public final class ReadinessPipe: Sendable {
    public enum Answer: Equatable, Sendable {
        case nothingYet, ready, ended
    }

    public let fd: Int32

    private init(reading fd: Int32) {
        self.fd = fd
    }

    deinit {
        closeDescriptor(fd)
    }

    /// The other end is the caller's, to be passed on and closed.
    public static func make() throws(Errno) -> (pipe: ReadinessPipe, other: Int32) {
        var reading: Int32 = -1, writing: Int32 = -1
        // Both point to variables of this function.
        try checkedSystemCall { unsafe linux_pipe(&reading, &writing) }
        return (ReadinessPipe(reading: reading), writing)
    }

    /// The kernel's number of the pipe, which is the same at both ends, and which no other pipe has meanwhile. 0 only if the kernel
    /// does not say.
    public var number: Int64 { Self.number(of: fd) ?? 0 }

    /// That of a descriptor, whatever it is; nil if it is no pipe, or not open.
    static func number(of fd: Int32) -> Int64? {
        let number = linux_pipe_number(fd)
        return number > 0 ? number : nil
    }

    public func read() -> Answer {
        var byte: UInt8 = 0
        // The kernel writes at most the one byte.
        let count = systemCall { unsafe linux_read(fd, &byte, 1) }
        if count == 1 { return .ready }
        return count == 0 ? .ended : .nothingYet
    }

    /// Tells it at the other end, and closes that.
    public static func tell(_ other: Int32) {
        // A number that another process has named: the funnel takes a bad one for a mistake of ours.
        guard linux_is_open(other) == 1 else { return }
        var byte: UInt8 = 1
        // The kernel reads the one byte. If nobody is there any more, nobody needs to know.
        _ = systemCall { unsafe linux_write(other, &byte, 1) }
        closeDescriptor(other)
    }
}
