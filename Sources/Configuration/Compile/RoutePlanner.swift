internal import Routing

/// Decides which path of which Ingress becomes a route, and binds canaries to them (`scoped`: a canary binds to its own
/// host, path and type, and nothing else).
struct RoutePlanner {
    private(set) var routes: [PlannedRoute] = []
    private(set) var reports: [CanaryReport] = []
    /// Every host of an ordinary Ingress, whether or not a path of it became a route.
    private(set) var hosts: Set<String> = []
    private var positions: [RoutePlace: Int] = [:]
    private var paths: [String: [String]] = [:]

    /// `ingresses` in the order of precedence.
    mutating func plan(_ ingresses: [Manifest], log: inout DiagnosticLog) {
        var mains: [(Manifest, IngressManifest)] = []
        var canaries: [(Manifest, IngressManifest, CanaryAnnotations)] = []
        let split = ReleaseSplit(ingresses, log: &log)
        for manifest in split.ingresses {
            guard case .ingress(let ingress) = manifest.body else { continue }
            AnnotationSurvey.report(manifest, log: &log)
            let annotations = CanaryAnnotations(manifest, log: &log)
            if annotations.isEnabled {
                canaries.append((manifest, ingress, annotations))
            } else {
                mains.append((manifest, ingress))
            }
            if ingress.writtenPaths.isEmpty, ingress.defaultBackend == nil, !ingress.isDamaged {
                log.warning(manifest.place, manifest.object, "has no path and no default backend: routes nothing")
            }
        }
        for (manifest, ingress) in mains {
            hosts.formUnion(ingress.rules.map(\.host))
            for path in ingress.writtenPaths { add(path, of: manifest, log: &log) }
        }
        // Only now, as `/` may be written in any Ingress.
        for (manifest, ingress) in mains {
            for path in ingress.defaultPaths { addDefault(path, of: manifest, log: &log) }
        }
        for (manifest, ingress, annotations) in canaries {
            bind(manifest, ingress, annotations, log: &log)
        }
        split.bind(to: &routes, log: &log)
    }

    // MARK: Main paths

    private mutating func add(_ path: PlannedPath, of manifest: Manifest, log: inout DiagnosticLog) {
        guard let earlier = positions[path.place] else {
            positions[path.place] = routes.count
            paths[path.place.host, default: []].append(path.place.path)
            routes.append(PlannedRoute(owner: manifest, path: path))
            return
        }
        let winner = routes[earlier]
        log.warning(
            manifest.place(line: path.line), manifest.object,
            "\(path.place) is already a path of \(winner.owner.object) at \(winner.owner.place(line: winner.path.line)), "
                + "which wins (R16); remove one of the two")
    }

    private mutating func addDefault(_ path: PlannedPath, of manifest: Manifest, log: inout DiagnosticLog) {
        if positions[path.place] == nil {
            add(path, of: manifest, log: &log)
        } else if case .ingress(let ingress) = manifest.body, ingress.rules.isEmpty {
            // The default backend of an Ingress with rules is a fallback; without rules it is all there is.
            add(path, of: manifest, log: &log)
        }
    }

    // MARK: Canaries

    private mutating func bind(
        _ manifest: Manifest, _ ingress: IngressManifest, _ annotations: CanaryAnnotations, log: inout DiagnosticLog
    ) {
        let written = ingress.writtenPaths
        let places = Set(written.map(\.place))
        var bound: Set<RoutePlace> = []
        for path in written + ingress.defaultPaths.filter({ !places.contains($0.place) }) {
            guard bound.insert(path.place).inserted else {
                log.warning(
                    manifest.place(line: path.line), manifest.object,
                    "\(path.place) stands twice in this Ingress, the first counts; remove one of the two")
                continue
            }
            let reason = obstacle(path, manifest)
            if let reason {
                log.warning(
                    manifest.place(line: path.line), manifest.object,
                    "the canary is not in effect on \(path.place): \(reason)")
            } else if let position = positions[path.place] {
                noteOverlap(routes[position], path, manifest, log: &log)
                routes[position].canaries.append(
                    PlannedCanary(owner: manifest, path: path, annotations: annotations))
                continue
            }
            report(path, of: manifest, inactive: reason)
        }
    }

    /// Why a canary can't bind to the main path at its place; nil if it can.
    private func obstacle(_ path: PlannedPath, _ manifest: Manifest) -> String? {
        let place = path.place
        guard let position = positions[place] else { return missing(place) }
        let main = routes[position]
        if main.owner.namespace != manifest.namespace {
            return "\(main.owner.object), which has the path, is in another namespace; put both into one"
        }
        if main.canaries.count >= Route.maximumCanaries {
            return "the path has \(Route.maximumCanaries) canaries already, the most there can be; remove some"
        }
        return nil
    }

    private func missing(_ place: RoutePlace) -> String {
        let other = RoutePlace(host: place.host, path: place.path, type: place.type == .exact ? .prefix : .exact)
        if let position = positions[other] {
            return "\(routes[position].owner.object) has \(other); give both the same pathType"
        }
        guard let paths = paths[place.host] else {
            return "no Ingress without the canary annotation has this host; add the main Ingress"
        }
        let shown = paths.prefix(5).joined(separator: ", ") + (paths.count > 5 ? "…" : "")
        return "no Ingress without the canary annotation has this path, the host has \(shown); write the same path"
    }

    private func noteOverlap(
        _ route: PlannedRoute, _ path: PlannedPath, _ manifest: Manifest, log: inout DiagnosticLog
    ) {
        guard let first = route.canaries.first else { return }
        log.note(
            manifest.place(line: path.line), manifest.object,
            "\(path.place) also has the canary \(first.owner.object) at \(first.owner.place(line: first.path.line)): header "
                + "rules of all are tried first, then cookies, then the weights, which add up")
    }

    /// Adds the outcome for one path.
    mutating func report(_ path: PlannedPath, of manifest: Manifest, inactive: String?) {
        reports.append(
            CanaryReport(
                object: manifest.object, file: manifest.place.file, line: path.line, host: path.place.host,
                path: path.place.path, pathType: path.place.type, inactive: inactive))
    }
}
