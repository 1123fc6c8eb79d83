internal import Exchange
internal import Routing

/// Decides which path of which Ingress becomes a route, and binds canaries to them. What `scoped` and `ingress-nginx` have
/// in common is here; where they differ, `ScopedPlanner` and `ExactPlanner` decide.
enum RoutePlanner {
    /// `manifests` are Ingresses in the order of precedence.
    static func plan(_ manifests: [Manifest], _ compatibility: Compatibility, log: inout DiagnosticLog) -> RoutePlan {
        AnnotationSurvey.report(manifests, log: &log)
        // To a planner a release is an ordinary Ingress with its old Services; the new ones join the routes that come of it.
        let split = ReleaseSplit(manifests, log: &log)
        let ingresses = read(split.ingresses, compatibility, log: &log)
        var plan = switch compatibility {
        case .scoped: ScopedPlanner.plan(ingresses, log: &log)
        case .ingressNginx: ExactPlanner.plan(ingresses, log: &log)
        }
        split.bind(to: &plan)
        plan.ingresses = ingresses
        plan.hostPlan = HostPlan(ingresses, plan, log: &log)
        warnUnmatchable(ingresses, plan.hostPlan, log: &log)
        for outcome in plan.outcomes {
            guard let obstacle = outcome.obstacle else { continue }
            log.warning(
                outcome.owner.place(line: outcome.path.line), outcome.owner.object,
                "the canary is not in effect on \(outcome.path.place): \(obstacle)")
        }
        return plan
    }

    /// Ingresses that a thread reads at a time.
    private static let batch = 64

    /// Each by itself, so on several threads if there are many.
    static func read(_ manifests: [Manifest], _ compatibility: Compatibility, log: inout DiagnosticLog) -> [PlannedIngress] {
        let starts = Array(stride(from: 0, to: manifests.count, by: batch))
        let read = Parallel.map(starts.count) { index -> (ingresses: [PlannedIngress], log: DiagnosticLog) in
            var log = DiagnosticLog()
            let part = manifests[starts[index]..<min(starts[index] + batch, manifests.count)]
            return (part.compactMap { PlannedIngress($0, compatibility, log: &log) }, log)
        }
        for part in read { log.append(part.log) }
        return read.flatMap(\.ingresses)
    }

    /// A plain path is compared with normal ones, see `PathNormalizer`.
    private static func warnUnmatchable(_ ingresses: [PlannedIngress], _ hosts: HostPlan, log: inout DiagnosticLog) {
        for ingress in ingresses {
            for path in ingress.spec.writtenPaths where !hosts.usesRegex(path.place.host) && !isNormal(path.place.path) {
                log.warning(
                    ingress.manifest.place(line: path.line), ingress.manifest.object,
                    "no request ever matches the path `\(path.place.path.clipped)`: requests are compared by their decoded path "
                        + "with slashes merged and dot segments resolved; write it so")
            }
        }
    }

    /// Whether a normal request path can be equal to it, or begin with it.
    private static func isNormal(_ path: String) -> Bool {
        let segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let dots = segments.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
        let odd = path.utf8.contains { $0 <= 0x20 || $0 == 0x7F || "%?#".utf8.contains($0) }
        return !dots && !odd && !path.contains("//")
    }

    /// The warning for a path that an earlier one has taken (R16). The admission of ingress-nginx only lets it through if one of the two
    /// says whether it is a canary (R40).
    static func warnDuplicate(_ path: PlannedPath, of manifest: Manifest, winner: PlannedRoute, log: inout DiagnosticLog) {
        let isSilent = [manifest, winner.owner].allSatisfy { $0.annotation(CanaryAnnotations.prefix, "canary") == nil }
        let isRefused = isSilent && manifest.label != winner.owner.label
        log.warning(
            manifest.place(line: path.line), manifest.object,
            "\(path.place) is already a path of \(winner.owner.object) at \(winner.owner.place(line: winner.path.line)), "
                + "which wins (R16)\(isRefused ? "; the admission of ingress-nginx refuses the second one (R40)" : ""); remove one of the two")
    }

    /// Paths of a host that a message names.
    static let pathsShown = 5
}
