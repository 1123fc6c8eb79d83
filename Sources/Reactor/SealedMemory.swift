import CLinux

/// Bytes that a process passes on to another one that it starts: as a descriptor of memory that nobody can change any more
/// (memfd_create(2)), which is gone with its last descriptor. Pass it by `ChildProcess.start`, with a name in `PassedDescriptors`.
public enum SealedMemory {
    /// The descriptor is the caller's, to be passed on and closed.
    ///
    /// Throws `EMFILE`, `ENFILE`, `ENOMEM`; `ENOSYS` where the kernel knows no such memory.
    /// - Parameter name: for those who look into `/proc`; up to 249 bytes.
    public static func make(name: String, _ bytes: [UInt8]) throws(Errno) -> Int32 {
        try checkedSystemCall {
            // The kernel copies them during the call.
            unsafe bytes.withUnsafeBufferPointer { bytes in unsafe linux_seal_memory(name, bytes.baseAddress, bytes.count) }
        }
    }

    /// What is in it; closes it, unless it is no descriptor at all.
    ///
    /// Throws `EINVAL` if it is something else, or could still be changed by whoever has passed it; `EFBIG` if there is more in it
    /// than `limit` bytes; `EBADF`.
    public static func take(_ fd: Int32, atMost limit: Int) throws(Errno) -> [UInt8] {
        // A number that another process has named: the funnel takes a bad one for a mistake of ours.
        guard linux_is_open(fd) == 1 else { throw .EBADF }
        defer { closeDescriptor(fd) }
        let size = systemCall { linux_sealed_size(fd) }
        guard size >= 0 else { throw Errno(result: size) }
        guard size <= limit else { throw .EFBIG }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        let result = systemCall {
            // It writes at most as much as there is room.
            unsafe bytes.withUnsafeMutableBufferPointer { space in unsafe linux_read_sealed_memory(fd, space.baseAddress, space.count) }
        }
        guard result >= 0 else { throw Errno(result: result) }
        return bytes
    }
}
