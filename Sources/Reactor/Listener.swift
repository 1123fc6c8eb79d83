public import Addressing
import CLinux
import Glibc

/// An owned listening socket, never blocking; closed when its owner lets go of it.
public struct Listener: ~Copyable {
    /// How several sockets come to one TCP address. Unix sockets take no notice: share one by `duplicate`.
    public enum Sharing: Sendable {
        /// The process's first socket. It is alone until it listens, so that a second process gets EADDRINUSE instead of
        /// half the traffic, and only then lets `.next` ones join.
        case first
        /// A further socket of the process at the address of its first one; the kernel deals connections out among them.
        case next
        /// Nobody may join.
        case alone
    }

    private let socket: Socket
    /// Where it listens, with the real port if 0 was asked for.
    public let localAddress: SocketAddress
    /// The socket file as it was bound, to be recognised before it is removed; zeros when there is none of ours.
    private let file: linux_socket_file

    /// Takes ownership of an inherited listening socket; the descriptor stays the caller's if it throws:
    /// `ENOTSOCK`, or `EINVAL` for a socket that does not listen or is of an unknown kind.
    /// - Parameter ownsSocketFile: whether the file of a unix socket is to be removed with it, as by the listener that bound it.
    public init(adopting fd: Int32, ownsSocketFile: Bool = false) throws(Errno) {
        guard try checkedSystemCall({ linux_is_listening(fd) }) == 1, try checkedSystemCall({ linux_is_stream(fd) }) == 1,
              let address = SocketAddress(linux_local_address(fd), of: fd, peer: false)
        else { throw .EINVAL }
        try checkedSystemCall { linux_set_nonblocking(fd) }
        var file = linux_socket_file()
        // The path is only read during the call.
        if ownsSocketFile, case .unix(let path) = address { file = unsafe linux_find_socket_file(path) }
        self.init(Socket(adopting: fd), at: address, file: file)
        if !address.isUnix { socket.setNoDelay() }
    }

    /// What a descriptor of unknown origin leads to, if it is a listening stream socket; from now on it does not block and is not
    /// inherited further. Throws what is wrong with it; the descriptor is the caller's in any case.
    public static func inspect(_ fd: Int32) throws(Errno) -> (address: SocketAddress, identity: Int64) {
        // Not through the funnel, which takes a bad descriptor for a mistake of ours.
        guard linux_is_open(fd) == 1 else { throw .EBADF }
        let listener = try Listener(adopting: fd)
        let address = listener.localAddress
        _ = listener.release()
        return (address, identity(of: fd))
    }

    /// The inode: the same for all descriptors of one socket, and different for two sockets.
    public static func identity(of fd: Int32) -> Int64 { systemCall { linux_socket_identity(fd) } }

    /// Another descriptor of the socket that `fd` leads to.
    public static func duplicate(_ fd: Int32) throws(Errno) -> Int32 {
        try checkedSystemCall { linux_duplicate(fd) }
    }

    private init(_ socket: consuming Socket, at address: SocketAddress, file: linux_socket_file) {
        self.socket = socket
        localAddress = address
        self.file = file
    }

    public var fd: Int32 { socket.fd }

    // MARK: Binding

    /// Connections that may wait to be accepted; the kernel caps it at net.core.somaxconn.
    private static let backlog: Int32 = 4096

    /// Binds and listens. Accepted TCP connections have TCP_NODELAY.
    ///
    /// A unix socket's file left behind by a process that died is replaced; one that somebody listens on is
    /// `EADDRINUSE`, as is a file that is no socket. Other errors: `EACCES`, `EADDRNOTAVAIL`, `ENOENT` (no such folder), `EMFILE`.
    public static func bind(
        _ address: SocketAddress, sharing: Sharing = .alone
    ) throws(Errno) -> Listener {
        if case .unix(let path) = address { return try bindUnix(path) }
        let socket = try bindTCP(address, sharing)
        // With SO_REUSEADDR two processes may both bind, but listening checks again: only now is the address ours.
        try listen(socket.fd)
        if sharing == .first { try checkedSystemCall { linux_set_reuse_port(socket.fd) } }
        let resolved = socket.localAddress ?? address
        return Listener(socket, at: resolved, file: linux_socket_file())
    }

    /// A further TCP socket, as `.next`, that does not listen before it is told to (`listen`): until then those at overlapping addresses
    /// get all connections. The descriptor is the caller's.
    public static func reserve(_ address: SocketAddress) throws(Errno) -> Int32 { try bindTCP(address, .next).release() }

    public static func listen(_ fd: Int32) throws(Errno) { try checkedSystemCall { linux_listen(fd, backlog) } }

    private static func bindTCP(_ address: SocketAddress, _ sharing: Sharing) throws(Errno) -> Socket {
        let kernelAddress = address.kernelAddress
        let socket = Socket(adopting: try checkedSystemCall { linux_socket(kernelAddress.family) })
        let fd = socket.fd
        try checkedSystemCall { linux_set_reuse_address(fd) }
        if kernelAddress.family == LINUX_AF_INET6 { try checkedSystemCall { linux_set_ipv6_only(fd) } }
        if sharing == .next { try checkedSystemCall { linux_set_reuse_port(fd) } }
        // Accepted sockets inherit it: no system call for each.
        socket.setNoDelay()
        // The path is only read during the call.
        try checkedSystemCall { unsafe linux_bind(fd, kernelAddress, "") }
        return socket
    }

    private static func bindUnix(_ path: String) throws(Errno) -> Listener {
        let address = SocketAddress.unix(path: path)
        let socket = Socket(adopting: try checkedSystemCall { linux_socket(LINUX_AF_UNIX) })
        let fd = socket.fd
        // Paths are only read during the calls.
        var result = systemCall { unsafe linux_bind(fd, address.kernelAddress, path) }
        if result == -Int64(EADDRINUSE), isAbandoned(path) {
            _ = systemCall { unsafe linux_unlink(path) }
            result = systemCall { unsafe linux_bind(fd, address.kernelAddress, path) }
        }
        guard result >= 0 else { throw Errno(result: result) }
        try listen(fd)
        return Listener(socket, at: address, file: unsafe linux_find_socket_file(path))
    }

    /// A socket file that nobody listens on.
    private static func isAbandoned(_ path: String) -> Bool {
        // Connecting to a plain file is refused, too: look first. The path is only read during the call.
        guard unsafe linux_find_socket_file(path).inode != 0 else { return false }
        do throws(Errno) {
            _ = try Socket.connect(to: .unix(path: path))
            return false
        } catch {
            return error == .ECONNREFUSED
        }
    }

    /// A second descriptor of the same socket, for another loop to watch as `.sharedAcceptor`.
    /// Only the original removes the socket file. Remove a duplicate from its loop before it is closed: epoll watches the
    /// socket, not the descriptor, and goes on as long as one is open.
    public func duplicate() throws(Errno) -> Listener {
        let copy = Socket(adopting: try Self.duplicate(fd))
        return Listener(copy, at: localAddress, file: linux_socket_file())
    }

    // MARK: Accepting

    /// Takes the next connection from the queue. Call again until `.wouldBlock` or up to a batch of your own.
    public func accept() -> AcceptResult {
        let answer = acceptOnce()
        guard answer.result >= 0 else { return AcceptResult(refusal: Errno(result: answer.result)) }
        let socket = Socket(adopting: Int32(truncatingIfNeeded: answer.result))
        guard let address = SocketAddress(answer.address) else { return .transient(.EPROTO) }
        return .connection(socket, address)
    }

    private func acceptOnce() -> linux_address_result {
        var answer = linux_address_result()
        _ = systemCall {
            answer = linux_accept(fd)
            return answer.result
        }
        return answer
    }

    // MARK: Ending

    /// Removes the socket file that `bind` made, unless another process has put its own there meanwhile.
    /// No effect on other sockets. Connections already in the queue can still be accepted.
    public func removeSocketFile() {
        guard file.inode != 0, case .unix(let path) = localAddress else { return }
        // Paths are only read during the calls.
        let present = unsafe linux_find_socket_file(path)
        guard present.inode == file.inode, present.device == file.device else { return }
        _ = systemCall { unsafe linux_unlink(path) }
    }

    /// Closes now. Letting the value go does the same, less visibly.
    public consuming func close() {}

    /// Gives the descriptor up without closing it.
    public consuming func release() -> Int32 {
        socket.release()
    }
}
