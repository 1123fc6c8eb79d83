import Exchange
import Logging
import Reactor
import Routing
import Telemetry

/// New snapshots: loaded, their names resolved, installed in every worker.
extension ControlLoop {
    /// What a reload's caller is told when it is done.
    struct Request: Sendable {
        let admin: AdminMailbox
        let id: UInt64
    }

    /// Changes on their way to the workers.
    struct Changes {
        /// The latest that was sent out; workers repeat it when they have swapped.
        var last: UInt64 = 0
        /// Workers that have not yet swapped to the latest.
        var outstanding = 0
        /// Answered once every worker has swapped.
        var waiting: [(request: Request, report: ReloadReport)] = []
        /// A snapshot waits for its names.
        var awaitsNames = false
    }

    // MARK: Loading

    func reload(answering request: Request?) {
        guard let load = options.reload else {
            answer(request, ReloadReport(isApplied: false, body: Array("[]".utf8)))
            return log.warning("there is no configuration file to reload")
        }
        switch load() {
        case .rejected(let errors, let diagnostics):
            for error in errors { log.error("\(error)") }
            log.error("reload refused: the configuration in force stays")
            admin.reloaded(succeeded: false)
            answer(request, ReloadReport(isApplied: false, body: diagnostics))
        case .loaded(let snapshot, let settings, let inactive, let warnings):
            for warning in warnings { log.warning("\(warning)") }
            apply(snapshot, settings, inactive, answering: request)
        }
    }

    private func apply(
        _ snapshot: Snapshot, _ settings: ProcessSettings, _ inactive: [RouteReport.InactiveCanary],
        answering request: Request?
    ) {
        let added = settings.listeners.filter { !self.settings.listeners.contains($0) }
        let removed = self.settings.listeners.filter { !settings.listeners.contains($0) }
        let bound: [ListenerSet.Bound]
        do throws(Supervisor.StartError) {
            bound = try bind(added, replacing: removed)
        } catch {
            log.error("reload refused: \(error)")
            admin.reloaded(succeeded: false)
            return answer(request, ReloadReport(isApplied: false, body: Self.diagnostic(error.description)))
        }
        if settings.workers != self.settings.workers || settings.admin != self.settings.admin
            || settings.adminHosts != self.settings.adminHosts {
            log.warning("changes of workers or admin need a restart")
        }
        if settings.accessLog != self.settings.accessLog { log.warning("changes of accessLog need a restart") }
        self.settings = settings
        self.snapshot = snapshot
        inactiveCanaries = inactive
        if let request { changes.waiting.append((request, ReloadReport(isApplied: true, body: Array("[]".utf8)))) }
        // Before the snapshot: once the workers say that they have it, the listeners are as configured, too.
        hand(bound)
        if !removed.isEmpty { for worker in workers { worker.post(.unlisten(removed)) } }
        installWhenResolved()
        admin.reloaded(succeeded: true)
        log.info("reloaded")
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

    // MARK: Installing

    /// The snapshot as workers get it: with addresses for names.
    func servedSnapshot() -> Snapshot {
        guard !Resolver.names(in: snapshot.backends).isEmpty else { return snapshot }
        return snapshot.replacing(backends: Resolver.replaceNames(in: snapshot.backends, by: answers))
    }

    /// Installs at once, unless names appear that were never asked for: those are resolved first.
    func installWhenResolved() {
        let unknown = Resolver.names(in: snapshot.backends).filter { answers[$0] == nil }
        guard unknown.isEmpty else {
            changes.awaitsNames = true
            return resolver.resolve(unknown)
        }
        install()
    }

    private func install() {
        changes.last += 1
        changes.outstanding = workers.count
        let served = servedSnapshot()
        admin.serve(served, inactiveCanaries)
        for worker in workers {
            worker.post(.install(served, connectionLimit: connectionLimit(served), change: changes.last))
        }
    }

    func workerInstalled(_ change: UInt64) {
        guard change == changes.last, changes.outstanding > 0 else { return }
        changes.outstanding -= 1
        guard changes.outstanding == 0, !changes.awaitsNames else { return }
        for (request, report) in changes.waiting { answer(request, report) }
        changes.waiting = []
    }

    private func answer(_ request: Request?, _ report: ReloadReport) {
        guard let request else { return }
        request.admin.post(.reloaded(report, request: request.id))
    }

    // MARK: Names

    func scheduleResolving() {
        guard !Resolver.names(in: snapshot.backends).isEmpty else { return }
        loop.cancel(resolveTimer)
        resolveTimer = loop.arm(token: Self.resolveToken, at: loop.now + settings.resolveInterval.nanoseconds)
    }

    /// Before the first worker starts: waits for the first answers, but not for ever.
    func resolveAndWait() {
        let names = Resolver.names(in: snapshot.backends)
        guard !names.isEmpty else { return }
        resolver.resolve(names)
        let deadline = SystemClock.monotonicNanoseconds() + Self.firstAnswer
        while answers.isEmpty, SystemClock.monotonicNanoseconds() < deadline {
            _ = loop.wait(atMostMilliseconds: 100)
            for message in mailbox.takeAll() {
                if case .resolved(let answers) = message { return resolved(answers) }
            }
        }
    }

    /// A resolver that takes longer is not waited for: its names have no endpoints until it answers.
    private static let firstAnswer: UInt64 = 5_000_000_000

    func resolveAgain() {
        let names = Resolver.names(in: snapshot.backends)
        if !names.isEmpty { resolver.resolve(names) }
    }

    /// A name that has no answer now keeps its last good one.
    func resolved(_ new: Resolver.Answers) {
        let names = Resolver.names(in: snapshot.backends)
        let before = answers
        answers.merge(new) { _, new in new }
        answers = answers.filter { names.contains($0.key) }
        for name in names where new[name] == nil { log.warning("\(name.host) does not resolve") }
        // What the start waits for is installed by starting the workers.
        guard !workers.isEmpty else { return }
        if changes.awaitsNames || answers != before {
            changes.awaitsNames = false
            install()
        }
        scheduleResolving()
    }
}
