import Addressing
import Exchange
import Reactor
import TLS

/// One client's connection. Small, since thousands of them wait idle: what a request needs is in its `ActiveExchange`,
/// which is there only while one is under way.
final class ClientConnection {
    enum State: UInt8 {
        /// A proxy is to say whose connection it is, before anything else.
        case announcing
        /// TLS is being agreed on; there is no request before that.
        case handshaking
        /// Serving requests, or waiting for one.
        case open
        /// The last answer is out and our side is shut: what the client still sends is dropped, so that the answer is not lost
        /// to a reset (RFC 9112 section 9.6).
        case lingering
        /// No longer the worker's; its descriptor closes with the last reference.
        case closed
    }

    let socket: Socket
    /// The client, or, until that is said or if it never is, the proxy before it.
    var peer: IPAddress?
    /// The port that the client connected to.
    var localPort: UInt16
    /// The port is what a proxy has said.
    var isAnnounced = false
    /// Nil unless somebody wants to know.
    var ends: ConnectionEnds?
    /// Nil for a plain connection.
    let tls: TLSSession?
    var countsAddress: Bool
    /// Has its place among the handshakes under way.
    var countsHandshake = false
    /// After the handshake: whose certificate the client got.
    var certificate: UInt64 = 0
    /// After the handshake: what it has shown of its own; nil if it was not asked.
    var presented: ClientCertificate?
    var state: State
    var exchange: ActiveExchange?
    // Edge-triggered: what the last event said and no system call has disproved since.
    var isReadable = false
    var isWritable = true
    /// The client sends no more (EPOLLRDHUP): read on until the end of the stream shows.
    var peerHasClosed = false
    /// TLS has to read before it can write, or to write before it can read: the next event of either kind concerns both.
    var isStalled = false
    /// The end of our half is not said yet, because the socket did not take it.
    var owesGoodbye = false
    /// Already in the worker's list of connections with work left for the next turn.
    var isQueued = false
    /// Already in the worker's list of TLS connections that idle and are to be put to rest.
    var isSettling = false
    /// Waits to write what its last read led to.
    var isPostponed = false
    /// No request has come yet: the header timeout runs since the accept.
    var isNew = true
    var token = Token(slot: 0, generation: 0)
    var timer = TimerID.none
    /// When the timer is due; it is moved only when it would fire too late (see `Worker.setDeadline`).
    var timerDue: UInt64 = .max
    /// Since when it waits without a request, or lingers.
    var waitsSince: UInt64
    /// Dropped while it lingered.
    var lingerBytes = 0
    /// When the last of them came.
    var lastLingered: UInt64 = 0

    init(
        _ socket: consuming Socket, peer: IPAddress?, localPort: UInt16, tls: TLSSession?, countsAddress: Bool, now: UInt64
    ) {
        self.socket = socket
        self.peer = peer
        self.localPort = localPort
        self.tls = tls
        state = tls == nil ? .open : .handshaking
        self.countsAddress = countsAddress
        waitsSince = now
    }

    /// No request is under way, nor has one begun to arrive: a blank line at most, as some clients send behind a body (RFC 9112 section 2.2).
    var isWaiting: Bool { exchange.map { !$0.machine.hasBegun } ?? true }

    var identity: ClientIdentity {
        ClientIdentity(peer: peer, localPort: localPort, isTLS: tls != nil, certificate: certificate, isAnnounced: isAnnounced)
    }
}

/// What a connection has while a request is under way; recycled by the worker.
final class ActiveExchange {
    let machine: ExchangeMachine
    /// What the request began with; kept over a reload.
    private(set) var installation: Installation
    var upstream: UpstreamConnection?
    /// The backend last asked for a connection, an index into the snapshot's.
    var backend: Int?
    /// The endpoint last asked, and when.
    var asked: ObjectIdentifier?
    var askedAt = Instant(nanoseconds: 0)
    /// What the kernel said to the latest connect, if that failed.
    var connectError: Errno?
    /// It has moved so much at a time, or is compressed, that it goes on only when everyone else has been served.
    var isBulky = false
    /// Somebody wants to know how long its answer takes.
    var isMeasured = false
    /// To the endpoint, if not everybody may go there at any time.
    var passage = Worker.Passage.none
    /// Endpoints that this request has failed at.
    var tried = TriedEndpoints()

    init(_ machine: ExchangeMachine, _ installation: Installation) {
        self.machine = machine
        self.installation = installation
    }

    /// What the next request is served by, from now on.
    func use(_ installation: Installation) {
        self.installation = installation
        machine.use(installation.snapshot)
    }
}
