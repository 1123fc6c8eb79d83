public import Addressing
import CLinux
import Glibc

/// An owned stream socket, never blocking; closed when its owner lets go of it.
public struct Socket: ~Copyable {
    public let fd: Int32

    /// Takes ownership of an open, non-blocking stream socket.
    public init(adopting fd: Int32) {
        self.fd = fd
    }

    deinit {
        closeDescriptor(fd)
    }

    // MARK: Connecting

    /// Starts to connect. TCP sockets get TCP_NODELAY: a proxy writes what it has, at once.
    ///
    /// Throws what the kernel refuses on the spot: no route, no descriptor (`EMFILE`), for unix sockets also `ENOENT`,
    /// `ECONNREFUSED` and `EAGAIN` (the listener's queue is full).
    public static func connect(to address: SocketAddress) throws(Errno) -> ConnectAttempt {
        let kernelAddress = address.kernelAddress
        let socket = Socket(adopting: try checkedSystemCall { linux_socket(kernelAddress.family) })
        if !address.isUnix { socket.setNoDelay() }
        // Not through the funnel: an interrupted connect goes on by itself, a second call would fail.
        // The path is only read during the call.
        let result = unsafe linux_connect(socket.fd, kernelAddress, address.unixPath)
        if result >= 0 { return .connected(socket) }
        if result == -Int64(EINPROGRESS) || result == -Int64(EINTR) { return .inProgress(socket) }
        throw Errno(result: result)
    }

    /// How a connect in progress ended (SO_ERROR), to be asked when the socket becomes writable or reports an error;
    /// nil: it is connected. Reading clears it.
    public func connectError() -> Errno? {
        let code = systemCall { linux_socket_error(fd) }
        return code == 0 ? nil : Errno(code: Int32(truncatingIfNeeded: abs(code)))
    }

    // MARK: Moving bytes

    /// Reads what there is, at most `space.count` bytes. Without space it answers `.bytes(0)`.
    public func receive(into space: inout MutableSpan<UInt8>) -> IOResult {
        if space.isEmpty { return .bytes(0) }
        // The kernel writes at most `count` bytes to the span's memory, during the call.
        let result = unsafe space.withUnsafeMutableBufferPointer { bytes in
            systemCall { unsafe linux_receive(fd, bytes.baseAddress, bytes.count) }
        }
        return result == 0 ? .endOfStream : IOResult(moved: result)
    }

    /// Reads at most `limit` of the bytes that there are; the others stay.
    public func receive(into space: inout MutableSpan<UInt8>, atMost limit: Int) -> IOResult {
        if space.isEmpty || limit <= 0 { return .bytes(0) }
        // The kernel writes at most `count` bytes to the span's memory, during the call.
        let result = unsafe space.withUnsafeMutableBufferPointer { bytes in
            systemCall { unsafe linux_receive(fd, bytes.baseAddress, min(bytes.count, limit)) }
        }
        return result == 0 ? .endOfStream : IOResult(moved: result)
    }

    /// The same, but all bytes stay, to be received again.
    public func peek(into space: inout MutableSpan<UInt8>, atMost limit: Int) -> IOResult {
        if space.isEmpty || limit <= 0 { return .bytes(0) }
        // The kernel writes at most `count` bytes to the span's memory, during the call.
        let result = unsafe space.withUnsafeMutableBufferPointer { bytes in
            systemCall { unsafe linux_peek(fd, bytes.baseAddress, min(bytes.count, limit)) }
        }
        return result == 0 ? .endOfStream : IOResult(moved: result)
    }

    /// Writes what fits. The count may be short; `.bytes(0)` only for an empty span.
    public func send(_ bytes: Span<UInt8>, more: Bool = false) -> IOResult {
        if bytes.isEmpty { return .bytes(0) }
        // The kernel reads `count` bytes of the span's memory, during the call.
        let result = unsafe bytes.withUnsafeBufferPointer { bytes in
            systemCall { unsafe linux_send(fd, bytes.baseAddress, bytes.count, more ? 1 : 0) }
        }
        return IOResult(moved: result)
    }

    /// Writes what fits of both, in order and with one system call; the count is of both together. Either may be empty.
    /// `more`: further bytes follow at once, hold back a short segment (MSG_MORE).
    public func send(_ first: Span<UInt8>, _ second: Span<UInt8>, more: Bool = false) -> IOResult {
        if second.isEmpty { return send(first, more: more) }
        if first.isEmpty { return send(second, more: more) }
        // The kernel reads `count` bytes of each span's memory, during the call.
        let result = unsafe first.withUnsafeBufferPointer { first in
            unsafe second.withUnsafeBufferPointer { second in
                systemCall {
                    unsafe linux_send_two(
                        fd, first.baseAddress, first.count, second.baseAddress, second.count, more ? 1 : 0)
                }
            }
        }
        return IOResult(moved: result)
    }

    // MARK: Ending

    /// Sends the end of the stream; reading goes on. No effect when the connection is gone.
    public func shutdownWrite() {
        _ = systemCall { linux_shutdown_write(fd) }
    }

    /// Closing will send a reset: the other side sees ECONNRESET, unsent bytes are dropped.
    public func resetOnClose() {
        _ = systemCall { linux_set_reset_on_close(fd) }
    }

    /// Closes with a reset, now.
    public consuming func abort() {
        resetOnClose()
    }

    /// Closes now; unsent bytes still go out. Letting the value go does the same, less visibly.
    public consuming func close() {}

    /// Gives the descriptor up without closing it.
    public consuming func release() -> Int32 {
        let fd = self.fd
        discard self
        return fd
    }

    // MARK: Properties

    /// Some of what was written still waits for the other side to take more. What is on its way already counts as sent.
    public var hasUnsent: Bool { systemCall { linux_unsent(fd) } > 0 }

    /// The other end; nil when the connection is gone.
    public var peerAddress: SocketAddress? {
        SocketAddress(linux_peer_address(fd), of: fd, peer: true)
    }

    public var localAddress: SocketAddress? {
        SocketAddress(linux_local_address(fd), of: fd, peer: false)
    }

    /// TCP_NODELAY. Connections of a `Listener` and of `connect` have it on already; no effect on unix sockets.
    public func setNoDelay(_ on: Bool = true) {
        _ = systemCall { linux_set_no_delay(fd, on ? 1 : 0) }
    }
}
