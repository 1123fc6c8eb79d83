internal import Routing

/// Plans routes so that a canary binds to its own host, path and type, and nothing else (`scoped`).
struct ScopedPlanner {
    private var plan = RoutePlan()
    private var positions: [RoutePlace: Int] = [:]
    private var paths: [String: [String]] = [:]
    private let known: KnownHosts

    /// `ingresses` in the order of precedence.
    static func plan(_ ingresses: [PlannedIngress], log: inout DiagnosticLog) -> RoutePlan {
        var planner = ScopedPlanner(known: KnownHosts(ingresses))
        for main in ingresses where !main.isCanary {
            planner.plan.hosts.formUnion(main.spec.rules.map(\.host))
            for path in main.spec.writtenPaths { planner.add(path, of: main, log: &log) }
        }
        // Only now, as `/` may be written in any Ingress.
        for main in ingresses where !main.isCanary {
            for path in main.spec.defaultPaths { planner.addDefault(path, of: main, log: &log) }
        }
        for canary in ingresses where canary.isCanary { planner.bind(canary, log: &log) }
        return planner.plan
    }

    // MARK: Main paths

    private mutating func add(_ path: PlannedPath, of main: PlannedIngress, log: inout DiagnosticLog) {
        if let earlier = positions[path.place] {
            return RoutePlanner.warnDuplicate(path, of: main.manifest, winner: plan.routes[earlier], log: &log)
        }
        positions[path.place] = plan.routes.count
        paths[path.place.host, default: []].append(path.place.path)
        plan.routes.append(PlannedRoute(path, of: main))
    }

    private mutating func addDefault(_ path: PlannedPath, of main: PlannedIngress, log: inout DiagnosticLog) {
        // The default backend of an Ingress with rules is a fallback; without rules it is all there is.
        guard positions[path.place] == nil || main.spec.rules.isEmpty else { return }
        add(path, of: main, log: &log)
    }

    // MARK: Canaries

    private mutating func bind(_ canary: PlannedIngress, log: inout DiagnosticLog) {
        let manifest = canary.manifest
        let written = canary.spec.writtenPaths
        let places = Set(written.map(\.place))
        var bound: Set<RoutePlace> = []
        for path in written + canary.spec.defaultPaths.filter({ !places.contains($0.place) }) {
            guard bound.insert(path.place).inserted else {
                log.warning(
                    manifest.place(line: path.line), manifest.object,
                    "\(path.place) stands twice in this Ingress, the first counts; remove one of the two")
                continue
            }
            let obstacle = obstacle(path, manifest)
            plan.outcomes.append(CanaryOutcome(owner: manifest, path: path, obstacle: obstacle))
            guard obstacle == nil, let position = positions[path.place] else { continue }
            noteOverlap(plan.routes[position], path, manifest, log: &log)
            var bound = PlannedCanary(canary, backend: path.backend, line: path.line)
            if !canary.affinity.isLegacy { bound.affinity = plan.routes[position].affinity }
            plan.routes[position].canaries.append(bound)
        }
    }

    /// Why a canary can't bind to the main path at its place; nil if it can.
    private func obstacle(_ path: PlannedPath, _ manifest: Manifest) -> String? {
        let place = path.place
        guard let position = positions[place] else {
            return known.missing(place, paths: paths[place.host] ?? [], "") { positions[$0].map { plan.routes[$0].owner } }
        }
        let main = plan.routes[position]
        if main.owner.namespace != manifest.namespace {
            return "\(main.owner.object), which has the path, is in another namespace; put both into one"
        }
        if main.canaries.count >= Route.maximumCanaries {
            return "the path has \(Route.maximumCanaries) canaries already, the most there can be; remove some"
        }
        return nil
    }

    private func noteOverlap(
        _ route: PlannedRoute, _ path: PlannedPath, _ manifest: Manifest, log: inout DiagnosticLog
    ) {
        guard let first = route.canaries.first else { return }
        log.note(
            manifest.place(line: path.line), manifest.object,
            "\(path.place) also has the canary \(first.owner.object) at \(first.owner.place(line: first.line)): header "
                + "rules of all are tried first, then cookies, then the weights, which add up")
    }
}
