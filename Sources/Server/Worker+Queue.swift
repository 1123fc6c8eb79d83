import Exchange
import Reactor
import Telemetry

/// Connections that could go on for long, and what else takes time. They go on in turns, of which there are as many between two looks at
/// the events as a short time allows: whoever asks for little is answered beside any number of them (http-edge duty 53).
extension Worker {
    /// How long others wait for the queue at a time, not counting the last one served; nanoseconds.
    private static let queueTime: UInt64 = 1_000_000

    /// Bytes read and written before a connection lets others have a turn.
    static let byteShare: UInt64 = 256 << 10

    /// Read and written by all connections so far.
    var bytesMoved: UInt64 {
        metrics.bytesFromClients &+ metrics.bytesToUpstreams &+ metrics.bytesFromUpstreams &+ metrics.bytesToClients
    }

    @inline(never)
    func enqueue(_ client: ClientConnection) {
        guard !client.isQueued else { return }
        client.isQueued = true
        queue.append(client)
    }

    /// Once in a turn of the loop, when everyone else has been served.
    func serveQueue() {
        guard !queue.isEmpty else { return }
        queue.beginRound()
        let end = SystemClock.monotonicNanoseconds() + Self.queueTime
        while let client = queue.next() {
            client.isQueued = false
            switch client.state {
            case .open: serve(client)
            case .announcing: readProxyHeader(client)
            case .handshaking: continueHandshake(client)
            case .lingering: dropInput(of: client)
            case .closed: break
            }
            servePostponed()
            if SystemClock.monotonicNanoseconds() >= end { return }
        }
    }

    /// A response is being compressed. That takes so long that a connection has a turn for each block of it.
    @inline(never)
    func stepAside(_ client: ClientConnection, _ exchange: ActiveExchange) {
        exchange.isBulky = true
        if canRead(client, exchange) || canWrite(client, exchange) { enqueue(client) } else { rest(client, exchange) }
    }

    private func canRead(_ client: ClientConnection, _ exchange: ActiveExchange) -> Bool {
        if client.isReadable, exchange.machine.wantsBytes(from: .client) { return true }
        guard let upstream = exchange.upstream, upstream.isReadable, upstream.isConnected else { return false }
        return exchange.machine.wantsBytes(from: .upstream)
    }
}
