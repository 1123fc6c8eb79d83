internal import Routing

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

/// A path of an Ingress on its way to a route.
struct PlannedPath {
    let place: RoutePlace
    let backend: BackendReference
    let line: Int
}

/// A main path and the canaries bound to it.
struct PlannedRoute {
    let owner: Manifest
    let path: PlannedPath
    var canaries: [PlannedCanary] = []
}

/// One path of a canary Ingress, bound to a main path.
struct PlannedCanary {
    let owner: Manifest
    let path: PlannedPath
    let annotations: CanaryAnnotations
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
        guard let backend = defaultBackend else { return [] }
        var hosts: [String] = []
        for rule in rules where !hosts.contains(rule.host) { hosts.append(rule.host) }
        if hosts.isEmpty { hosts = [""] }
        return hosts.map { host in
            PlannedPath(place: RoutePlace(host: host, path: "/", type: .prefix), backend: backend, line: backend.line)
        }
    }
}
