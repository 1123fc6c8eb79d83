import Exchange
import HTTP1
import Reactor
import Telemetry

/// Clients that go on sending after their last answer: listened to for a while, so that the answer arrives.
extension Worker {
    /// Closing with bytes unread would make the kernel send a reset, which can destroy the answer on its way.
    @inline(never)
    func beginLinger(_ client: ClientConnection) {
        client.state = .lingering
        shutDown(client)
        client.waitsSince = loop.now
        setDeadline(client, now + Self.lingerTimeout)
        dropInput(of: client)
    }

    /// How long, for how many bytes, and how many reads a turn, a client that goes on sending is listened to after its answer.
    private static let lingerTimeout = TimeSpan.seconds(5)
    private static let lingerBytes = 1 << 20
    private static let lingerReads = 16

    @inline(never)
    func dropInput(of client: ClientConnection) {
        for _ in 0..<Self.lingerReads where client.isReadable {
            switch readAside(client.socket) {
            case .bytes(let count):
                client.lingerBytes += count
                guard client.lingerBytes <= Self.lingerBytes else {
                    metrics.lingerOverflows &+= 1
                    return close(client)
                }
            case .wouldBlock: client.isReadable = false
            case .failed(let error) where error.isExhaustion && waitsForMemory(client.token): client.isReadable = false
            case .endOfStream, .failed: return close(client)
            }
        }
        if client.isReadable { enqueue(client) }
    }

    /// Reads bytes that nobody wants.
    func readAside(_ socket: borrowing Socket) -> IOResult {
        scratch.removeAll()
        return Self.receive(from: socket, into: &scratch)
    }

    /// The compiler lets no span of a class's property out of a statement.
    private static func receive(from socket: borrowing Socket, into buffer: inout ByteBuffer) -> IOResult {
        var space = buffer.freeSpace
        return socket.receive(into: &space)
    }

    func lingerTimedOut(_ client: ClientConnection) {
        let deadline = Instant(nanoseconds: client.waitsSince) + Self.lingerTimeout
        guard now >= deadline else { return setDeadline(client, deadline) }
        metrics.timeouts.record(.linger)
        close(client)
    }
}
