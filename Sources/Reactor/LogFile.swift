import CLinux
import Glibc

/// A file that lines are appended to, or a standard stream. A reader who does not read (a pipe, a terminal, a socket) makes
/// the writer wait, but never for longer than it wants to.
public struct LogFile: ~Copyable {
    /// Milliseconds until a waiting writer is asked again whether it goes on waiting.
    private static let patience: Int32 = 100
    /// What a pipe that is ready takes without blocking (PIPE_BUF): it may be a standard stream that could not be made non-blocking.
    private static let piece = 4096

    /// Why bytes could not be written, and how many of them were.
    public struct WriteFailure: Error, Equatable {
        public let error: Errno
        public let written: Int
    }

    private let fd: Int32
    /// Whether nobody has to read for a write to go on.
    private let isPlainFile: Bool

    /// Opens the file for appending, making it (mode 0644) if need be; nil is standard output.
    /// Throws what the kernel says: `ENOENT` (no such folder), `EACCES`, `EISDIR`, `EMFILE`, `ENXIO` (a pipe that nobody reads).
    public init(_ path: String?) throws(Errno) {
        // The path is only read during the call.
        let result = try checkedSystemCall { path.map { unsafe linux_open_log($0) } ?? linux_open_output(STDOUT_FILENO) }
        self.init(adopting: result)
    }

    /// At the beginning of a process, before it opens anything: whoever started it may have closed some of the standard streams.
    public static func fillStandardStreams() { linux_fill_standard_streams() }

    /// Standard error.
    public static func standardError() throws(Errno) -> LogFile {
        LogFile(adopting: try checkedSystemCall { linux_open_output(STDERR_FILENO) })
    }

    /// Takes ownership of an open descriptor.
    public init(adopting fd: Int32) {
        self.fd = fd
        isPlainFile = systemCall { linux_is_plain_file(fd) } == 1
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

    /// Appends `bytes`; blocks until the disk or the reader has taken them, or until `givesUp` says that it has been too long:
    /// it is asked before each piece and ten times a second in between. Throws `ENOSPC`, `EIO`, `EPIPE` and the like.
    /// - Returns: the bytes written, fewer than `bytes.count` only after giving up.
    @discardableResult
    public func write(_ bytes: [UInt8], givingUpWhen givesUp: () -> Bool = { false }) throws(WriteFailure) -> Int {
        var written = 0
        while written < bytes.count, !givesUp() {
            guard isPlainFile || isWritable() else { continue }
            let rest = bytes.span.extracting(droppingFirst: written)
            let count = isPlainFile ? rest.count : min(rest.count, Self.piece)
            // The kernel reads at most `count` bytes of the span's memory, during the call.
            let result = systemCall { unsafe rest.withUnsafeBytes { unsafe linux_write(fd, $0.baseAddress, count) } }
            if result == -Int64(EAGAIN) { continue }
            guard result >= 0 else { throw WriteFailure(error: Errno(result: result), written: written) }
            written += Int(result)
        }
        return written
    }

    /// Waits for room; false when there was none for a while.
    private func isWritable() -> Bool {
        systemCall { linux_wait_writable(fd, Self.patience) } > 0
    }
}
