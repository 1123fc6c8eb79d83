import Glibc
import Synchronization

/// Where a test's peers are: on this machine, always.
enum TestAddress: Sendable, CustomStringConvertible {
    case ipv4(port: UInt16)
    case ipv6(port: UInt16)
    case unix(path: String)

    /// As the configuration writes it.
    var description: String {
        switch self {
        case .ipv4(let port): "127.0.0.1:\(port)"
        case .ipv6(let port): "[::1]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// From a line such as `listening http://127.0.0.1:8080`.
    init?(announced text: some StringProtocol) {
        if text.hasPrefix("unix:") {
            self = .unix(path: String(text.dropFirst(5)))
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        self = text.contains("[") ? .ipv6(port: port) : .ipv4(port: port)
    }

    var port: UInt16 {
        switch self {
        case .ipv4(let port), .ipv6(let port): port
        case .unix: 0
        }
    }

    fileprivate var family: Int32 {
        switch self {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// The address as the kernel wants it, for the time of `body`.
    fileprivate func withKernelForm<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var storage = sockaddr_storage()
        // sockaddr_storage is made to be seen as any of the other forms, and large enough for each.
        return unsafe withUnsafeMutablePointer(to: &storage) { storage in
            let raw = UnsafeMutableRawPointer(storage)
            let count: Int
            switch self {
            case .ipv4(let port):
                unsafe raw.assumingMemoryBound(to: sockaddr_in.self).pointee = sockaddr_in(
                    sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian, sin_addr: in_addr(s_addr: UInt32(0x7F00_0001).bigEndian),
                    sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
                count = MemoryLayout<sockaddr_in>.size
            case .ipv6(let port):
                let address = unsafe raw.assumingMemoryBound(to: sockaddr_in6.self)
                unsafe address.pointee.sin6_family = sa_family_t(AF_INET6)
                unsafe address.pointee.sin6_port = port.bigEndian
                unsafe address.pointee.sin6_addr = in6addr_loopback
                count = MemoryLayout<sockaddr_in6>.size
            case .unix(let path):
                unsafe raw.assumingMemoryBound(to: sockaddr_un.self).pointee.sun_family = sa_family_t(AF_UNIX)
                for (offset, byte) in path.utf8.prefix(107).enumerated() {
                    unsafe raw.storeBytes(of: byte, toByteOffset: 2 + offset, as: UInt8.self)
                }
                count = MemoryLayout<sockaddr_un>.size
            }
            return unsafe body(raw.assumingMemoryBound(to: sockaddr.self), socklen_t(count))
        }
    }
}

/// A stream socket whose every wait has a deadline.
final class TestSocket: Sendable {
    enum Failure: Error, Equatable {
        case timedOut(String)
        case failed(String, errno: Int32)
    }

    private let descriptor: Atomic<Int32>

    private init(_ descriptor: Int32) { self.descriptor = Atomic(descriptor) }

    deinit { close() }

    private var fd: Int32 { descriptor.load(ordering: .relaxed) }

    // MARK: Making

    static func connect(to address: TestAddress, receiveBuffer: Int32? = nil) throws -> TestSocket {
        let made = TestSocket(socket(address.family, Int32(SOCK_STREAM.rawValue), 0))
        // Before connecting, since the window that is announced depends on it.
        if let receiveBuffer { made.set(SOL_SOCKET, SO_RCVBUF, to: receiveBuffer) }
        let result = unsafe address.withKernelForm { unsafe Glibc.connect(made.fd, $0, $1) }
        guard result == 0 else { throw Failure.failed("connect", errno: errno) }
        if address.family != AF_UNIX { made.set(Int32(IPPROTO_TCP), TCP_NODELAY, to: 1) }
        return made
    }

    static func listen(on address: TestAddress, backlog: Int32 = 512) throws -> TestSocket {
        let made = TestSocket(socket(address.family, Int32(SOCK_STREAM.rawValue), 0))
        if address.family != AF_UNIX { made.set(SOL_SOCKET, SO_REUSEADDR, to: 1) }
        let result = unsafe address.withKernelForm { unsafe Glibc.bind(made.fd, $0, $1) }
        guard result == 0 else { throw Failure.failed("bind", errno: errno) }
        guard Glibc.listen(made.fd, backlog) == 0 else { throw Failure.failed("listen", errno: errno) }
        return made
    }

    static let hasIPv6 = (try? listen(on: .ipv6(port: 0))) != nil

    /// A port that is taken but where nobody listens.
    static func bound() throws -> TestSocket {
        let made = TestSocket(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        let result = unsafe TestAddress.ipv4(port: 0).withKernelForm { unsafe Glibc.bind(made.fd, $0, $1) }
        guard result == 0 else { throw Failure.failed("bind", errno: errno) }
        return made
    }

    /// Begins to connect and does not wait for it.
    static func connecting(to address: TestAddress) throws -> TestSocket {
        let made = TestSocket(socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0))
        let result = unsafe address.withKernelForm { unsafe Glibc.connect(made.fd, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else { throw Failure.failed("connect", errno: errno) }
        return made
    }

    /// Nil when nobody came in time, or the socket was shut down.
    func accept(_ deadline: Deadline) -> TestSocket? {
        guard wait(for: Int16(POLLIN), deadline) else { return nil }
        let connection = Glibc.accept(fd, nil, nil)
        guard connection >= 0 else { return nil }
        let made = TestSocket(connection)
        made.set(Int32(IPPROTO_TCP), TCP_NODELAY, to: 1)
        return made
    }

    var localPort: UInt16 {
        var address = sockaddr_in6()
        var count = socklen_t(MemoryLayout<sockaddr_in6>.size)
        // Family and port lie at the same place in both internet forms.
        _ = unsafe withUnsafeMutablePointer(to: &address) {
            unsafe getsockname(fd, UnsafeMutableRawPointer($0).assumingMemoryBound(to: sockaddr.self), &count)
        }
        return UInt16(bigEndian: address.sin6_port)
    }

    /// Another descriptor of it, for a child; its number is at least `least`.
    func duplicate(from least: Int32) -> Int32 { fcntl(fd, F_DUPFD, least) }

    private func set(_ level: Int32, _ option: Int32, to value: Int32) {
        var value = value
        _ = unsafe setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: Moving bytes

    private func wait(for events: Int16, _ deadline: Deadline) -> Bool {
        while true {
            var entry = pollfd(fd: fd, events: events, revents: 0)
            let result = unsafe poll(&entry, 1, deadline.milliseconds)
            // A signal to the tests' process is no end of the time.
            if result >= 0 || errno != EINTR { return result > 0 }
        }
    }

    func send(_ bytes: some Collection<UInt8>, _ deadline: Deadline = Deadline()) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            guard wait(for: Int16(POLLOUT), deadline) else { throw Failure.timedOut("writing") }
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if count < 0, errno != EAGAIN, errno != EINTR { throw Failure.failed("send", errno: errno) }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    func send(_ text: String, _ deadline: Deadline = Deadline()) throws { try send(text.utf8, deadline) }

    /// What has come; empty at the end of the stream.
    func receive(atMost most: Int = 64 << 10, _ deadline: Deadline = Deadline()) throws -> [UInt8] {
        guard wait(for: Int16(POLLIN), deadline) else { throw Failure.timedOut("reading") }
        var failure: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            let received = unsafe recv(fd, buffer.baseAddress, buffer.count, 0)
            if received < 0 { failure = errno }
            count = max(received, 0)
        }
        guard failure == 0 else { throw Failure.failed("recv", errno: failure) }
        return bytes
    }

    /// Whether bytes, or the end of the stream, can be read now.
    var isReadable: Bool { wait(for: Int16(POLLIN), Deadline(seconds: 0)) }

    // MARK: Ending

    func shutdownWrite() { _ = shutdown(fd, Int32(SHUT_WR)) }

    /// Wakes whoever waits for this socket.
    func shutdownBoth() { _ = shutdown(fd, Int32(SHUT_RDWR)) }

    /// Closes with a reset instead of an orderly end.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func close() {
        let old = descriptor.exchange(-1, ordering: .relaxed)
        if old >= 0 { _ = Glibc.close(old) }
    }
}
