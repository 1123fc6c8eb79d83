internal import Exchange
internal import Routing

/// Decides which path of which Ingress becomes a route, and binds canaries to them. What `scoped` and `ingress-nginx` have
/// in common is here; where they differ, `ScopedPlanner` and `ExactPlanner` decide.
enum RoutePlanner {
    /// `manifests` are Ingresses in the order of precedence.
    static func plan(_ manifests: [Manifest], _ compatibility: Compatibility, log: inout DiagnosticLog) -> RoutePlan {
        let ingresses = manifests.compactMap { read($0, log: &log) }
        let plan = switch compatibility {
        case .scoped: ScopedPlanner.plan(ingresses, log: &log)
        case .ingressNginx: ExactPlanner.plan(ingresses, log: &log)
        }
        for outcome in plan.outcomes {
            guard let obstacle = outcome.obstacle else { continue }
            log.warning(
                outcome.owner.place(line: outcome.path.line), outcome.owner.object,
                "the canary is not in effect on \(outcome.path.place): \(obstacle)")
        }
        return plan
    }

    private static func read(_ manifest: Manifest, log: inout DiagnosticLog) -> PlannedIngress? {
        guard case .ingress(let spec) = manifest.body else { return nil }
        AnnotationSurvey.report(manifest, log: &log)
        if spec.writtenPaths.isEmpty, spec.defaultBackend == nil, !spec.isDamaged {
            log.warning(manifest.place, manifest.object, "has no path and no default backend: routes nothing")
        }
        return PlannedIngress(manifest: manifest, spec: spec, canary: CanaryAnnotations(manifest, log: &log))
    }

    /// The warning for a path that an earlier one has taken (R16).
    static func warnDuplicate(_ path: PlannedPath, of manifest: Manifest, winner: PlannedRoute, log: inout DiagnosticLog) {
        log.warning(
            manifest.place(line: path.line), manifest.object,
            "\(path.place) is already a path of \(winner.owner.object) at \(winner.owner.place(line: winner.path.line)), "
                + "which wins (R16); remove one of the two")
    }

    /// Why there is no main path at `place`. `owner` knows who has a place, `paths` are those of the host.
    static func missing(_ place: RoutePlace, paths: [String]?, owner: (RoutePlace) -> Manifest?) -> String {
        let other = RoutePlace(host: place.host, path: place.path, type: place.type == .exact ? .prefix : .exact)
        if let owner = owner(other) { return "\(owner.object) has \(other); give both the same pathType" }
        guard let paths, !paths.isEmpty else {
            return "no Ingress without the canary annotation has this host; add the main Ingress"
        }
        let shown = paths.prefix(5).joined(separator: ", ") + (paths.count > 5 ? "…" : "")
        return "no Ingress without the canary annotation has this path, the host has \(shown); write the same path"
    }
}
