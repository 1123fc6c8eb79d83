internal import Exchange
internal import Routing

/// Turns manifests and settings into the snapshot that workers serve from. Pure: no file is read, nothing is started.
struct SnapshotCompiler {
    /// What came out.
    struct Result {
        let snapshot: Snapshot
        let canaries: [CanaryReport]
    }

    private let settings: Settings
    private let config: Place
    private let resolver: EndpointResolver
    private var backends: [Backend] = []
    private var backendPositions: [String: Int] = [:]
    private var sequences: [String] = []
    private var sequencePositions: [String: Int] = [:]
    /// Lines of the entries of `services:` that a route uses.
    private var usedEntries: Set<Int> = []

    /// `config` is where diagnostics about the whole configuration point.
    static func compile(
        _ manifests: [Manifest], settings: Settings, config: Place, log: inout DiagnosticLog
    ) -> Result {
        var compiler = SnapshotCompiler(manifests, settings: settings, config: config)
        let selection = IngressSelection(manifests, classes: settings.ingressClasses)
        var planner = RoutePlanner()
        planner.plan(selection.ordered(manifests, log: &log), log: &log)
        let routes = compiler.routes(&planner, log: &log)
        if routes.routes.isEmpty, !log.hasErrors {
            log.warning(
                config, "configuration",
                "there is no route, every request will be answered 404; name manifests with an Ingress under `manifests:`")
        }
        for entry in settings.services where !compiler.usedEntries.contains(entry.line) {
            log.note(
                config.at(line: entry.line), "services.\(entry.key)", "no Ingress sends requests to this Service and port")
        }
        let snapshot = Snapshot(
            routes: routes, backends: compiler.backends, sequences: compiler.sequences, timeouts: settings.timeouts,
            limits: settings.limits, forwarding: settings.forwarding, failover: settings.failover)
        return Result(snapshot: snapshot, canaries: planner.reports)
    }

    private init(_ manifests: [Manifest], settings: Settings, config: Place) {
        self.settings = settings
        self.config = config
        resolver = EndpointResolver(manifests, overrides: settings.services)
    }

    // MARK: Routes

    private mutating func routes(_ planner: inout RoutePlanner, log: inout DiagnosticLog) -> RouteTable {
        var builder = RouteTableBuilder()
        for planned in planner.routes {
            let stable = backend(planned.path, of: planned.owner, log: &log)
            var keys = ValueKeyList()
            var canaries: [Canary] = []
            for canary in planned.canaries {
                let compiled = self.canary(canary, keys: &keys, log: &log)
                canaries.append(compiled)
                planner.report(canary.path, of: canary.owner, inactive: inactive(compiled))
            }
            warnHashKeys(planned, canaries, log: &log)
            let place = planned.path.place
            // Places are distinct by now, so that the table never sees one twice.
            _ = builder.add(host: place.host, path: place.path, type: place.type) { index in
                Route(
                    index: index, label: planned.owner.label, host: place.host, path: place.path, pathType: place.type,
                    stable: stable, canaries: canaries, keys: keys.keys)
            }
        }
        for host in planner.hosts.sorted() { builder.add(host: host) }
        return builder.build()
    }

    /// The position of the backend of a path, which joins the list if it is new.
    private mutating func backend(_ path: PlannedPath, of manifest: Manifest, log: inout DiagnosticLog) -> Int {
        let resolution = resolver.resolve(path.backend, namespace: manifest.namespace)
        if let line = resolution.entryLine { usedEntries.insert(line) }
        if let known = backendPositions[resolution.name] { return known }
        if let problem = resolution.problem {
            log.warning(
                manifest.place(line: path.backend.line), manifest.object,
                "no endpoint is known for Service \(resolution.name), so that it answers 503: \(problem)")
        }
        backendPositions[resolution.name] = backends.count
        backends.append(Backend(name: resolution.name, endpoints: resolution.endpoints))
        return backends.count - 1
    }

    // MARK: Canaries

    private mutating func canary(_ planned: PlannedCanary, keys: inout ValueKeyList, log: inout DiagnosticLog) -> Canary {
        let annotations = planned.annotations
        let hashKeys = annotations.hash.key?.keys ?? settings.hashBy
        return Canary(
            name: planned.owner.label,
            backend: backend(planned.path, of: planned.owner, log: &log),
            header: annotations.header.map { name in
                HeaderRule(key: keys.index(of: .header(name)), match: match(planned, log: &log))
            },
            cookie: annotations.cookie.map { keys.index(of: .cookie($0)) },
            conditions: annotations.conditions.items.map { item in
                Condition(
                    item.family, key: item.key.map { keys.index(of: $0) } ?? -1, test: item.test,
                    readsAbsentAsEmpty: item.readsAbsentAsEmpty)
            },
            combination: annotations.conditions.combination,
            pin: annotations.pin.map { pin in
                VersionPin(
                    key: keys.index(of: .cookie(pin.cookie)), cookie: pin.cookie, canary: pin.new, stable: pin.old, path: pin.path)
            },
            coversStable: annotations.isRelease,
            weight: annotations.weight, total: annotations.total,
            hashKeys: hashKeys.map { keys.index(of: $0) }, hashSeed: annotations.hash.seed,
            hashCookie: annotations.hash.cookie, marks: annotations.marks,
            sequence: sequence(planned.owner.label))
    }

    private func match(_ planned: PlannedCanary, log: inout DiagnosticLog) -> HeaderRule.Match {
        if let value = planned.annotations.headerValue { return .value(Array(value.utf8)) }
        guard let text = planned.annotations.headerPattern else { return .alwaysNever }
        do {
            return .pattern(try Pattern(text))
        } catch {
            let annotation = planned.owner.annotation(CanaryAnnotations.prefix + "canary-by-header-pattern")
            log.warning(
                planned.owner.place(line: annotation?.line ?? planned.path.line), planned.owner.object,
                "the pattern \"\(text.clipped)\" never matches, every request with the header goes to stable (R21): "
                    + error.description)
            return .invalidPattern(text)
        }
    }

    /// One sequence for each canary Ingress; its paths share it.
    private mutating func sequence(_ label: String) -> Int {
        if let known = sequencePositions[label] { return known }
        sequencePositions[label] = sequences.count
        sequences.append(label)
        return sequences.count - 1
    }

    /// Why a bound canary gets no request.
    private func inactive(_ canary: Canary) -> String? {
        if canary.header == nil, canary.cookie == nil, canary.conditions.isEmpty, canary.weight <= 0 {
            return "it has no header, no cookie and no weight above 0 (R27)"
        }
        guard backends[canary.backend].endpoints.isEmpty else { return nil }
        let instead = settings.failover == .none && !canary.coversStable ? "its requests are answered 503" : "stable answers its requests"
        return "Service \(backends[canary.backend].name) has no endpoint, \(instead)"
    }

    /// The weights of a path are one scale, so that one key serves them all.
    private func warnHashKeys(_ planned: PlannedRoute, _ canaries: [Canary], log: inout DiagnosticLog) {
        let weighted = canaries.indices.filter { canaries[$0].weight > 0 || !canaries[$0].hashKeys.isEmpty }
        guard let first = weighted.first else { return }
        func hasOtherSeed(_ index: Int) -> Bool {
            canaries[index].hashSeed != nil && canaries[index].hashSeed != canaries[first].hashSeed
        }
        for index in weighted where canaries[index].hashKeys != canaries[first].hashKeys || hasOtherSeed(index) {
            let (one, other) = (planned.canaries[index], planned.canaries[first])
            let (thing, name) = hasOtherSeed(index) ? ("seed", "canary-hash-seed") : ("key", "canary-hash-by")
            let annotation = AnnotationReader(manifest: one.owner).own(name)
            log.warning(
                one.owner.place(line: annotation?.line ?? one.path.line), one.owner.object,
                "sticks to another \(thing) than \(other.owner.object) on the same path, whose \(thing) serves both; give "
                    + "both the same \(AnnotationReader.prefix)\(name)")
        }
    }
}
