internal import Exchange
internal import Routing

/// Which canaries a request can reach, and why not the others: what `RequestDecider` does, for `check` and `routes`.
struct CanaryEffects {
    private let snapshot: Snapshot
    /// Where each canary Ingress, or release, is bound: route and position.
    private var bound: [String: [RoutePlace: (route: Int, canary: Int)]] = [:]

    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        for route in snapshot.routes.routes {
            for (index, canary) in route.canaries.enumerated() where bound[canary.name]?[RoutePlace(of: route)] == nil {
                bound[canary.name, default: [:]][RoutePlace(of: route)] = (route.index, index)
            }
        }
    }

    /// What became of each path of each canary Ingress, and of each release.
    func reports(_ outcomes: [CanaryOutcome]) -> [CanaryReport] {
        outcomes.map { outcome in
            let place = outcome.path.place
            return CanaryReport(
                object: outcome.owner.object, file: outcome.owner.place.file, line: outcome.path.line, host: place.host,
                path: place.path, pathType: place.type, inactive: outcome.obstacle ?? inactive(outcome))
        }
    }

    /// Why a bound canary gets no request.
    private func inactive(_ outcome: CanaryOutcome) -> String? {
        guard let places = bound[outcome.owner.label] else { return nil }
        // R19: a default backend joins all paths of the server `_`, of which `/` need not be one.
        if let found = places[outcome.path.place] { return inactive(snapshot.routes.routes[found.route], found.canary) }
        var why: String?
        for found in places.values.sorted(by: { $0.route < $1.route }) {
            guard let reason = inactive(snapshot.routes.routes[found.route], found.canary) else { return nil }
            why = why ?? reason
        }
        return why
    }

    private func inactive(_ route: Route, _ index: Int) -> String? {
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
