internal import Routing

/// Merging canaries into main backends, and what a request sees of it.
extension ExactPlanner {
    /// What came of one path of a canary Ingress.
    struct Attempt {
        enum Result {
            /// There are canaries only (R17).
            case noMain
            /// No ordinary Ingress has the host: skipped (R17).
            case noServer
            /// The canary's backend is the main one of a location of this host, where the search ended (R17).
            case isMain(RoutePlace)
            /// Another path had deleted the backend before (R18).
            case deleted
            /// It met no location, which deleted the backend (R18).
            case stray
            /// Attached to these main backends, or it was already.
            case attached([BackendIdentity])
        }

        let ingress: Int
        let path: PlannedPath
        let result: Result
    }

    private struct Use: Hashable {
        let host: String
        let backend: BackendIdentity
    }

    // MARK: R17, R18, R19: merging

    mutating func mergeCanaries() {
        let hasMain = ingresses.contains { !$0.isCanary }
        let ends = searchEnds
        for (position, canary) in ingresses.enumerated() where canary.isCanary {
            let catchAll = canary.spec.defaultPath(of: "").map { [$0] } ?? []
            for (path, isCatchAll) in catchAll.map({ ($0, true) }) + canary.spec.writtenPaths.map({ ($0, false) }) {
                let result = hasMain ? merge(path, of: position, isCatchAll: isCatchAll, ends) : .noMain
                if case .stray = result { backends[identity(path, position)]?.deletion = attempts.count }
                attempts.append(Attempt(ingress: position, path: path, result: result))
            }
        }
    }

    /// Joins the path's backend to the main one of each location that it means: the one of its host with the same path and
    /// type (R17), or, for a default backend, every one of the server `_` (R19).
    private mutating func merge(
        _ path: PlannedPath, of ingress: Int, isCatchAll: Bool, _ ends: [Use: Int]
    ) -> Attempt.Result {
        let host = path.place.host
        let canary = identity(path, ingress)
        guard backends[canary]?.deletion == nil else { return .deleted }
        guard let locations = servers[host] else { return .noServer }
        let end = ends[Use(host: host, backend: canary)]
        var candidates = 0..<(end ?? locations.count)
        if !isCatchAll { candidates = position(of: path.place).map { $0..<($0 + 1) }?.clamped(to: candidates) ?? 0..<0 }
        var joined: [BackendIdentity] = []
        for location in locations[candidates] {
            guard let main = location.backend, let backend = backends[main], backend.deletion == nil, !backend.isNoServer
            else { continue }
            if !backend.alternatives.contains(where: { $0.backend == canary }) {
                backends[main]?.alternatives.append(Alternative(backend: canary, path: path, ingress: ingress))
                // R29, R30: the last main one that it joins.
                if !ingresses[ingress].affinity.isLegacy { backends[canary]?.affinity = backend.affinity }
            }
            joined.append(main)
        }
        if !joined.isEmpty { return .attached(joined) }
        return end.map { .isMain(locations[$0].place) } ?? .stray
    }

    /// The first location of each host that has a backend for its main one: a search for where to join that backend ends there.
    private var searchEnds: [Use: Int] {
        var ends: [Use: Int] = [:]
        for host in hosts {
            for (position, location) in (servers[host] ?? []).enumerated() {
                guard let backend = location.backend else { continue }
                let use = Use(host: host, backend: backend)
                if ends[use] == nil { ends[use] = position }
            }
        }
        return ends
    }

    private func identity(_ path: PlannedPath, _ ingress: Int) -> BackendIdentity {
        BackendIdentity(path.backend, of: ingresses[ingress].manifest)
    }

    // MARK: R20, R21.2: what takes effect

    func result(log: inout DiagnosticLog) -> RoutePlan {
        var plan = RoutePlan()
        plan.hosts = Set(hosts)
        for host in hosts {
            for location in servers[host] ?? [] {
                guard var route = location.route, let main = location.backend else {
                    plan.rootless.insert(host)
                    continue
                }
                // R13: a backend is as its creator says.
                if let backend = backends[main] {
                    route.balancing = ingresses[backend.creator].balancing.balancing
                    route.affinity = backend.affinity?.planned(at: location.place)
                    route.usesServiceAddress = ingresses[backend.creator].annotations.usesServiceAddress
                    route.proxyProtocol = ingresses[backend.creator].annotations.proxyProtocol
                }
                if let deletion = backends[main]?.deletion {
                    route.isWithdrawn = true
                    warnWithdrawn(route, main, attempts[deletion], log: &log)
                } else if let canary = canary(of: main, at: location.place) {
                    if canary.obstacle == nil { route.canaries = [canary] } else { route.idle = canary }
                }
                plan.routes.append(route)
            }
        }
        plan.outcomes = attempts.map { attempt in
            CanaryOutcome(owner: ingresses[attempt.ingress].manifest, path: attempt.path, obstacle: obstacle(attempt))
        }
        plan.shared = shared(plan)
        return plan
    }

    /// The canary of all locations of a main backend (R20): the first that was attached (R21.2), unless it was deleted
    /// afterwards (R18). If an ordinary Ingress created it, so that it has no rules (R13), it is left to those who have its session
    /// cookie (R21.4).
    private func canary(of main: BackendIdentity, at place: RoutePlace) -> PlannedCanary? {
        guard let first = backends[main]?.alternatives.first, let backend = backends[first.backend], backend.deletion == nil
        else { return nil }
        let creator = ingresses[backend.creator]
        var canary: PlannedCanary
        if creator.isCanary {
            canary = PlannedCanary(creator, backend: backend.reference, line: backend.reference.line)
        } else if backend.affinity != nil {
            let obstacle = foreign(first.backend, backend, first.ingress, first.path, isAsked: true)
            canary = PlannedCanary(first.path, of: ingresses[first.ingress], createdBy: creator, obstacle: obstacle)
        } else {
            return nil
        }
        canary.affinity = backend.affinity?.planned(at: place)
        return canary
    }

    // MARK: Why not

    private func obstacle(_ attempt: Attempt) -> String? {
        let canary = identity(attempt.path, attempt.ingress)
        guard let backend = backends[canary] else { return nil }
        if case .noMain = attempt.result {
            return "every Ingress is a canary, so that there is nothing to join (R17); add the main Ingress"
        }
        if backend.creator != attempt.ingress {
            var isAsked = false
            if case .attached(let mains) = attempt.result { isAsked = unused(canary, of: mains) == nil }
            return foreign(canary, backend, attempt.ingress, attempt.path, isAsked: isAsked)
        }
        switch attempt.result {
        case .noServer: return missing(attempt.path.place, " (R17)")
        case .isMain(let place): return "\(canary.description) is the main one of \(place) (R17); give the canary a Service of its own"
        case .stray: return missing(attempt.path.place, ", which takes \(canary.description) out of effect everywhere (R18)")
        case .deleted, .noMain: return deleted(canary)
        case .attached(let mains): return backend.deletion == nil ? unused(canary, of: mains) : deleted(canary)
        }
    }

    /// R13: the rules are those of the Ingress that named the Service first.
    ///
    /// - Parameter isAsked: it is the first canary of a main backend, and was not deleted.
    private func foreign(_ canary: BackendIdentity, _ backend: Backend, _ ingress: Int, _ path: PlannedPath, isAsked: Bool) -> String {
        let creator = ingresses[backend.creator]
        let place = creator.manifest.place(line: backend.reference.line)
        var reason = "\(canary.description) was first named by \(creator.manifest.object) at \(place)"
        if creator.isCanary { return reason + ", whose rules count for it (R13); give each canary a Service of its own" }
        reason += ", no canary, so that it has no rules (R13)"
        let served = [path.place, RoutePlace(host: "", path: path.place.path, type: path.place.type)]
        if let place = served.first(where: { location(at: $0)?.route?.owner.object == ingresses[ingress].manifest.object }) {
            reason += ", and answers all requests of \(place) (R16)"
        }
        if isAsked, backend.deletion == nil, backend.affinity != nil {
            reason += "; only clients that still have its session cookie get it (R29)"
        }
        return reason + "; give the canary a Service of its own"
    }

    private func deleted(_ canary: BackendIdentity) -> String {
        guard let deletion = backends[canary]?.deletion else { return "\(canary.description) is out of effect (R18)" }
        let stray = attempts[deletion]
        let owner = ingresses[stray.ingress].manifest
        return "\(stray.path.place) of \(owner.object) at \(owner.place(line: stray.path.line)) has no main path, which takes "
            + "\(canary.description) out of effect everywhere (R18); correct it"
    }

    /// Nil if the canary is the first of one of the main backends it joined (R21.2).
    private func unused(_ canary: BackendIdentity, of mains: [BackendIdentity]) -> String? {
        for main in mains where backends[main]?.alternatives.first?.backend == canary && backends[main]?.deletion == nil { return nil }
        guard let main = mains.first, let backend = backends[main] else { return nil }
        if backend.deletion != nil { return deleted(main) }
        guard let first = backend.alternatives.first?.backend, let winner = backends[first] else { return nil }
        let creator = ingresses[winner.creator].manifest
        return "\(main.description) has \(first.description) of \(creator.object) for its canary already, so that "
            + "\(canary.description) is never asked (R21.2)"
    }

    private func missing(_ place: RoutePlace, _ consequence: String) -> String {
        // As many as are shown: there may be thousands, and as many strays.
        let paths = servers[place.host]?.lazy.filter { $0.route != nil }.map(\.place.path).prefix(RoutePlanner.pathsShown + 1)
        return known.missing(place, paths: paths.map(Array.init) ?? [], consequence) { location(at: $0)?.route?.owner }
    }

    private func warnWithdrawn(
        _ route: PlannedRoute, _ main: BackendIdentity, _ stray: Attempt, log: inout DiagnosticLog
    ) {
        let owner = ingresses[stray.ingress].manifest
        log.warning(
            route.owner.place(line: route.path.line), route.owner.object,
            "\(route.path.place) is answered 503: \(stray.path.place) of the canary \(owner.object) at "
                + "\(owner.place(line: stray.path.line)) has no main path, which takes \(main.description) out of effect "
                + "everywhere (R18)")
    }

    /// R20: who serves a canary's main backend without being a path of the canary.
    private func shared(_ plan: RoutePlan) -> [SharedCanary] {
        var joined: [BackendIdentity: Set<RoutePlace>] = [:]
        for attempt in attempts {
            if case .attached = attempt.result { joined[identity(attempt.path, attempt.ingress), default: []].insert(attempt.path.place) }
        }
        var order: [BackendIdentity] = []
        var routes: [BackendIdentity: [Int]] = [:]
        for (position, route) in plan.routes.enumerated() {
            guard let canary = route.canaries.first else { continue }
            let backend = BackendIdentity(canary.backend, of: canary.owner)
            if joined[backend]?.contains(route.path.place) ?? false { continue }
            if routes[backend] == nil { order.append(backend) }
            routes[backend, default: []].append(position)
        }
        return order.compactMap { backend in
            guard let canary = backends[backend], let routes = routes[backend] else { return nil }
            return SharedCanary(owner: ingresses[canary.creator].manifest, line: canary.reference.line, routes: routes)
        }
    }
}
