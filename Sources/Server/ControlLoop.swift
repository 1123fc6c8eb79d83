import Addressing
import Exchange
import Glibc
import Logging
import Reactor
import Routing
import TLS
import Telemetry

/// The supervisor's thread: starts the workers, passes changes on to them, and sees the process to its end.
///
/// `+Reload` has what concerns snapshots and listeners, `+Names` the names of endpoints, `+Health` their checks, `+Watch` the files that they come from, `+Upgrade` going on in a new
/// process, `+Stopping` the end, `+Warnings` what other threads want to be read.
final class ControlLoop {
    struct Addresses: Sendable {
        let listeners: [SocketAddress]
        let admin: SocketAddress
    }

    /// What nginx's own users send: reload, reopen the logs, upgrade, stop gracefully; TERM and INT stop gracefully, too.
    static let signals = [SIGHUP, SIGUSR1, SIGUSR2] + stopSignals
    static let stopSignals = [SIGQUIT, SIGTERM, SIGINT]

    let options: Supervisor.Options
    let log: Logger
    let mailbox: Mailbox<SupervisorMessage>
    let counts = ProcessCounts()
    var loop: EventLoop
    let signals: SignalSource?
    /// Where workers write, or are about to; and what they may still write to.
    var accessLog: AccessLogSink
    var retiredLogs: [AccessLogSink] = []
    let resolver: Resolver
    let healthMonitor: HealthMonitor
    let admin: AdminServer
    let socketFiles: SocketFiles
    var places = ListenerPlaces()

    let workerCount: Int
    /// As they are in force.
    var settings: ProcessSettings
    /// Names among its endpoints are not resolved in here.
    var snapshot: Snapshot
    var tls: TLSContexts
    var inactiveCanaries: [RouteReport.InactiveCanary]
    var answers: Resolver.Answers = [:]
    /// What the workers have or are about to have, and what they had and may still use.
    var serving: Snapshot?
    var retired: [Snapshot] = [] {
        didSet { counts.keeps(retired.count) }
    }
    /// Those that workers were given: it is not one of them that has to free tens of thousands of texts.
    var inventories: [SnapshotInventory] = []
    var retireTimer = TimerID.none
    var retireDue: UInt64 = 0

    /// See `+Names`.
    var resolving = Resolving()
    /// See `+Health`.
    var health = Health()

    var workers: [Mailbox<WorkerMessage>] = []
    var threads: [Thread] = []
    /// Indices of the workers that have not ended.
    var running: Set<Int> = []
    /// By the workers that have ended.
    var requestsCut: UInt64 = 0
    /// Changes under way; see `+Reload`.
    var loading = Loading()
    var changes = Changes()
    /// See `+Watch`.
    var watching = Watching()
    /// See `+Upgrade`.
    var upgrading = Upgrading()
    var stopping = Stopping.no
    /// At the end: see `waitForTheSlow`.
    var hasLeftThreads = false
    /// What came while the start waited for something else.
    var early: [SupervisorMessage] = []
    var earlySignals: [Int32] = []

    enum Stopping {
        case no, gracefully, atOnce
    }

    // MARK: Starting

    /// Runs on a thread of its own until the proxy has stopped. `started` is called once. Returns whether all other threads have ended.
    static func run(
        _ options: Supervisor.Options, _ beginning: StartingPoint, _ mailbox: Mailbox<SupervisorMessage>, signals: Int32?,
        started: (Result<Addresses, Supervisor.StartError>) -> Void
    ) -> Bool {
        do throws(Supervisor.StartError) {
            let workers = options.settings.workers ?? AvailableProcessors.count
            if beginning.content.tls.clients == nil, options.settings.listeners.contains(where: \.tls) {
                throw Supervisor.StartError.noCertificates
            }
            try DescriptorBudget.check(listeners: options.settings.listeners.count, workers: workers)
            var inherited = InheritedSockets(options.launch?.passed ?? PassedDescriptors())
            HandedMemory.adopt(&inherited)
            for warning in inherited.warnings { options.logger.warning("\(warning)") }
            let admin = inherited.takeAdmin(at: options.settings.admin.socketAddress)
            var bound = try ListenerSet.bind(options.settings.listeners, workers: workers, inheriting: &inherited)
            let control: ControlLoop
            do throws(Supervisor.StartError) {
                control = try ControlLoop(
                    options, beginning, mailbox, workers: workers, signals: signals, SocketFiles(areOurs: !inherited.isUpgrade), admin)
                try control.startThreads(workers)
                beginning.release()
            } catch {
                for listener in bound { listener.discard() }
                throw error
            }
            try control.beginServing(&bound, &inherited)
            started(.success(Addresses(listeners: bound.map(\.address), admin: control.admin.address)))
            control.run()
            return !control.hasLeftThreads
        } catch {
            started(.failure(error))
            return true
        }
    }

    private init(
        _ options: Supervisor.Options, _ beginning: StartingPoint, _ mailbox: Mailbox<SupervisorMessage>, workers: Int, signals: Int32?,
        _ socketFiles: SocketFiles, _ inheritedAdmin: InheritedSocket?
    ) throws(Supervisor.StartError) {
        self.options = options
        self.mailbox = mailbox
        self.signals = signals.map { SignalSource(adopting: $0) }
        log = options.logger
        settings = options.settings
        workerCount = workers
        self.socketFiles = socketFiles
        snapshot = beginning.content.snapshot
        tls = beginning.content.tls
        healthMonitor = HealthMonitor(telling: mailbox)
        inactiveCanaries = beginning.content.inactiveCanaries
        do throws(Errno) {
            loop = try EventLoop()
            resolver = Resolver(options.lookUp, answering: mailbox)
            try loop.add(mailbox.wakeUp.fd, token: Self.mailToken, interest: .acceptor)
            if let signals { try loop.add(signals, token: Self.signalToken, interest: .acceptor) }
        } catch {
            throw Supervisor.StartError("cannot start", error)
        }
        do throws(Errno) {
            accessLog = try AccessLogSink(options.settings.accessLog, counts.accessLog, telling: mailbox)
        } catch {
            throw .cannotOpen(options.settings.accessLog, error)
        }
        do throws(Supervisor.StartError) {
            admin = try AdminServer(options, beginning, mailbox, counts, socketFiles, inherited: inheritedAdmin)
        } catch {
            accessLog.stop()
            throw error
        }
    }

    /// Starts every thread; none is left when it throws.
    private func startThreads(_ count: Int) throws(Supervisor.StartError) {
        let beginning: StartingPoint
        do throws(Errno) {
            threads.append(try admin.start())
            resolveAndWait()
            checkAndWait()
            let start = servedSnapshot()
            serving = start
            if start !== snapshot { admin.serve(start, inactiveCanaries) }
            beginning = StartingPoint(.init(snapshot: start, tls: tls))
            let admission = admissionLimits(start)
            let gates = EndpointGates()
            for index in 0..<count {
                let inbox = try Mailbox<WorkerMessage>()
                counts.upstreams.join(inbox)
                let start = WorkerStart(
                    index: index, beginning: beginning, admission: admission, counts: counts,
                    mailbox: inbox, supervisor: mailbox, accessLog: accessLog, socketFiles: socketFiles, gates: gates)
                threads.append(try Thread.start(name: "worker-\(index)") { Worker.run(start) })
                workers.append(inbox)
                running.insert(index)
            }
        } catch {
            stopThreads()
            throw Supervisor.StartError("cannot start", error)
        }
        // The workers, and the admin loop.
        for worker in workers { worker.post(.reportReady) }
        try waitUntilReady(count + 1)
        beginning.release()
    }

    /// From now on clients are accepted.
    private func beginServing(
        _ bound: inout [ListenerSet.Bound], _ inherited: inout InheritedSockets
    ) throws(Supervisor.StartError) {
        let unused = inherited.takeActivated()
        do throws(Supervisor.StartError) {
            // Before copies are made of theirs for each worker.
            try keep(bound, unused)
            try ListenerSet.spread(&bound, over: workers.count)
        } catch {
            stopThreads()
            for listener in bound { listener.discard() }
            throw error
        }
        places.begin(bound)
        for (worker, changes) in zip(workers, places.takeChanges(for: workers.count)) { worker.post(.listen(changes)) }
        for worker in workers { worker.post(.reportReady) }
        try waitUntilReady(workers.count)
        scheduleResolving()
        watch(options.files)
        for socket in unused {
            log.warning("the socket on \(socket.address), which was passed, is of no listener: kept for one that a reload brings")
        }
        for address in inherited.closeRest() { log.warning("the socket on \(address), which was passed, is of no listener: closed") }
        socketFiles.take()
        tell(.ready)
        // One gives the admin address up as the other begins to answer there: who asks in between waits in the socket's queue.
        inherited.tellReadiness()
        admin.begin(workers)
    }

    /// Waits for so many `.ready`; stops every thread and throws when there is a failure instead.
    private func waitUntilReady(_ count: Int) throws(Supervisor.StartError) {
        var missing = count
        var failure: Supervisor.StartError?
        var messages = early
        early = []
        while true {
            for message in messages {
                switch message {
                case .ready: missing -= 1
                case .startFailed(let error): failure = failure ?? Supervisor.StartError("cannot start", error)
                case .workerFailed(_, let what): failure = failure ?? Supervisor.StartError("cannot start: \(what)")
                default: early.append(message)
                }
            }
            if let failure {
                stopThreads()
                throw failure
            }
            if missing <= 0 { return }
            loop.wait(atMostMilliseconds: nil)
            keepSignals()
            messages = mailbox.takeAll()
        }
    }

    /// Takes the signals that come before they can be obeyed; unread they would keep the loop awake.
    func keepSignals() {
        while let signal = signals?.next() { earlySignals.append(signal) }
    }

    /// Whether the start need not wait for anything that only requests need.
    var isToldToStop: Bool { earlySignals.contains(where: Self.stopSignals.contains) }

    private func keep(_ bound: [ListenerSet.Bound], _ unused: [InheritedSocket]) throws(Supervisor.StartError) {
        do throws(Errno) {
            places = ListenerPlaces(activated: try ActivatedSockets(bound, unused: unused))
        } catch {
            throw Supervisor.StartError("cannot start", error)
        }
    }

    // MARK: Loop

    private static let mailToken = Token(slot: 0, generation: 1)
    private static let signalToken = Token(slot: 1, generation: 1)
    static let resolveToken = Token(slot: 2, generation: 1)
    static let deadlineToken = Token(slot: 3, generation: 1)
    static let watchToken = Token(slot: 4, generation: 1)
    static let retireToken = Token(slot: 5, generation: 1)
    static let upgradeToken = Token(slot: 6, generation: 1)
    static let patienceToken = Token(slot: 7, generation: 1)
    static let healthToken = Token(slot: 8, generation: 1)

    private func run() {
        for message in early { handle(message) }
        early = []
        for signal in earlySignals { obey(signal) }
        // The next process has copies of the listening sockets: it is not left behind with them.
        while !running.isEmpty || isNextEnding {
            loop.wait(atMostMilliseconds: nil)
            while let event = loop.nextEvent() {
                if event.token == Self.signalToken { takeSignals() }
                if event.token == Self.watchToken { takeFileEvents() }
                if event.token == Self.upgradeToken { takeReadiness() }
            }
            for message in mailbox.takeAll() { handle(message) }
            tellOfLostWarnings()
            while let token = loop.nextExpired() {
                if token == Self.resolveToken { resolveAgain() }
                if token == Self.patienceToken { stopWaitingForNames() }
                if token == Self.healthToken { installHealth() }
                if token == Self.watchToken { reloadChangedFiles() }
                if token == Self.retireToken { releaseRetired() }
                if token == Self.upgradeToken { upgradeTimedOut() }
            }
        }
        stopThreads()
        if requestsCut > 0 { log.warning("requests cut when the time to stop was over: \(requestsCut)") }
        log.info("stopped")
    }

    private func takeSignals() {
        while let signal = signals?.next() { obey(signal) }
    }

    func obey(_ signal: Int32) {
        switch signal {
        case SIGHUP: reload(answering: nil)
        case SIGUSR1:
            accessLog.reopen()
            if upgrading.isUnderWay { upgrading.hold(signal) }
        case SIGUSR2: upgrade()
        default: stop(graceful: stopping == .no)
        }
    }

    private func handle(_ message: SupervisorMessage) {
        switch message {
        case .install(let snapshot):
            guard stopping == .no else { return }
            self.snapshot = snapshot
            inactiveCanaries = []
            installWhenResolved()
        case .installed(let worker, let change):
            workerInstalled(worker, change)
        case .ended(let worker, let counts):
            if stopping == .no { log.error("worker \(worker) has ended") }
            requestsCut += counts.metrics.requestsCut
            running.remove(worker)
            admin.workerEnded(worker, counts)
            workerSwapped(worker)
        case .ready, .startFailed:
            // The start waits for these.
            break
        case .freedMemory: ProcessMemory.trim()
        case .workerFailed(let worker, let what):
            log.error("worker \(worker): \(what)")
        case .warning(let what):
            log.warning("\(what)")
        case .resolved(let name, let addresses):
            resolved(name, addresses)
        case .resolverEnded(let thread):
            resolver.join(thread)
        case .checked(let target, let outcome):
            checked(target, outcome)
        case .healthFailed(let error):
            healthFailed(error)
        case .upgrade:
            upgrade()
        case .lent(let result):
            lent(result)
        case .handedOver:
            handedOver()
        case .reload(let request):
            reload(answering: request)
        case .loaded(let outcome):
            loaded(outcome)
        case .stop(let graceful):
            stop(graceful: graceful)
        }
    }

    // MARK: Limits

    func admissionLimits(_ snapshot: Snapshot) -> AdmissionLimits {
        let descriptors = DescriptorBudget.forConnections(listeners: settings.listeners.count, workers: workerCount)
        let admission = AdmissionLimits(
            snapshot.limits, descriptors: descriptors, memory: AvailableMemory.bytes / 2, workers: workerCount)
        if let configured = snapshot.limits.connections, configured > admission.connections {
            log.warning(
                "limits.connections is \(configured), but the descriptor limit allows only \(admission.connections): raise it (ulimit -n)")
        }
        return admission
    }
}
