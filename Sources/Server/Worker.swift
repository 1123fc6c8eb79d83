import Addressing
import Exchange
import HTTP1
import Reactor
import Routing
import TLS
import Telemetry

/// One event loop on a thread of its own, with everything it needs: nothing on the path of a request is shared with another.
///
/// The parts: `+Accept` (new clients), `+ProxyProtocol` (whose connections they are), `+TLS` (handshakes), `+Clients` (reading,
/// writing, ending), `+Compression`, `+Upstreams` (leasing, connecting, pooling), `+UpstreamTLS` (the same by TLS), `+Room` (what
/// idle ones hold, for whoever needs it), `+Copies` (of requests, for canaries), `+Shortages` (no memory for a socket), `+Control`
/// (what the supervisor asks for), `+Records` (metrics and the access log).
final class Worker {
    enum Occupant {
        case client(ClientConnection)
        case upstream(UpstreamConnection)
        case listener(ListeningSocket)
        case mailbox
        case tick
        case drain
        case shortages
    }

    let index: Int
    let counts: ProcessCounts
    let mailbox: Mailbox<WorkerMessage>
    var accessLog: AccessLogSink
    /// Spares the plain path a look at the sink.
    var logsAccess: Bool
    let supervisor: Mailbox<SupervisorMessage>
    let socketFiles: SocketFiles
    let gates: EndpointGates

    var loop: EventLoop
    var slab = Slab<Occupant>()
    var listeners: [ListeningSocket] = []
    var installation: Installation
    /// Those before it that requests under way still use.
    var earlier: [EarlierInstallation] = []
    /// What new connections of TLS listeners begin with.
    var tls: TLSContext?
    var admission: AdmissionLimits
    let context: ExchangeContext
    var metrics: Metrics
    let clientAlerts = TLSAlertTally()
    let upstreamAlerts = TLSAlertTally()
    var endpoints: [EndpointKey: UpstreamEndpoint] = [:]
    var rings = RingShelf()
    var random = SystemRandomNumberGenerator()

    /// Machines without a connection. Each keeps its blocks, so that one request after another takes none from the pool.
    var idleMachines = IdleStack<ActiveExchange>(floor: 128)
    private var freedMemory = FreedMemory()
    /// Connections with work left when their share of the turn was used up.
    var queue = RoundQueue<ClientConnection>()
    /// Connections that have been read and wait for what follows, with a new request or in the middle of one; those whose turn it
    /// is; and those that have had their say and wait to write.
    var requests: [Turn] = []
    var answers: [Turn] = []
    var digesting: [Turn] = []
    var advancing: [Turn] = []
    /// TLS connections that idle, and not for long.
    var settling: [Token] = []
    var clientCount = 0
    var upstreamCount = 0
    var idleUpstreamCount = 0
    /// Copies that have a connection.
    var shipmentCount = 0
    /// Copies that have entered a gate, by their tickets.
    var copiesInside: [UInt64: CopyShipment] = [:]
    /// There were more upstream connections than may be kept when this worker last looked; see `+Room`.
    var isCrowded = false
    var longestIdle = LongestIdle()
    var scratch = ByteBuffer(capacity: BufferPool.Size.standard.rawValue)
    var accessLines: [UInt8] = []
    var accessClock: AccessClock
    var wallClock: Int64
    var drain = Drain.notBegun
    var isRunning = true
    /// An event says so.
    private var hasMail = false
    var failureLog = FailureLog<FailedUpstream>()
    var troubles = FailureLog<LocalTrouble>()
    var shortages = Shortages()
    var shortageToken: Token?
    /// Why TLS with an upstream last failed.
    var securityProblem: SecurityProblem?
    var tickToken = Token(slot: 0, generation: 0)
    /// Of the one timer that wakes the loop for what a graceful stop does next.
    var drainToken = Token(slot: 0, generation: 0)

    /// A connection to be served, with what it had when it was read.
    struct Turn {
        let client: ClientConnection
        var exchange: ActiveExchange
    }

    struct SecurityProblem {
        let exchange: ObjectIdentifier
        let noted: Instant
        /// `10.0.0.1:443 as shop.test: expired (certificate has expired)`.
        let text: String
    }

    /// How far a graceful stop has come.
    enum Drain {
        case notBegun
        /// Answers end their connections; idle ones are closed at `closeIdleAt`, the rest cut at `deadline`.
        case begun(closeIdleAt: UInt64, deadline: UInt64)
    }

    init(_ start: WorkerStart) throws(Errno) {
        index = start.index
        counts = start.counts
        mailbox = start.mailbox
        accessLog = start.accessLog
        logsAccess = start.accessLog.isOn
        socketFiles = start.socketFiles
        gates = start.gates
        supervisor = start.supervisor
        admission = start.admission
        loop = try EventLoop()
        wallClock = SystemClock.wallClockSeconds()
        accessClock = AccessClock(unixSeconds: Int(wallClock))
        let rolls = RollSource(names: [], random: { 0 })
        context = ExchangeContext(
            pool: BufferPool(), rolls: rolls, date: HTTPDate(secondsSinceEpoch: Int(wallClock)),
            seed: (random.next(), random.next()))
        context.pool.limit = admission.bufferBytesPerWorker
        metrics = Metrics(reasonLabels: Reason.labels)
        let beginning = start.beginning.content
        installation = Installation(beginning.snapshot, beginning.tls.upstreams)
        install(beginning.snapshot, nil, beginning.tls)
        context.pool.reclaim = { [unowned self] in idleMachines.removeAll() }
        let bell = slab.insert(.mailbox)
        try loop.add(mailbox.wakeUp.fd, token: bell, interest: .acceptor)
        armTick()
    }

    // MARK: Loop

    /// Runs a worker on the calling thread until it is told to stop.
    static func run(_ start: WorkerStart) {
        do throws(Errno) {
            let worker = try Worker(start)
            worker.run()
            start.supervisor.post(.ended(worker: start.index, worker.countsSoFar))
        } catch {
            start.supervisor.post(.startFailed(error))
        }
    }

    private func run() {
        while isRunning {
            loop.wait(atMostMilliseconds: queue.isEmpty ? nil : 0)
            while let event = loop.nextEvent() { dispatch(event) }
            takeMail()
            servePostponed()
            while let token = loop.nextExpired() { timeOut(token) }
            serveQueue()
            servePostponed()
            if context.hasCopies { sendCopies() }
            continueDrain()
        }
        leaveUntaken()
        dropCopies(.shutdown)
        sendCopies()
        flushAccessLines()
        for line in failureLog.takeAll(at: second) + troubles.takeAll(at: second) { supervisor.warn(line) }
    }

    private func dispatch(_ event: Event) {
        switch slab[event.token] {
        case .client(let client): clientEvent(client, event.readiness)
        case .upstream(let upstream): upstreamEvent(upstream, event.readiness)
        case .listener(let listener): accept(from: listener)
        case .mailbox: hasMail = true
        case .tick, .drain, .shortages, nil: break
        }
    }

    /// After the events, like requests: whoever's turn it is gets no pooled connection of which one of them says that it has ended.
    private func takeMail() {
        guard hasMail else { return }
        hasMail = false
        for message in mailbox.takeAll() { handle(message) }
    }

    @inline(never)
    private func timeOut(_ token: Token) {
        switch slab[token] {
        case .client(let client): clientTimedOut(client)
        case .upstream(let upstream): upstreamTimedOut(upstream)
        case .listener(let listener): resume(listener)
        case .tick: tick()
        case .shortages: retryShortages()
        // Each turn of a drain looks what is due.
        case .drain, .mailbox, nil: break
        }
    }

    /// Of the monotonic clock.
    var second: UInt64 { loop.now / 1_000_000_000 }
    var now: Instant { Instant(nanoseconds: loop.now) }

    // MARK: Once a second

    private func armTick() {
        let token = slab.insert(.tick)
        tickToken = token
        _ = loop.arm(token: token, at: loop.now + Self.tickInterval)
    }

    @inline(never)
    private func tick() {
        wallClock = SystemClock.wallClockSeconds()
        context.date = HTTPDate(secondsSinceEpoch: Int(wallClock))
        accessClock.update(unixSeconds: Int(wallClock))
        flushAccessLines()
        for line in failureLog.takeDue(at: second) + troubles.takeDue(at: second) { supervisor.warn(line) }
        idleMachines.trim()
        if freedMemory.isWorthTrimming(context.pool.bytesFreed) { supervisor.post(.freedMemory) }
        putToRest()
        _ = loop.arm(token: tickToken, at: loop.now + Self.tickInterval)
    }

    private static let tickInterval: UInt64 = 1_000_000_000
}
