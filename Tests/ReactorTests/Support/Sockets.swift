import Addressing
import Glibc
import Reactor
import Testing

/// Longest wait for something that must happen; a test that needs it all fails.
let patience = 10_000

/// Two unix stream sockets joined to each other.
struct Pair: ~Copyable {
    var near: Socket
    var far: Socket

    init() throws {
        var fds: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        // The array has the two elements that socketpair fills.
        try #require(unsafe socketpair(AF_UNIX, kind, 0, &fds) == 0)
        near = Socket(adopting: fds[0])
        far = Socket(adopting: fds[1])
    }
}

/// Both ends of one TCP connection over a listener at loopback.
struct Connection: ~Copyable {
    var client: Socket
    var server: Socket
    var clientAddress: SocketAddress

    init(to listener: borrowing Listener) throws {
        let socket = try connected(to: listener.localAddress)
        var loop = try EventLoop()
        try loop.add(listener.fd, token: Token(slot: 0, generation: 0), interest: .acceptor)
        try #require(loop.wait(atMostMilliseconds: patience) == 1)
        switch listener.accept() {
        case .connection(let accepted, let address):
            client = socket
            server = accepted
            clientAddress = address
        default:
            throw Unexpected("no connection to accept")
        }
    }
}

struct Unexpected: Error {
    let what: String

    init(_ what: String) {
        self.what = what
    }
}

let anyPort = SocketAddress.ipv4(address: 0x7F00_0001, port: 0)

/// Connects, and waits for the end of it.
func connected(to address: SocketAddress) throws -> Socket {
    switch try Socket.connect(to: address) {
    case .connected(let socket):
        return socket
    case .inProgress(let socket):
        var loop = try EventLoop()
        try loop.add(socket.fd, token: Token(slot: 0, generation: 0), interest: .stream)
        try #require(loop.wait(atMostMilliseconds: patience) == 1)
        if let error = socket.connectError() { throw error }
        return socket
    }
}

/// One `receive` with room for `count` bytes: its result, and what was filled.
func receive(_ socket: borrowing Socket, upTo count: Int = 4096) -> (IOResult, [UInt8]) {
    var bytes = [UInt8](repeating: 0, count: count)
    var space = bytes.mutableSpan
    let result = socket.receive(into: &space)
    if case .bytes(let filled) = result { return (result, Array(bytes[..<filled])) }
    return (result, [])
}

/// A path for a unix socket that nobody else uses.
func temporarySocketPath() -> String {
    "/tmp/reactor-\(getpid())-\(UInt64.random(in: 0 ... .max)).sock"
}
