import Reactor
import TLS

/// One connection to an endpoint: connecting, carrying a request or a copy of one, or idle in the pool.
final class UpstreamConnection {
    let socket: Socket
    let endpoint: UpstreamEndpoint
    var token = Token(slot: 0, generation: 0)
    /// Whose request it carries; nil while idle.
    var client: Token?
    /// The copy that it carries instead.
    var shipment: CopyShipment?
    /// Nil for plain HTTP, and until the socket is connected.
    var tls: TLSSession?
    /// Requests may be sent: connected, and TLS agreed on if it is spoken.
    var isConnected = false
    /// It has carried a request before the one it carries now.
    var isReused = false
    // Edge-triggered: what the last event said and no system call has disproved since.
    var isReadable = false
    var isWritable = false
    /// The other end sends no more (EPOLLRDHUP): read on until the end of the stream shows.
    var peerHasClosed = false
    /// TLS has to read before it can write, or to write before it can read: the next event of either kind concerns both.
    var isStalled = false
    /// The end of our half is not said yet, because the socket did not take it.
    var owesGoodbye = false
    /// Ends an idle connection; lives as long as the connection and is looked at when it fires.
    var timer = TimerID.none
    var idleSince: UInt64 = 0

    init(_ socket: consuming Socket, _ endpoint: UpstreamEndpoint) {
        self.socket = socket
        self.endpoint = endpoint
    }

    /// Whether a write failed since the other end had reset the connection, which a later read does not show any more. After its end
    /// (`EPIPE`) a reset says nothing new, nor where TLS says for itself what is whole.
    func isReset(_ error: Errno) -> Bool { tls == nil && error != .EPIPE }
}
