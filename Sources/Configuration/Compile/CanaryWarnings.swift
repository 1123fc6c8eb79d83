internal import Exchange
internal import Routing

/// What canaries say that the other canaries of their path, or the rules of fields, leave no meaning. Said when all routes are
/// known, once for each annotation, however many paths it counts for.
struct CanaryWarnings {
    private struct Said: Hashable {
        let owner: String
        let topic: String
    }

    private let snapshot: Snapshot
    private var said: Set<Said> = []

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    /// - Parameters:
    ///   - own: for each route the backend that its path names.
    ///   - obstacles: as `CanaryEffects.obstacles`.
    mutating func report(_ plan: RoutePlan, own: [Int], obstacles: [[String?]], log: inout DiagnosticLog) {
        for shared in plan.shared { noteShared(shared, plan, obstacles, log: &log) }
        for (position, planned) in plan.routes.enumerated() where !planned.canaries.isEmpty {
            let route = snapshot.routes.routes[position]
            warnWeights(planned, route, log: &log)
            warnHashKeys(planned, route, log: &log)
            for (index, canary) in planned.canaries.prefix(route.canaries.count).enumerated() {
                warnFields(canary, route, log: &log)
                noteSameService(canary, route.canaries[index].backend, own[position], log: &log)
            }
        }
    }

    private mutating func isNew(_ canary: PlannedCanary, _ topic: String) -> Bool {
        said.insert(Said(owner: canary.owner.label, topic: topic)).inserted
    }

    private func add(
        _ annotation: Annotation?, _ canary: PlannedCanary, _ message: String, isNote: Bool = false, log: inout DiagnosticLog
    ) {
        let place = canary.owner.place(line: annotation?.line ?? canary.line)
        let text = (annotation.map { "\($0.key): \"\($0.value.clipped)\" " } ?? "") + message
        isNote ? log.note(place, canary.owner.object, text) : log.warning(place, canary.owner.object, text)
    }

    // MARK: Weights

    private mutating func warnWeights(_ planned: PlannedRoute, _ route: Route, log: inout DiagnosticLog) {
        var last: (canary: PlannedCanary, count: Int)?
        for (index, canary) in planned.canaries.prefix(route.canaries.count).enumerated() {
            let compiled = route.canaries[index]
            guard compiled.weight > 0, compiled.combination != .all else { continue }
            last = (canary, (last?.count ?? 0) + 1)
            let annotation = canary.annotations.weightAnnotation
            if route.isCut(index) {
                let (weight, total) = route.effectiveWeight(of: index)
                guard isNew(canary, "weight \(weight)/\(total)") else { continue }
                add(
                    annotation, canary, "is more than the older canaries of \(planned.path.place) leave: it counts as \(weight) of \(total), "
                        + "and nothing is left for stable", log: &log)
            } else if compiled.weight > compiled.total, isNew(canary, "weight") {
                add(
                    annotation, canary, "is more than the total of \(compiled.total): it counts as all, and nothing is left for stable (R21.7)",
                    log: &log)
            }
        }
        guard let last, last.count > 1, route.isWhole, !route.canaries.indices.contains(where: route.isCut), isNew(last.canary, "whole") else { return }
        add(
            last.canary.annotations.weightAnnotation, last.canary,
            "completes the weights of the \(last.count) canaries of \(planned.path.place): nothing is left for stable", isNote: true, log: &log)
    }

    // MARK: What weights stick to

    /// The weights of a path are one scale, so that one key serves them all.
    private mutating func warnHashKeys(_ planned: PlannedRoute, _ route: Route, log: inout DiagnosticLog) {
        let canaries = route.canaries
        let first = canaries[route.drawing]
        let isDrawn = canaries.contains { $0.weight > 0 && $0.combination != .all }
        for (index, canary) in planned.canaries.prefix(canaries.count).enumerated() {
            if !canary.annotations.hasWeight, !isDrawn || index != route.drawing {
                warnWeightless(canary, log: &log)
                continue
            }
            guard index != route.drawing, canaries[index].weight > 0 || !canaries[index].hashKeys.isEmpty else { continue }
            let other = planned.canaries[route.drawing].owner.object
            let one = canaries[index]
            if one.hashKeys != first.hashKeys {
                warn(canary, ["canary-hash-cookie", "canary-hash-by"], "key", of: other, log: &log)
            } else if one.hashCookie != nil, one.hashCookie != first.hashCookie {
                warn(canary, ["canary-hash-cookie"], "cookie", of: other, log: &log)
            }
            if one.hashSeed != nil, one.hashSeed != first.hashSeed { warn(canary, ["canary-hash-seed"], "seed", of: other, log: &log) }
        }
    }

    /// - Parameter names: of its annotations, the first there is.
    private mutating func warn(
        _ canary: PlannedCanary, _ names: [String], _ thing: String, of other: String, log: inout DiagnosticLog
    ) {
        guard isNew(canary, "\(thing) of \(other)") else { return }
        let reader = AnnotationReader(manifest: canary.owner)
        let annotation = names.lazy.compactMap { reader.own($0) }.first
        add(
            annotation, canary,
            (annotation == nil ? "sticks to the \(thing) of" : "is not looked at beside the \(thing) of") + " \(other) on the same path, "
                + "which serves both; give both the same \(AnnotationReader.prefix)\(names.last ?? "")", log: &log)
    }

    private mutating func warnWeightless(_ canary: PlannedCanary, log: inout DiagnosticLog) {
        let reader = AnnotationReader(manifest: canary.owner)
        for annotation in HashAnnotations.names.compactMap({ reader.own($0) }) where isNew(canary, annotation.key) {
            add(annotation, canary, "does nothing without a weight; add canary-weight", log: &log)
        }
    }

    // MARK: Fields

    /// R22: fields that no request has.
    private mutating func warnFields(_ canary: PlannedCanary, _ route: Route, log: inout DiagnosticLog) {
        for key in route.keys where !key.canArrive(passesUnusual: snapshot.forwarding.underscoresInHeaders) {
            for annotation in fieldAnnotations(canary, key) where isNew(canary, "\(annotation.key) \(key)") {
                let why = key.canArrive(passesUnusual: true)
                    ? ", whose name holds more than letters, digits and hyphens, is dropped from every request (R22) unless "
                        + "`underscoresInHeaders` is on"
                    : " can't be sent at all: that is no name of a field (R22)"
                let isHash = annotation.canonical == AnnotationReader.prefix + "canary-hash-by"
                add(
                    annotation, canary, "never \(isHash ? "finds what it is to stick to, each request is weighed by itself" : "holds"): "
                        + "\(key)\(why)", log: &log)
            }
        }
    }

    /// What asks for the field `key`.
    private func fieldAnnotations(_ canary: PlannedCanary, _ key: ValueKey) -> [Annotation] {
        let reader = AnnotationReader(manifest: canary.owner)
        var found: [Annotation] = []
        let named = reader.canary("canary-by-header")
        if canary.annotations.isRelease {
            if let match = reader.nginx(ServiceRelease.matchName), canary.annotations.conditions.items.contains(where: { $0.key == key }) {
                found.append(match)
            }
        } else if let named, ValueKey.header(AnnotationText.normalized(named.value)) == key {
            found.append(named)
        } else if let further = reader.own("canary-by-headers"), canary.annotations.conditions.items.contains(where: { $0.key == key }) {
            found.append(further)
        }
        if let hash = reader.own("canary-hash-by"), canary.annotations.hash.key?.keys.contains(key) == true { found.append(hash) }
        return found
    }

    // MARK: Services

    /// R20.
    private func noteShared(_ shared: SharedCanary, _ plan: RoutePlan, _ obstacles: [[String?]], log: inout DiagnosticLog) {
        let places = shared.routes.filter { obstacles[$0].first == .some(nil) }.map { plan.routes[$0].path.place }
        guard !places.isEmpty else { return }
        let shown = places.prefix(5).map(\.description).joined(separator: ", ") + (places.count > 5 ? "…" : "")
        log.note(
            shared.owner.place(line: shared.line), shared.owner.object,
            "the canary takes requests of \(shown) as well, which have the same main Service (R20)")
    }

    private mutating func noteSameService(_ canary: PlannedCanary, _ backend: Int, _ own: Int, log: inout DiagnosticLog) {
        let name = snapshot.backends[own].name
        guard !canary.annotations.isRelease, snapshot.backends[backend].name == name, isNew(canary, "same \(name)") else { return }
        add(
            nil, canary, "Service \(name) is the main one of this path, too: both versions are the same; give the canary a Service of its own",
            isNote: true, log: &log)
    }
}
