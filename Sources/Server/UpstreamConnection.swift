import Reactor

/// One connection to an endpoint: connecting, carrying a request, or idle in the pool.
final class UpstreamConnection {
    let socket: Socket
    let endpoint: UpstreamEndpoint
    var token = Token(slot: 0, generation: 0)
    /// Whose request it carries; nil while idle.
    var client: Token?
    var isConnected: Bool
    /// It has carried a request before the one it carries now.
    var isReused = false
    // Edge-triggered: what the last event said and no system call has disproved since.
    var isReadable = false
    var isWritable = false
    /// The other end sends no more (EPOLLRDHUP): read on until the end of the stream shows.
    var peerHasClosed = false
    /// Ends an idle connection; lives as long as the connection and is looked at when it fires.
    var timer = TimerID.none
    var idleSince: UInt64 = 0

    init(_ socket: consuming Socket, _ endpoint: UpstreamEndpoint, isConnected: Bool) {
        self.socket = socket
        self.endpoint = endpoint
        self.isConnected = isConnected
    }
}
