import Exchange
import Glibc
import Logging
import Reactor
import Routing
import TLS
import Telemetry

/// New snapshots: loaded, their names resolved, installed in every worker.
extension ControlLoop {
    /// What a reload's caller is told when it is done.
    struct Request: Sendable {
        let admin: AdminMailbox
        let id: UInt64
    }

    /// Loads under way and to come. Only one runs at a time; it cannot know what changed after its beginning.
    struct Loading {
        /// The thread that loads, and since when (nanoseconds of the monotonic clock).
        var current: (thread: Thread, since: UInt64)?
        /// Answered by what comes of the current one.
        var waiting: [Request] = []
        /// Once the current one is done, another one shall begin, which answers these.
        var isOutdated = false
        var waitingForNext: [Request] = []
    }

    /// Changes on their way to the workers.
    struct Changes {
        /// The latest that was sent out; workers repeat it when they have swapped.
        var last: UInt64 = 0
        /// Workers that have not yet swapped to the latest.
        var outstanding: Set<Int> = []
        /// Answered once every worker has swapped.
        var waiting: [Request] = []
        /// The names that a snapshot waits for before it is sent out.
        var awaited: Set<Resolver.Name> = []
        /// When the reload began whose end has not been reported.
        var reloadingSince: UInt64?
    }

    // MARK: Loading

    func reload(answering request: Request?) {
        // The listeners are closed: none is opened any more.
        guard stopping == .no else {
            answer(request, .stopping)
            return log.warning("reload refused: stopping")
        }
        // The other process may have read the files already: whoever serves in the end is to load them.
        guard !upgrading.isUnderWay else {
            answer(request, .upgrading)
            if request == nil { upgrading.hold(SIGHUP) }
            return log.info("reload put off: an upgrade is under way")
        }
        guard let load = options.reload else {
            answer(request, .rejected(Array("[]".utf8)))
            return log.warning("there is no configuration file to reload")
        }
        if loading.current == nil {
            if let request { loading.waiting.append(request) }
            startLoading(load)
        } else {
            if let request { loading.waitingForNext.append(request) }
            loading.isOutdated = true
        }
    }

    /// Files are read and compiled on a thread of its own, that gives way to the workers.
    private func startLoading(_ load: @escaping @Sendable () -> ReloadOutcome) {
        let since = SystemClock.monotonicNanoseconds()
        do throws(Errno) {
            let thread = try Thread.start(
                name: "loader", stackSize: Self.loaderStackSize, niceness: Self.loaderNiceness
            ) { [mailbox] in mailbox.post(.loaded(load())) }
            loading.current = (thread, since)
            tell(.reloading(now: since))
        } catch {
            log.error("reload refused: \(error)")
            for request in loading.waiting { answer(request, .rejected(Self.diagnostic("\(error)"))) }
            loading.waiting = []
        }
    }

    /// YAML may be nested, and is read recursively.
    private static let loaderStackSize = 8 << 20
    private static let loaderNiceness: Int32 = 5

    func loaded(_ outcome: ReloadOutcome) {
        guard let (thread, since) = loading.current.take() else { return }
        thread.join()
        let requests = loading.waiting
        loading.waiting = loading.waitingForNext
        loading.waitingForNext = []
        if stopping == .no {
            finish(outcome, since, answering: requests)
        } else {
            for request in requests { answer(request, .stopping) }
        }
        if loading.isOutdated {
            loading.isOutdated = false
            if stopping == .no, let load = options.reload { startLoading(load) }
        }
        upgradeUnlessReloading()
    }

    private func finish(_ outcome: ReloadOutcome, _ since: UInt64, answering requests: [Request]) {
        switch outcome {
        case .rejected(let errors, let diagnostics, let files):
            for error in errors { log.error("\(error)") }
            log.error("reload refused: the configuration in force stays")
            admin.reloaded(nanoseconds: nil)
            tellReloaded()
            for request in requests { answer(request, .rejected(diagnostics)) }
            alsoWatch(files)
        case .loaded(let snapshot, let tls, let settings, let inactive, let warnings, let files):
            for warning in warnings { log.warning("\(warning)") }
            if apply(snapshot, tls, settings, inactive, since, answering: requests) { watch(files) } else { alsoWatch(files) }
        }
    }

    /// False when it can't be, and nothing has changed.
    private func apply(
        _ snapshot: Snapshot, _ tls: TLSContext?, _ settings: ProcessSettings, _ inactive: [RouteReport.InactiveCanary],
        _ since: UInt64, answering requests: [Request]
    ) -> Bool {
        let added = settings.listeners.filter { !self.settings.listeners.contains($0) }
        let removed = self.settings.listeners.filter { !settings.listeners.contains($0) }
        let bound: [ListenerSet.Bound]
        do throws(Supervisor.StartError) {
            if tls == nil, settings.listeners.contains(where: \.tls) { throw Supervisor.StartError.noCertificates }
            bound = try bind(added, replacing: removed)
        } catch {
            log.error("reload refused: \(error)")
            admin.reloaded(nanoseconds: nil)
            tellReloaded()
            for request in requests { answer(request, .rejected(Self.diagnostic(error.description))) }
            return false
        }
        if settings.workers != self.settings.workers || settings.admin != self.settings.admin
            || settings.adminHosts != self.settings.adminHosts {
            log.warning("changes of workers or admin need a restart")
        }
        if settings.accessLog != self.settings.accessLog { log.warning("changes of accessLog need a restart") }
        self.settings = settings
        self.snapshot = snapshot
        self.tls = tls
        inactiveCanaries = inactive
        changes.waiting += requests
        changes.reloadingSince = since
        // Before the snapshot: once the workers say that they have it, the listeners are as configured, too.
        hand(bound)
        if !removed.isEmpty { for worker in workers { worker.post(.unlisten(removed)) } }
        installWhenResolved()
        return true
    }

    /// Binds new listeners. Those of the old ones that had to make room for them listen again if that was in vain.
    private func bind(
        _ added: [ProcessSettings.Listener], replacing removed: [ProcessSettings.Listener]
    ) throws(Supervisor.StartError) -> [ListenerSet.Bound] {
        var released: Set<ProcessSettings.Listener> = []
        do throws(Supervisor.StartError) {
            return try ListenerSet.bind(added, workers: workers.count, replacing: removed) { blockers in
                released.formUnion(blockers)
                for worker in workers { worker.post(.unlisten(blockers)) }
            }
        } catch {
            let lost = Array(released)
            do throws(Supervisor.StartError) {
                // Replacing themselves: a worker may not have closed its share yet.
                hand(try ListenerSet.bind(lost, workers: workers.count, replacing: lost) { _ in })
            } catch {
                log.error("lost a listener: \(error)")
            }
            throw error
        }
    }

    /// An error that belongs to no line of a file.
    private static func diagnostic(_ message: String) -> [UInt8] {
        var json = JSONWriter()
        json.beginArray()
        json.beginObject()
        json.member("file", "")
        json.member("line", 0)
        json.member("severity", "error")
        json.member("object", "listeners")
        json.member("message", message)
        json.endObject()
        json.endArray()
        return json.finish()
    }

    /// Not while the next load runs: that will tell.
    private func tellReloaded() {
        if loading.current == nil, stopping == .no { tell(.ready) }
    }

    // MARK: Installing

    /// The snapshot as workers get it: with addresses for names.
    func servedSnapshot() -> Snapshot {
        guard !Resolver.names(in: snapshot.backends).isEmpty else { return snapshot }
        return snapshot.replacing(backends: Resolver.replaceNames(in: snapshot.backends, by: answers))
    }

    /// Installs at once, unless names appear that have no answer: those are resolved first.
    func installWhenResolved() {
        let names = Resolver.names(in: snapshot.backends)
        // A name that comes back later is asked for again: nobody has followed it meanwhile.
        answers = answers.filter { names.contains($0.key) }
        changes.awaited = names.filter { answers[$0] == nil }
        scheduleResolving()
        guard changes.awaited.isEmpty else { return resolver.resolve(changes.awaited) }
        install()
    }

    private func install() {
        changes.last += 1
        changes.outstanding = running
        let served = servedSnapshot()
        retire(for: served)
        admin.serve(served, inactiveCanaries)
        let admission = admissionLimits(served)
        let inventory = SnapshotInventory(served)
        for worker in workers {
            worker.post(.install(served, inventory, tls, admission, change: changes.last))
        }
    }

    // MARK: Old snapshots

    /// How long after its end an old snapshot is looked at (nanoseconds).
    private static let retirement: UInt64 = 1_000_000_000

    /// The snapshot in force is kept until no worker uses it, so that it is not one of them that has to tear it down.
    private func retire(for new: Snapshot) {
        if let old = serving, old !== new { retired.append(old) }
        serving = new
        loop.cancel(retireTimer)
        retireTimer = loop.arm(token: Self.retireToken, at: loop.now + Self.retirement)
    }

    func releaseRetired() {
        var kept: [Snapshot] = []
        while var snapshot = retired.popLast() {
            if !isKnownUniquelyReferenced(&snapshot) { kept.append(snapshot) }
        }
        retired = kept.reversed()
        // What the load and the old snapshot leave is more than this process will soon need.
        ProcessMemory.trim()
        // A tunnel may keep its snapshot for hours.
        if !retired.isEmpty { retireTimer = loop.arm(token: Self.retireToken, at: loop.now + 10 * Self.retirement) }
    }

    func workerInstalled(_ worker: Int, _ change: UInt64) {
        if change == changes.last { workerSwapped(worker) }
    }

    /// It serves by the latest snapshot, or has ended.
    func workerSwapped(_ worker: Int) {
        changes.outstanding.remove(worker)
        guard changes.outstanding.isEmpty, changes.awaited.isEmpty else { return }
        if let since = changes.reloadingSince.take() { reportReload(since) }
        answerWaiting(.applied)
    }

    private func reportReload(_ since: UInt64) {
        let nanoseconds = SystemClock.monotonicNanoseconds() - since
        let routes = snapshot.routes.routes.count
        // Milliseconds are all that anybody reads.
        let seconds = "\(nanoseconds / 1_000_000_000)." + String(1000 + nanoseconds / 1_000_000 % 1000).dropFirst()
        admin.reloaded(nanoseconds: nanoseconds)
        tellReloaded()
        log.info("reloaded: \(routes) \(routes == 1 ? "route" : "routes") in \(seconds) s")
    }

    /// At the beginning of a stop: a snapshot that still waits for names is not sent out any more.
    func abandonChanges() {
        for request in loading.waiting + loading.waitingForNext { answer(request, .stopping) }
        loading.waiting = []
        loading.waitingForNext = []
        guard !changes.awaited.isEmpty else { return }
        changes.awaited = []
        answerWaiting(.stopping)
    }

    private func answerWaiting(_ report: ReloadReport) {
        for request in changes.waiting { answer(request, report) }
        changes.waiting = []
    }

    private func answer(_ request: Request?, _ report: ReloadReport) {
        guard let request else { return }
        request.admin.post(.reloaded(report, request: request.id))
    }

    // MARK: Names

    /// Plans the next time, or brings it forward. It is never put off, or frequent reloads would put it off for ever.
    func scheduleResolving() {
        guard !Resolver.names(in: snapshot.backends).isEmpty else { return }
        let due = loop.now + settings.resolveInterval.nanoseconds
        if let planned = resolveDue, planned <= due { return }
        loop.cancel(resolveTimer)
        resolveTimer = loop.arm(token: Self.resolveToken, at: due)
        resolveDue = due
    }

    /// Before the first worker starts: waits for the first answers, but not for ever.
    func resolveAndWait() {
        let names = Resolver.names(in: snapshot.backends)
        guard !names.isEmpty else { return }
        resolver.resolve(names)
        let deadline = SystemClock.monotonicNanoseconds() + Self.firstAnswer
        var isAnswered = false
        while !isAnswered, !isToldToStop, SystemClock.monotonicNanoseconds() < deadline {
            loop.wait(atMostMilliseconds: 100)
            keepSignals()
            for message in mailbox.takeAll() {
                if case .resolved(let answers, let asked) = message {
                    resolved(answers, asked)
                    isAnswered = true
                } else {
                    early.append(message)
                }
            }
        }
    }

    /// A resolver that takes longer is not waited for: its names have no endpoints until it answers.
    private static let firstAnswer: UInt64 = 5_000_000_000

    /// The timer has fired; the answer plans the next time.
    func resolveAgain() {
        resolveDue = nil
        let names = Resolver.names(in: snapshot.backends)
        if !names.isEmpty { resolver.resolve(names) }
    }

    /// A name that has no answer now keeps its last good one.
    func resolved(_ new: Resolver.Answers, _ asked: Set<Resolver.Name>) {
        let names = Resolver.names(in: snapshot.backends)
        let before = answers
        answers.merge(new) { _, new in new }
        answers = answers.filter { names.contains($0.key) }
        for name in names.intersection(asked) where new[name] == nil { log.warning("\(name.host) does not resolve") }
        // What the start waits for is installed by starting the workers.
        guard !workers.isEmpty, stopping == .no else { return }
        scheduleResolving()
        let hasWaited = !changes.awaited.isEmpty
        changes.awaited.subtract(asked)
        // An answer to an earlier question does not say anything about names that a reload has added since.
        guard changes.awaited.isEmpty else { return }
        if hasWaited || answers != before { install() }
    }
}
