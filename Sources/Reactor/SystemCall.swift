import CLinux
import Glibc

/// The one way into the kernel. `call` answers a result >= 0 or the negated errno (the convention of CLinux).
///
/// A call that a signal interrupted is made again. A bad descriptor or a bad address is our own bug: going on would
/// mean to work on somebody else's descriptor.
@inline(__always)
func systemCall(_ call: () -> Int64) -> Int64 {
    while true {
        let result = call()
        if result >= 0 { return result }
        if result == -Int64(EINTR) { continue }
        precondition(result != -Int64(EBADF) && result != -Int64(EFAULT), "system call on a bad descriptor or address")
        return result
    }
}

/// `systemCall` for calls whose failure is the caller's business.
@inline(__always)
@discardableResult
func checkedSystemCall(_ call: () -> Int64) throws(Errno) -> Int32 {
    let result = systemCall(call)
    guard result >= 0 else { throw Errno(result: result) }
    return Int32(truncatingIfNeeded: result)
}

/// Closes an owned descriptor. Not through the funnel: after EINTR the descriptor is gone already and may be
/// somebody else's (close(2)).
@inline(__always)
func closeDescriptor(_ fd: Int32) {
    precondition(linux_close(fd) != -Int64(EBADF), "closed twice")
}

extension Errno {
    /// From a negated errno.
    init(result: Int64) {
        code = Int32(truncatingIfNeeded: -result)
    }
}
