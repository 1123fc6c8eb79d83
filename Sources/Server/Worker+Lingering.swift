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
        client.lastLingered = loop.now
        setDeadline(client, lingerDeadline(of: client))
        dropInput(of: client)
    }

    private func lingerDeadline(of client: ClientConnection) -> Instant {
        Lingering.deadline(since: client.waitsSince, last: client.lastLingered)
    }

    @inline(never)
    func dropInput(of client: ClientConnection) {
        for _ in 0..<Lingering.reads where client.isReadable {
            switch readAside(client.socket) {
            case .bytes(let count):
                client.lastLingered = loop.now
                client.lingerBytes += count
                guard client.lingerBytes <= Lingering.bytes else {
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
        let deadline = lingerDeadline(of: client)
        guard now >= deadline else { return setDeadline(client, deadline) }
        metrics.timeouts.record(.linger)
        close(client)
    }
}
