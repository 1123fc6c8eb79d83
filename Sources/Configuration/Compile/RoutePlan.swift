internal import Addressing
internal import Exchange
internal import Routing

/// What a planner comes to: the routes with their canaries, and what becomes of every path of every canary Ingress.
struct RoutePlan {
    var routes: [PlannedRoute] = []
    /// All Ingresses, in the order of precedence.
    var ingresses: [PlannedIngress] = []
    /// Those that are no canaries.
    var mains: [PlannedIngress] { ingresses.filter { !$0.isCanary } }
    /// Every host of an ordinary Ingress, whether or not a path of it became a route.
    var hosts: Set<String> = []
    /// Those whose `/` (Prefix) is nobody's and answers 404, as each host begins (R15).
    var rootless: Set<String> = []
    /// What holds for whole hosts.
    var hostPlan = HostPlan()
    /// In the order of precedence of the Ingresses.
    var outcomes: [CanaryOutcome] = []
    var shared: [SharedCanary] = []
}

/// A canary of routes that are no paths of its Ingress (R20).
struct SharedCanary {
    let owner: Manifest
    /// Of the canary's path.
    let line: Int
    /// By position; it is their first canary.
    let routes: [Int]
}

/// A host, path and type: what a route stands at, and what a canary binds to.
struct RoutePlace: Hashable {
    /// Empty is the default host.
    let host: String
    let path: String
    let type: PathType
}

extension RoutePlace: CustomStringConvertible {
    /// `www.example.com/shop (Prefix)`.
    var description: String { "\(host.isEmpty ? "*" : host)\(path) (\(type == .exact ? "Exact" : "Prefix"))" }
}

/// An Ingress that counts, with what its annotations say.
final class PlannedIngress: Sendable {
    let manifest: Manifest
    let spec: IngressManifest
    let canary: CanaryAnnotations
    /// Of a canary they count only where its path is an ordinary one (oddity 17).
    let annotations: RouteAnnotations
    let balancing: BalancingAnnotations
    let affinity: AffinityAnnotations

    var isCanary: Bool { canary.isEnabled }

    /// Nil for what is no Ingress.
    init?(_ manifest: Manifest, _ compatibility: Compatibility, log: inout DiagnosticLog) {
        guard case .ingress(let spec) = manifest.body else { return nil }
        if spec.writtenPaths.isEmpty, spec.defaultBackend == nil, !spec.isDamaged {
            log.warning(manifest.place, manifest.object, "has no path and no default backend: routes nothing")
        }
        (self.manifest, self.spec) = (manifest, spec)
        canary = CanaryAnnotations(manifest, compatibility, log: &log)
        if canary.isEnabled { RouteAnnotations.warnOnCanary(manifest, compatibility, log: &log) }
        annotations = RouteAnnotations(manifest, compatibility, log: &log)
        balancing = BalancingAnnotations(manifest, log: &log)
        affinity = AffinityAnnotations(manifest, isCanary: canary.isEnabled, log: &log)
    }
}

/// A path of an Ingress on its way to a route.
struct PlannedPath {
    let place: RoutePlace
    let backend: BackendReference
    let line: Int
}

/// A main path and the canaries bound to it.
struct PlannedRoute {
    private let ingress: PlannedIngress
    let path: PlannedPath
    var canaries: [PlannedCanary] = []
    /// A canary without rules, which only those get who have its session cookie (R13, R21.4).
    var idle: PlannedCanary?
    /// All that it may ask in place of its own Service.
    var others: [PlannedCanary] { canaries + (idle.map { [$0] } ?? []) }
    /// Which of its Service's endpoints get requests.
    var balancing: Balancing
    /// How clients stay with the endpoints of its Service.
    var affinity: PlannedAffinity?
    /// Requests go to its Service's own address.
    var usesServiceAddress: Bool
    /// How they are told who the client is.
    var proxyProtocol: ProxyHeader.Version?
    /// Its Service was deleted by R18, so that it has no endpoint, whatever the manifests say.
    var isWithdrawn = false

    var owner: Manifest { ingress.manifest }
    var annotations: RouteAnnotations { ingress.annotations }

    init(_ path: PlannedPath, of ingress: PlannedIngress) {
        self.ingress = ingress
        balancing = ingress.balancing.balancing
        affinity = ingress.affinity.session.map { PlannedAffinity(session: $0, setsCookie: true) }
        usesServiceAddress = ingress.annotations.usesServiceAddress
        proxyProtocol = ingress.annotations.proxyProtocol
        self.path = path
    }
}

/// A canary on a route.
struct PlannedCanary {
    /// Whose rules count.
    let owner: Manifest
    let backend: BackendReference
    /// Where diagnostics about the canary on this route point.
    let line: Int
    let annotations: CanaryAnnotations
    /// Which of its Service's endpoints get requests; the main Ingress has no say in it (R36).
    let balancing: Balancing
    /// How clients stay with them, as the main Ingress says (R29); nil also if it is `legacy` (R30).
    var affinity: PlannedAffinity?
    /// Requests go to its Service's own address.
    let usesServiceAddress: Bool
    /// How they are told who the client is.
    let proxyProtocol: ProxyHeader.Version?
    /// Why its Ingress's rules do not count; nil if they do.
    var obstacle: String?

    init(_ ingress: PlannedIngress, backend: BackendReference, line: Int) {
        owner = ingress.manifest
        self.backend = backend
        self.line = line
        annotations = ingress.canary
        balancing = ingress.balancing.balancing
        usesServiceAddress = ingress.annotations.usesServiceAddress || ingress.canary.changes.usesServiceAddress
        proxyProtocol = ingress.annotations.proxyProtocol
    }

    /// A canary without rules, for its Service is as another Ingress says (R13).
    init(_ path: PlannedPath, of ingress: PlannedIngress, createdBy creator: PlannedIngress, obstacle: String) {
        owner = ingress.manifest.replacing(annotations: [])
        backend = path.backend
        line = path.line
        var unused = DiagnosticLog()
        annotations = CanaryAnnotations(owner, .ingressNginx, log: &unused)
        balancing = creator.balancing.balancing
        usesServiceAddress = creator.annotations.usesServiceAddress
        proxyProtocol = creator.annotations.proxyProtocol
        self.obstacle = obstacle
    }

    /// The new Service of a release on the route of the old one.
    init(_ rules: CanaryAnnotations, _ path: PlannedPath, on route: PlannedRoute) {
        owner = route.owner
        backend = path.backend
        line = path.line
        annotations = rules
        balancing = route.balancing
        affinity = route.affinity
        usesServiceAddress = route.annotations.usesServiceAddress || rules.changes.usesServiceAddress
        proxyProtocol = route.proxyProtocol
    }
}

/// What the planner knows about one path of a canary Ingress, or of a release.
struct CanaryOutcome {
    let owner: Manifest
    let path: PlannedPath
    /// Why the canary is not in effect there, with the rule and the name of the other object; nil if it is bound.
    let obstacle: String?
    /// The path is that of a release's new Service.
    var isRelease = false
}

extension IngressManifest {
    /// The paths written in the rules.
    var writtenPaths: [PlannedPath] {
        rules.flatMap { rule in
            rule.paths.map { path in
                // R10: whatever the implementation likes is a prefix.
                let type = path.kind == .exact ? PathType.exact : .prefix
                let place = RoutePlace(host: rule.host, path: path.path, type: type)
                return PlannedPath(place: place, backend: path.backend, line: path.line)
            }
        }
    }

    /// What the default backend serves: `/` of every host of the rules, or of the default host without rules (R15).
    var defaultPaths: [PlannedPath] {
        var hosts: [String] = []
        for rule in rules where !hosts.contains(rule.host) { hosts.append(rule.host) }
        if hosts.isEmpty { hosts = [""] }
        return hosts.compactMap { defaultPath(of: $0) }
    }

    /// `/` of `host` for the default backend, if there is one.
    func defaultPath(of host: String) -> PlannedPath? {
        guard let backend = defaultBackend else { return nil }
        return PlannedPath(place: RoutePlace(host: host, path: "/", type: .prefix), backend: backend, line: backend.line)
    }
}
