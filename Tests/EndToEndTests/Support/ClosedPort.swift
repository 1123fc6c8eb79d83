/// An address where nobody listens. The socket stays bound, so that nobody else comes to listen there.
final class ClosedPort {
    let address: TestAddress
    private let socket: TestSocket

    init() throws {
        socket = try TestSocket.bound()
        address = .ipv4(port: socket.localPort)
    }
}
