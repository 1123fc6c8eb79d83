import CLinux
import Glibc

/// A file that lines are appended to, or standard output.
public struct LogFile: ~Copyable {
    private let fd: Int32

    /// Opens the file for appending, making it (mode 0644) if need be; nil is standard output.
    /// Throws what the kernel says: `ENOENT` (no such folder), `EACCES`, `EISDIR`, `EMFILE`.
    public init(_ path: String?) throws(Errno) {
        // The path is only read during the call.
        let result = try checkedSystemCall { path.map { unsafe linux_open_log($0) } ?? linux_duplicate(1) }
        fd = Int32(truncatingIfNeeded: result)
    }

    /// Takes ownership of an open descriptor.
    public init(adopting fd: Int32) {
        self.fd = fd
    }

    /// Gives the descriptor up without closing it.
    public consuming func release() -> Int32 {
        let fd = self.fd
        discard self
        return fd
    }

    deinit {
        closeDescriptor(fd)
    }

    /// Appends all of `bytes`; blocks until the disk has taken them. Throws `ENOSPC`, `EIO`, `EPIPE` and the like.
    public func write(_ bytes: [UInt8]) throws(Errno) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.span.extracting(droppingFirst: written)
            // The kernel reads `count` bytes of the span's memory, during the call.
            written += Int(try checkedSystemCall { unsafe rest.withUnsafeBytes { unsafe linux_write(fd, $0.baseAddress, $0.count) } })
        }
    }
}
