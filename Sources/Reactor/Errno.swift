import CLinux
import Glibc

/// Why the kernel refused something: one `errno` value.
public struct Errno: Error, Hashable, Sendable, CustomStringConvertible {
    public let code: Int32

    public init(code: Int32) {
        self.code = code
    }

    /// The C library's words, then the symbolic name: `Connection refused (ECONNREFUSED)`.
    public var description: String {
        // Both are NUL-terminated constants of the C library, or nil.
        guard let name = unsafe linux_error_name(code), let text = unsafe linux_error_text(code) else {
            return "error \(code)"
        }
        return unsafe "\(String(cString: text)) (\(String(cString: name)))"
    }

    public static let EACCES = Errno(code: Glibc.EACCES)
    public static let EADDRINUSE = Errno(code: Glibc.EADDRINUSE)
    public static let EADDRNOTAVAIL = Errno(code: Glibc.EADDRNOTAVAIL)
    public static let EAFNOSUPPORT = Errno(code: Glibc.EAFNOSUPPORT)
    public static let EAGAIN = Errno(code: Glibc.EAGAIN)
    public static let EBADF = Errno(code: Glibc.EBADF)
    public static let ECONNABORTED = Errno(code: Glibc.ECONNABORTED)
    public static let ECONNREFUSED = Errno(code: Glibc.ECONNREFUSED)
    public static let ECONNRESET = Errno(code: Glibc.ECONNRESET)
    public static let EEXIST = Errno(code: Glibc.EEXIST)
    public static let EFBIG = Errno(code: Glibc.EFBIG)
    public static let EHOSTUNREACH = Errno(code: Glibc.EHOSTUNREACH)
    public static let EINPROGRESS = Errno(code: Glibc.EINPROGRESS)
    public static let EINTR = Errno(code: Glibc.EINTR)
    public static let EINVAL = Errno(code: Glibc.EINVAL)
    public static let EMFILE = Errno(code: Glibc.EMFILE)
    public static let ENAMETOOLONG = Errno(code: Glibc.ENAMETOOLONG)
    public static let ENETUNREACH = Errno(code: Glibc.ENETUNREACH)
    public static let ENFILE = Errno(code: Glibc.ENFILE)
    public static let ENOBUFS = Errno(code: Glibc.ENOBUFS)
    public static let ENOENT = Errno(code: Glibc.ENOENT)
    public static let ENOMEM = Errno(code: Glibc.ENOMEM)
    public static let ENOSPC = Errno(code: Glibc.ENOSPC)
    public static let ENOTCONN = Errno(code: Glibc.ENOTCONN)
    public static let ENOTDIR = Errno(code: Glibc.ENOTDIR)
    public static let ENOTSOCK = Errno(code: Glibc.ENOTSOCK)
    public static let EPERM = Errno(code: Glibc.EPERM)
    public static let EPIPE = Errno(code: Glibc.EPIPE)
    public static let EPROTO = Errno(code: Glibc.EPROTO)
    public static let ETIMEDOUT = Errno(code: Glibc.ETIMEDOUT)
}

extension Errno {
    /// The process or the system has run out of descriptors or memory, or (`ENOSPC`, of epoll_ctl) of what it may watch: no fault of
    /// the other side.
    public var isExhaustion: Bool {
        switch self {
        case .EMFILE, .ENFILE, .ENOBUFS, .ENOMEM, .ENOSPC: true
        default: false
        }
    }
}
