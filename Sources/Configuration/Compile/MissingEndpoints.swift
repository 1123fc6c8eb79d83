internal import Exchange
internal import Routing

/// Services without endpoints, and what becomes of the requests that are theirs. What that is shows only when all routes are
/// known, so it is said then, once for each Service.
struct MissingEndpoints {
    private struct Problem {
        let place: Place
        let object: String
        let text: String
    }

    /// What happens in place of an answer of the Service's own.
    private enum Consequence: Hashable {
        /// R38.
        case defaultBackend(String)
        /// `canary.failover: both`, or a release.
        case canaryStandsIn(String)
        /// R21.0.
        case nobody(isWhateverRulesSay: Bool)
        case onlyCanaries
        case stableStandsIn(isExact: Bool)
        case nobodyForCanary
    }

    private var problems: [String: Problem] = [:]
    /// Of `problems`, as they were met.
    private var names: [String] = []

    /// The Service called `name`, which `reference` of `manifest` leads to, has no endpoint because of `problem`.
    mutating func note(_ name: String, _ reference: BackendReference, of manifest: Manifest, _ problem: String) {
        guard problems[name] == nil else { return }
        names.append(name)
        problems[name] = Problem(place: manifest.place(line: reference.line), object: manifest.object, text: problem)
    }

    /// - Parameter own: for each route the backend that its path names, whichever answers.
    func report(_ snapshot: Snapshot, own: [Int], log: inout DiagnosticLog) {
        guard !names.isEmpty else { return }
        var places: [String: [Consequence: [RoutePlace]]] = [:]
        var order: [String: [Consequence]] = [:]
        func add(_ consequence: Consequence, _ backend: Int, _ route: Route) {
            let name = snapshot.backends[backend].name
            guard problems[name] != nil else { return }
            if places[name]?[consequence] == nil { order[name, default: []].append(consequence) }
            places[name, default: [:]][consequence, default: []].append(RoutePlace(of: route))
        }
        for (route, own) in zip(snapshot.routes.routes, own) {
            if !snapshot.serves(own) { add(Self.ofStable(route, own: own, snapshot), own, route) }
            for canary in route.canaries where !snapshot.serves(canary.backend) {
                add(Self.ofCanary(route, snapshot), canary.backend, route)
            }
        }
        for name in names {
            guard let problem = problems[name] else { continue }
            let texts = (order[name] ?? []).map { Self.text($0, at: places[name]?[$0] ?? []) }
            log.warning(
                problem.place, problem.object,
                "no endpoint is known for Service \(name)" + (texts.isEmpty ? "" : ", so that \(texts.joined(separator: ", and "))")
                    + ": \(problem.text)")
        }
    }

    private static func ofStable(_ route: Route, own: Int, _ snapshot: Snapshot) -> Consequence {
        if route.stable != own, snapshot.serves(route.stable) { return .defaultBackend(snapshot.backends[route.stable].name) }
        if let canary = snapshot.standIn(forStableOf: route) {
            return .canaryStandsIn(snapshot.backends[route.canaries[canary].backend].name)
        }
        if snapshot.ignoresRules(of: route) { return .nobody(isWhateverRulesSay: !route.canaries.isEmpty) }
        let isAnswered = route.canaries.indices.contains(where: { index in
            snapshot.serves(route.canaries[index].backend)
                && route.obstacles(of: index, passesUnusual: snapshot.forwarding.underscoresInHeaders) == nil
        })
        return isAnswered ? .onlyCanaries : .nobody(isWhateverRulesSay: false)
    }

    private static func ofCanary(_ route: Route, _ snapshot: Snapshot) -> Consequence {
        if snapshot.ignoresRules(of: route) { return .nobody(isWhateverRulesSay: true) }
        guard snapshot.failover(of: route) != .none, snapshot.serves(route.stable) else { return .nobodyForCanary }
        return .stableStandsIn(isExact: snapshot.compatibility == .ingressNginx && !route.coversStable)
    }

    /// Places that one message names.
    private static let shown = 3

    private static func text(_ consequence: Consequence, at places: [RoutePlace]) -> String {
        let more = places.count - shown
        let list = places.prefix(shown).map(\.description).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
        return switch consequence {
        case .defaultBackend(let name): "the default-backend \(name) answers \(list) (R38)"
        case .canaryStandsIn(let name): "the canary's Service \(name) answers \(list) in its place"
        case .nobody(isWhateverRulesSay: false): "all requests of \(list) are answered 503"
        case .nobody(isWhateverRulesSay: true): "all requests of \(list) are answered 503, whatever a canary's rules say (R21.0)"
        case .onlyCanaries: "requests of \(list) that no rule and no weight sends to a canary are answered 503"
        case .stableStandsIn(let isExact): "stable answers the canary's requests of \(list)" + (isExact ? " (R21.3)" : "")
        case .nobodyForCanary: "the canary's requests of \(list) are answered 503"
        }
    }
}

extension Snapshot {
    /// Whether a backend has an endpoint.
    func serves(_ backend: Int) -> Bool { !backends[backend].endpoints.isEmpty }

    /// R21.0: stable has no endpoint, so that no rule is asked.
    func ignoresRules(of route: Route) -> Bool {
        compatibility == .ingressNginx && !serves(route.stable) && !route.coversStable
    }

    /// The canary that answers stable's requests for want of an endpoint of its own.
    func standIn(forStableOf route: Route) -> Int? {
        guard !serves(route.stable), failover(of: route) == .both else { return nil }
        return route.canaries.firstIndex { serves($0.backend) }
    }
}

extension RoutePlace {
    init(of route: Route) { self.init(host: route.host, path: route.path, type: route.pathType) }
}
