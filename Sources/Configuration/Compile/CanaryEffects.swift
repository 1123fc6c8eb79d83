internal import Exchange
internal import Routing

/// Which canaries a request can reach, and why not the others: what `RequestDecider` does, for `check` and `routes`.
struct CanaryEffects {
    /// What joins a route: a Service of a canary Ingress, or of a release.
    private struct Use: Hashable {
        let owner: String
        let service: String
        let port: PortReference

        init(_ backend: BackendReference, of owner: Manifest) {
            (self.owner, service, port) = (owner.label, backend.service, backend.port)
        }
    }

    private struct Binding {
        let route: Int
        let canary: Int
    }

    private let snapshot: Snapshot
    private var bound: [Use: [RoutePlace: Binding]] = [:]
    /// Why no request can reach a canary of a route; nil if one can. By route and canary.
    private(set) var obstacles: [[String?]] = []

    /// The routes of `snapshot` are those of `plan`.
    init(_ snapshot: Snapshot, _ plan: RoutePlan) {
        self.snapshot = snapshot
        for (position, planned) in plan.routes.enumerated() {
            let route = snapshot.routes.routes[position]
            let canaries = planned.others.prefix(route.canaries.count)
            for (index, canary) in canaries.enumerated() {
                let use = Use(canary.backend, of: canary.owner), place = planned.path.place
                if bound[use]?[place] == nil { bound[use, default: [:]][place] = Binding(route: position, canary: index) }
            }
            let unreached = plan.hostPlan.isBehindInitial(planned.path.place)
                ? "no request reaches \(planned.path.place), the `/` that the host begins with comes first (R15, R35)" : nil
            obstacles.append(canaries.enumerated().map { $1.obstacle ?? unreached ?? obstacle(route, $0) })
        }
    }

    /// What became of each path of each canary Ingress, and of each release.
    func reports(_ outcomes: [CanaryOutcome]) -> [CanaryReport] {
        outcomes.map { outcome in
            let place = outcome.path.place
            let places = bound[Use(outcome.path.backend, of: outcome.owner)] ?? [:]
            // R19: a default backend joins all paths of the server `_`, of which `/` need not be one.
            let isBound = outcome.obstacle == nil ? !places.isEmpty : places[place] != nil
            return CanaryReport(
                object: outcome.owner.object, file: outcome.owner.place.file, line: outcome.path.line, host: place.host,
                path: place.path, pathType: place.type, inactive: outcome.obstacle ?? obstacle(at: place, of: places), isBound: isBound)
        }
    }

    /// Why a canary gets no request at a place, or, if it joined only others, at any of them.
    private func obstacle(at place: RoutePlace, of places: [RoutePlace: Binding]) -> String? {
        if let found = places[place] { return obstacles[found.route][found.canary] }
        var first: String?
        for found in places.values.sorted(by: { $0.route < $1.route }) {
            guard let obstacle = obstacles[found.route][found.canary] else { return nil }
            first = first ?? obstacle
        }
        return first
    }

    private func obstacle(_ route: Route, _ index: Int) -> String? {
        if snapshot.standIn(forStableOf: route) == index { return nil }
        if let obstacles = route.obstacles(of: index, passesUnusual: snapshot.forwarding.underscoresInHeaders) {
            return Self.text(obstacles) + exception(route, index)
        }
        if snapshot.ignoresRules(of: route) {
            return "the main Service \(snapshot.backends[route.stable].name) has no endpoint, so that all requests are answered 503 (R21.0)"
        }
        guard !snapshot.serves(route.canaries[index].backend) else { return nil }
        let lack = "Service \(snapshot.backends[route.canaries[index].backend].name) has no endpoint"
        guard snapshot.failover(of: route) != .none else { return lack + ", its requests are answered 503" }
        guard snapshot.serves(route.stable) else { return lack + ", and stable has none either: its requests are answered 503" }
        let isExact = snapshot.compatibility == .ingressNginx && !route.coversStable
        return lack + ", stable answers its requests" + (isExact ? " (R21.3)" : "")
    }

    private static func text(_ obstacles: [String]) -> String {
        obstacles.isEmpty
            ? "it has no header, no cookie and no weight above 0 (R27)"
            : "nothing it says can send it a request: " + obstacles.joined(separator: ", ")
    }

    /// Who reaches a canary without a rule for it.
    private func exception(_ route: Route, _ index: Int) -> String {
        guard let affinity = route.affinity, affinity.precedence != .never, affinity.affinity(of: .canary(index)) != nil,
              snapshot.serves(route.canaries[index].backend), !snapshot.ignoresRules(of: route)
        else { return "" }
        return "; only clients that still have its session cookie get it (R29)"
    }
}
