internal import Routing

/// The cookie of a release on one path, as ACK names it.
struct ReleasePin {
    let cookie: String
    /// What it says of the new and of the old Service.
    let new: String
    let old: String
    let path: String
}

/// Takes Ingresses with a `ServiceRelease` apart: the old Service of a path stays the Ingress's own, the new one is its canary.
struct ReleaseSplit {
    private struct Release {
        let owner: Manifest
        let release: ServiceRelease
        let newPaths: [PlannedPath]
    }

    /// All Ingresses, without the paths of new Services.
    private(set) var ingresses: [Manifest] = []
    private var releases: [Release] = []

    init(_ manifests: [Manifest], log: inout DiagnosticLog) {
        for manifest in manifests {
            ingresses.append(split(manifest, log: &log))
        }
    }

    private mutating func split(_ manifest: Manifest, log: inout DiagnosticLog) -> Manifest {
        guard case .ingress(var ingress) = manifest.body, let release = ServiceRelease(manifest, log: &log) else { return manifest }
        let old = Set(ingress.writtenPaths.filter { $0.backend.service != release.newService }.map(\.place))
        let new = ingress.writtenPaths.filter { $0.backend.service == release.newService && old.contains($0.place) }
        let reader = AnnotationReader(manifest: manifest)
        if AnnotationText.bool(reader.canary("canary")?.value ?? "") == true {
            reader.warn(release.annotation, "is not looked at in a canary; remove one of the two", log: &log)
            return manifest
        }
        guard !new.isEmpty else {
            reader.warn(release.annotation, "does nothing: no path has the Service \(release.newService) and another one", log: &log)
            return manifest
        }
        ingress.rules = ingress.rules.map { rule in
            let isNew = IngressManifest(rules: [rule]).writtenPaths.map { path in
                path.backend.service == release.newService && old.contains(path.place)
            }
            let paths = zip(rule.paths, isNew).filter { !$0.1 }.map(\.0)
            return IngressManifest.Rule(host: rule.host, line: rule.line, paths: paths)
        }
        if release.match == nil {
            reader.note(
                release.annotation, "takes \(release.newService), which it names first, for the new Service: that is the canary", log: &log)
        }
        releases.append(Release(owner: manifest, release: release, newPaths: new))
        return manifest.replacing(body: .ingress(ingress))
    }

    /// Binds the new Services to the routes of the old ones.
    func bind(to plan: inout RoutePlan) {
        if releases.isEmpty { return }
        let positions = Dictionary(plan.routes.indices.map { (plan.routes[$0].path.place, $0) }) { first, _ in first }
        for release in releases {
            for path in release.newPaths {
                let index = positions[path.place].flatMap { plan.routes[$0].owner.label == release.owner.label ? $0 : nil }
                let obstacle = index.map { Self.obstacle(plan.routes[$0]) } ?? "it is a path of another Ingress, or no route at all (R16)"
                plan.outcomes.append(CanaryOutcome(owner: release.owner, path: path, obstacle: obstacle, isRelease: true))
                guard let index, obstacle == nil else { continue }
                let pin = Self.pin(path, old: plan.routes[index].path.backend, namespace: release.owner.namespace)
                let rules = CanaryAnnotations(release.release, pin: pin, of: release.owner)
                plan.routes[index].canaries.append(PlannedCanary(rules, path, on: plan.routes[index]))
            }
        }
    }

    private static func obstacle(_ route: PlannedRoute) -> String? {
        guard route.canaries.count >= Route.maximumCanaries else { return nil }
        return "the path has \(Route.maximumCanaries) canaries already, the most there can be; remove some"
    }

    private static func pin(_ path: PlannedPath, old: BackendReference, namespace: String) -> ReleasePin {
        func name(_ backend: BackendReference) -> String { "\(namespace)-\(backend.service)-\(backend.port)" }
        return ReleasePin(
            cookie: MD5.hexDigest(path.place.host + path.place.path), new: name(path.backend), old: name(old),
            path: AffinityAnnotations.isPath(path.place.path) ? path.place.path : "/")
    }
}
