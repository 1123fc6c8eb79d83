import Exchange
import Glibc
import Logging
import Reactor
import Routing
import TLS
import Telemetry

/// New snapshots: loaded, and installed in every worker once their names are resolved (`+Names`).
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
        var waiting: [(request: Request, warnings: [ReloadNote])] = []
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
        guard !upgrading.isUnderWay else {
            if request == nil { upgrading.hold(SIGHUP) }
            return putOff(request.map { [$0] } ?? [])
        }
        guard let load = options.reload else {
            answer(request, .rejected([]))
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

    /// The other process may have read the files already: whoever serves in the end is to load them.
    private func putOff(_ requests: [Request]) {
        for request in requests { answer(request, .upgrading) }
        log.info("reload put off: an upgrade is under way")
    }

    /// Files are read and compiled on a thread of its own, that gives way to the workers. It may outlive this loop (`waitForTheSlow`), and
    /// touches nothing of it but the mailbox.
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
            for request in loading.waiting { answer(request, .rejected([ReloadNote(.error, "reload", "\(error)")])) }
            loading.waiting = []
        }
    }

    /// YAML may be nested, and is read recursively.
    private static let loaderStackSize = 8 << 20
    private static let loaderNiceness: Int32 = 5

    func loaded(_ outcome: ReloadOutcome) {
        guard let (thread, since) = loading.current.take() else { return }
        thread.join()
        if stopping == .no, upgrading.isUnderWay {
            // It was not waited for.
            upgrading.hold(SIGHUP)
            putOff(loading.waiting + loading.waitingForNext)
            loading = Loading()
            return
        }
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
        case .rejected(let notes, let files):
            for note in notes where note.severity == .error { log.error("\(note)") }
            log.error("reload refused: the configuration in force stays")
            admin.reloaded(nanoseconds: nil)
            tellReloaded()
            for request in requests { answer(request, .rejected(notes)) }
            alsoWatch(files)
        case .loaded(let snapshot, let tls, let settings, let inactive, let notes, let files):
            let warnings = notes.filter { $0.severity == .warning } + restartNotes(settings)
            for warning in warnings { log.warning("\(warning)") }
            do throws(ReloadFault) {
                try apply(snapshot, tls, settings, inactive)
                changes.reloadingSince = since
                changes.waiting += requests.map { ($0, warnings) }
                installWhenResolved()
                watch(files)
            } catch {
                log.error("reload refused: \(error.reason)")
                admin.reloaded(nanoseconds: nil)
                tellReloaded()
                for request in requests { answer(request, .rejected([ReloadNote(.error, error.object, error.reason.description)])) }
                alsoWatch(files)
            }
        }
    }

    /// What of a good configuration cannot be done, and why.
    private struct ReloadFault: Error {
        let object: String
        let reason: Supervisor.StartError
    }

    /// What stays as it is although the configuration says otherwise.
    private func restartNotes(_ settings: ProcessSettings) -> [ReloadNote] {
        var notes: [ReloadNote] = []
        if settings.workers != self.settings.workers {
            notes.append(ReloadNote(.warning, "workers", "a change needs a restart; there are still \(workerCount)"))
        }
        if settings.admin != self.settings.admin || settings.adminHosts != self.settings.adminHosts {
            notes.append(ReloadNote(.warning, "admin", "a change needs a restart; the address is still \(admin.address)"))
        }
        return notes
    }

    /// Everything but the snapshot's way to the workers; throws when it can't be, and nothing has changed.
    private func apply(
        _ snapshot: Snapshot, _ tls: TLSContexts, _ settings: ProcessSettings, _ inactive: [RouteReport.InactiveCanary]
    ) throws(ReloadFault) {
        let newLog = try openLog(settings.accessLog)
        do throws(Supervisor.StartError) {
            if tls.clients == nil, settings.listeners.contains(where: \.tls) { throw Supervisor.StartError.noCertificates }
            // A file that was cut at a line's end is a good one otherwise, and would serve everything at another address.
            if self.settings.namesListeners, !settings.namesListeners { throw Supervisor.StartError.noListeners }
            try places.follow(settings.listeners, workers: workers.count)
        } catch {
            newLog?.stop()
            throw ReloadFault(object: "listeners", reason: error)
        }
        let before = self.settings
        self.settings = settings
        // These stay, so that each reload says so.
        self.settings.workers = before.workers
        self.settings.admin = before.admin
        self.settings.adminHosts = before.adminHosts
        self.snapshot = snapshot
        self.tls = tls
        inactiveCanaries = inactive
        if let newLog {
            retiredLogs.append(accessLog)
            accessLog = newLog
        }
    }

    /// Where lines shall go from now on; nil: where they go already.
    private func openLog(_ wanted: ProcessSettings.AccessLog) throws(ReloadFault) -> AccessLogSink? {
        guard wanted != settings.accessLog else { return nil }
        do throws(Errno) {
            return try AccessLogSink(wanted, counts.accessLog, telling: mailbox)
        } catch {
            throw ReloadFault(object: "accessLog", reason: .cannotOpen(wanted, error))
        }
    }

    /// Every worker has what is in force now, and writes to no other log any more.
    private func releaseLogs() {
        for log in retiredLogs { log.retire() }
        // Asked once: what ends in between must not be let go of without having been joined.
        retiredLogs.removeAll { log in
            guard log.hasEnded else { return false }
            log.stop()
            return true
        }
    }

    /// Not while the next load runs: that will tell.
    private func tellReloaded() {
        if loading.current == nil, stopping == .no { tell(.ready) }
    }

    // MARK: Installing

    /// The snapshot as workers get it.
    func servedSnapshot() -> Snapshot { withoutAiling(resolvedSnapshot()) }

    /// The snapshot with addresses for names.
    func resolvedSnapshot() -> Snapshot {
        guard !Resolver.names(in: snapshot.backends).isEmpty else { return snapshot }
        return snapshot.replacing(backends: Resolver.replaceNames(in: snapshot.backends, by: answers))
    }

    /// Installs at once, unless names appear that have no answer: those are resolved first.
    func installWhenResolved() {
        let names = Resolver.names(in: snapshot.backends)
        // A name that comes back later is asked for again: nobody has followed it meanwhile.
        answers = answers.filter { names.contains($0.key) }
        let isWaiting = !changes.awaited.isEmpty
        changes.awaited = names.filter { answers[$0] == nil }
        scheduleResolving()
        guard changes.awaited.isEmpty else { return resolve(changes.awaited, isNewWait: !isWaiting) }
        install()
    }

    func install() {
        changes.last += 1
        changes.outstanding = running
        let resolved = resolvedSnapshot()
        checkHealth(of: resolved.backends)
        let served = withoutAiling(resolved)
        retire(for: served)
        admin.serve(served, inactiveCanaries)
        let admission = admissionLimits(served)
        let inventory = SnapshotInventory(served, tls)
        inventories.append(inventory)
        for (worker, listening) in zip(workers, places.takeChanges(for: workers.count)) {
            worker.post(.install(served, inventory, tls, accessLog, admission, listening, change: changes.last))
        }
    }

    // MARK: Old snapshots

    /// How long after its end an old snapshot is looked at (nanoseconds).
    private static let retirement: UInt64 = 1_000_000_000

    /// The snapshot in force is kept until no worker uses it, so that it is not one of them that has to tear it down.
    private func retire(for new: Snapshot) {
        if let old = serving, old !== new { retired.append(old) }
        serving = new
        // Brought forward, never put off: endpoints that come and go may make a snapshot every few milliseconds.
        let due = loop.now + Self.retirement
        guard retireTimer == .none || due < retireDue else { return }
        loop.cancel(retireTimer)
        armRetirement(at: due)
    }

    private func armRetirement(at due: UInt64) {
        retireTimer = loop.arm(token: Self.retireToken, at: due)
        retireDue = due
    }

    func releaseRetired() {
        retireTimer = .none
        Self.release(&retired)
        Self.release(&inventories)
        // What the load and the old snapshot leave is more than this process will soon need.
        ProcessMemory.trim()
        // A tunnel may keep its snapshot for hours.
        guard !retired.isEmpty || !inventories.isEmpty else { return }
        armRetirement(at: loop.now + 10 * Self.retirement)
    }

    /// Those that nobody else uses.
    private static func release<Object: AnyObject>(_ objects: inout [Object]) {
        var kept: [Object] = []
        while var object = objects.popLast() {
            if !isKnownUniquelyReferenced(&object) { kept.append(object) }
        }
        objects = kept.reversed()
    }

    func workerInstalled(_ worker: Int, _ change: UInt64) {
        if change == changes.last { workerSwapped(worker) }
    }

    /// It serves by the latest snapshot, or has ended.
    func workerSwapped(_ worker: Int) {
        changes.outstanding.remove(worker)
        guard changes.outstanding.isEmpty, changes.awaited.isEmpty else { return }
        releaseLogs()
        if let since = changes.reloadingSince.take() { reportReload(since) }
        for (request, warnings) in changes.waiting { answer(request, .applied(warnings)) }
        changes.waiting = []
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
        places.abandon()
        changes.reloadingSince = nil
        guard !changes.awaited.isEmpty else { return }
        changes.awaited = []
        for (request, _) in changes.waiting { answer(request, .stopping) }
        changes.waiting = []
    }

    private func answer(_ request: Request?, _ report: ReloadReport) {
        guard let request else { return }
        request.admin.post(.reloaded(report, request: request.id))
    }
}
