import Addressing
import Exchange
import Reactor
import TLS
import Telemetry

/// What a worker is told. It acts between two turns of its loop.
enum WorkerMessage: Sendable {
    /// Serve new requests by this snapshot, and listen as it goes with it; answers with `SupervisorMessage.installed`.
    case install(Snapshot, SnapshotInventory, TLSContexts, AccessLogSink, AdmissionLimits, ListenerChanges, change: UInt64)
    /// Begin to listen.
    case listen(ListenerChanges)
    /// It is the turn of a request that waits at a gate.
    case turn(EndpointGate, ticket: UInt64, client: Token)
    /// A request waits for the place that a copy has at a gate.
    case giveWay(copy: UInt64)
    /// Give up idle upstream connections: see `UpstreamRoom`.
    case makeRoom
    /// Answers with `SupervisorMessage.lent`.
    case lend
    /// Answers with `SupervisorMessage.ready` when all that came before has been done.
    case reportReady
    /// Answers with `AdminMessage.counted`.
    case count(AdminMailbox, scrape: UInt64)
    /// Stop gracefully: nothing new, end what runs by the deadline (nanoseconds of the monotonic clock).
    case drain(deadline: UInt64)
    /// Stop now.
    case stop
}

/// What the supervisor's loop is told.
enum SupervisorMessage: Sendable {
    /// Serve by this snapshot from now on; refused while stopping.
    case install(Snapshot)
    case installed(worker: Int, change: UInt64)
    /// A worker, or the admin loop, has all that it needs.
    case ready
    /// A thread did not get what it needs, and has ended.
    case startFailed(Errno)
    /// The worker has ended; all that it has counted.
    case ended(worker: Int, WorkerCounts)
    /// A worker has freed much that malloc keeps.
    case freedMemory
    /// Something a worker cannot do anything about.
    case workerFailed(Int, String)
    /// Something that an operator wants to read of.
    case warning(String)
    /// What became of a name that `Resolver.resolve` was told; nil: there is no answer.
    case resolved(Resolver.Name, [SocketAddress]?)
    /// One of the resolver's threads has nothing more to do.
    case resolverEnded(Int)
    /// The first outcome of an endpoint's checks, or a change.
    case checked(HealthTarget, HealthProbe.Outcome)
    /// The health thread did not get what it needs, and has ended.
    case healthFailed(Errno)
    case upgrade
    /// Copies of what a worker, or the admin loop, listens on, for the next process.
    case lent(Result<[LentSocket], Errno>)
    /// The admin loop has obeyed `AdminMessage.handOver`.
    case handedOver
    case reload(ControlLoop.Request?)
    /// What came of a load, on a thread that ends with this.
    case loaded(ReloadOutcome)
    case stop(graceful: Bool)
}

/// What the admin loop is told.
enum AdminMessage: Sendable {
    case counted(WorkerCounts, worker: Int, scrape: UInt64)
    /// A worker has ended and answers no more: these are its last counts.
    case ended(WorkerCounts, worker: Int)
    case reloaded(ReloadReport, request: UInt64)
    /// This is served now.
    case serving(Snapshot, [RouteReport.InactiveCanary])
    /// A reload went well, in so many nanoseconds; or not, nil.
    case loaded(nanoseconds: UInt64?)
    /// The workers serve, and so this process does.
    case begin([Mailbox<WorkerMessage>])
    /// Answers with `SupervisorMessage.lent`.
    case lend
    /// Another process answers in its place; answers with `SupervisorMessage.handedOver`. The socket stays, unused, until the process stops.
    case handOver
    /// Nobody does: go on.
    case takeBack
    case draining
    case stop
}

typealias AdminMailbox = Mailbox<AdminMessage>

/// What changes of the places where a worker listens; see `ListenerPlaces`.
struct ListenerChanges: Sendable {
    /// New ones.
    var handed: [HandedSocket] = []
    /// Who comes from now on is served in this way.
    var configured: [Int: ProcessSettings.Listener] = [:]
    /// Who already waits is let in, then it is closed.
    var closed: Set<Int> = []
}

/// A listening socket on its way to a worker.
struct HandedSocket: Sendable {
    /// The worker's from now on.
    let fd: Int32
    let place: Int
    let configured: ProcessSettings.Listener
    let isShared: Bool
    let role: SocketRole
    /// Whether the file of a unix socket goes with it.
    let ownsFile: Bool
}

/// A copy of a listening socket on its way to the next process.
struct LentSocket: Sendable {
    /// Belongs to whoever gets the message.
    let fd: Int32
    let role: SocketRole
    /// nil: the admin address, or one of a service manager's that is not in use.
    let configured: ProcessSettings.Listener?
}

/// What one worker has counted, for a scrape.
struct WorkerCounts: Sendable {
    var metrics: Metrics
    var upstreamsActive: Int
    var upstreamsIdle: Int
    /// Of requests under way.
    var bufferBytes: Int
}

/// What a worker is started with.
struct WorkerStart: Sendable {
    let index: Int
    let beginning: StartingPoint
    let admission: AdmissionLimits
    let counts: ProcessCounts
    let mailbox: Mailbox<WorkerMessage>
    let supervisor: Mailbox<SupervisorMessage>
    let accessLog: AccessLogSink
    let socketFiles: SocketFiles
    let gates: EndpointGates
}
