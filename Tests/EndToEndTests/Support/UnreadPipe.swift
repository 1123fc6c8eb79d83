import Glibc

/// A named pipe that is open for reading and never read.
final class UnreadPipe {
    private let reader: Int32

    /// - Parameter capacity: bytes, a power of two from 4096 on; nil: as the system has it.
    init(_ path: String, capacity: Int32? = nil) throws {
        // The path is only read during the calls.
        guard unsafe mkfifo(path, 0o600) == 0 else { throw Problem("cannot make \(path)") }
        reader = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard reader >= 0 else { throw Problem("cannot open \(path)") }
        let setPipeSize: Int32 = 1031
        if let capacity { _ = fcntl(reader, setPipeSize, capacity) }
    }

    deinit { close(reader) }
}
