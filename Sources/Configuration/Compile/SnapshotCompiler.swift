internal import Addressing
internal import Exchange
internal import Foundation
internal import Routing
internal import TLS

/// Turns manifests and settings into the snapshot that workers serve from. No file is read, nothing is started.
struct SnapshotCompiler {
    /// What came out.
    struct Result {
        let snapshot: Snapshot
        let canaries: [CanaryReport]
        let tls: TLSContexts
        let stored: StoredIngresses
    }

    private struct BackendKey: Hashable {
        let name: String
        var balancing = Balancing.roundRobin
        var proxyProtocol: ProxyHeader.Version?
        var tls: BackendTLS?
    }

    private let settings: Settings
    private let config: Place
    private let resolver: EndpointResolver
    private var securing: UpstreamTLSCompiler
    private var backends: [Backend] = []
    private var backendPositions: [BackendKey: Int] = [:]
    /// Services of which it was said that they have no endpoint.
    private var reported: Set<String> = []
    private var sequences: [String] = []
    /// By label of the canary, then by how the canaries of a route share its requests.
    private var sequencePositions: [String: [[String]: Int]] = [:]
    /// By name.
    private var mirrorSequences: [String: Int] = [:]
    private var matches: [String: HeaderRule.Match] = [:]
    /// The backends of the canaries of each place, by their Ingresses.
    private var canaryBackends: [RoutePlace: [String: Int]] = [:]
    /// The backend of each route.
    private var stables: [RoutePlace: Int] = [:]
    /// Canary Ingresses without a rule that could send them a request.
    private var idle: Set<String> = []
    /// Lines of the entries of `services:` that a route uses.
    private var usedEntries: Set<Int> = []

    /// `config` is where diagnostics about the whole configuration point; `stored` is what the compilation before has stored.
    static func compile(
        _ manifests: [Manifest], settings: Settings, config: Place, now: Int64 = Int64(Date().timeIntervalSince1970),
        stored: StoredIngresses = StoredIngresses(), log: inout DiagnosticLog
    ) -> Result {
        var compiler = SnapshotCompiler(manifests, settings: settings, config: config, now: now)
        let selection = IngressSelection(manifests, classes: settings.ingressClasses)
        var ingresses = selection.ordered(manifests, settings.compatibility, log: &log)
        var nowStored = StoredIngresses()
        if settings.compatibility == .ingressNginx {
            (ingresses, nowStored) = Admission(riskLevel: settings.riskLevel).admit(ingresses, stored: stored, log: &log)
        }
        let plan = RoutePlanner.plan(ingresses, settings.compatibility, log: &log)
        compiler.securing.note(plan)
        let routes = compiler.routes(plan, log: &log)
        let canaries = compiler.reports(plan, log: &log)
        if routes.routes.isEmpty, !log.hasErrors {
            log.warning(
                config, "configuration",
                "there is no route, every request will be answered 404; name manifests with an Ingress under `manifests:`")
        }
        for entry in settings.services where !compiler.usedEntries.contains(entry.line) {
            log.note(
                config.at(line: entry.line), "services.\(entry.key)", "no Ingress sends requests to this Service and port")
        }
        let tls = TLSCompiler.compile(plan, manifests, settings, config: config, now: now, log: &log)
        var https = tls.policy
        https.revocationEnds.merge(compiler.securing.secrets.revocationEnds) { own, _ in own }
        let snapshot = Snapshot(
            routes: routes, backends: compiler.backends, sequences: compiler.sequences, timeouts: settings.timeouts,
            limits: settings.limits, forwarding: settings.forwarding, failover: settings.failover,
            compatibility: settings.compatibility, https: https, gzip: GzipOptions.policy(plan, settings.gzip),
            health: HealthOptions.policy(compiler.backends, settings.healthChecks, config: config, log: &log))
        return Result(
            snapshot: snapshot, canaries: canaries,
            tls: TLSContexts(clients: tls.context, upstreams: compiler.securing.contexts), stored: nowStored)
    }

    private init(_ manifests: [Manifest], settings: Settings, config: Place, now: Int64) {
        self.settings = settings
        self.config = config
        resolver = EndpointResolver(manifests, overrides: settings.services)
        securing = UpstreamTLSCompiler(manifests, settings.compatibility, now: now)
    }

    // MARK: Routes

    private mutating func routes(_ plan: RoutePlan, log: inout DiagnosticLog) -> RouteTable {
        var builder = RouteTableBuilder()
        for planned in plan.routes {
            let security = securing.security(of: planned, log: &log)
            let stable = stable(planned, security, log: &log)
            var keys = ValueKeyList()
            var canaries: [Canary] = []
            let split = planned.canaries.map { "\($0.annotations.weight)/\($0.annotations.total(in: settings.compatibility))" }
            for canary in planned.canaries {
                let compiled = self.canary(
                    canary, security, sequence: sequence(canary.owner.label, split),
                    rewrite: plan.hostPlan.rewrite(of: canary, on: planned), keys: &keys, log: &log)
                if compiled.ruleTexts(keys: keys.keys).isEmpty { idle.insert(compiled.name) }
                canaries.append(compiled)
            }
            warnHashKeys(planned, canaries, log: &log)
            let place = planned.path.place
            stables[place] = stable
            let affinity = planned.affinity(settings.compatibility, cookiePath: cookiePath(planned, plan.hostPlan, log: &log), keys: &keys)
            for canary in canaries { canaryBackends[place, default: [:]][canary.name] = canary.backend }
            // Places are distinct by now, so that the table never sees one twice.
            _ = builder.add(host: place.host, path: place.path, type: place.type) { index in
                Route(
                    index: index, label: planned.owner.label, host: place.host.copied, path: place.path.copied, pathType: place.type,
                    stable: stable, canaries: canaries, keys: keys.keys,
                    isPattern: plan.hostPlan.usesRegex(place.host), rewrite: HostPlan.rewrite(planned),
                    retry: planned.annotations.retry, affinity: affinity)
            }
        }
        for host in plan.hosts.sorted() { builder.add(host: host) }
        plan.hostPlan.apply(to: &builder, plan.routes, log: &log)
        return builder.build(addsSlashToExact: settings.compatibility == .ingressNginx)
    }

    /// Without an annotation, a cookie's path is the location's.
    private func cookiePath(_ planned: PlannedRoute, _ hosts: HostPlan, log: inout DiagnosticLog) -> String {
        let path = planned.path.place.path
        guard let affinity = planned.affinity, affinity.setsCookie, !affinity.session.hasPath else {
            return AffinityAnnotations.isPath(path) ? path : "/"
        }
        guard !AffinityAnnotations.isPath(path) || hosts.usesRegex(planned.path.place.host) && path != "/" else { return path }
        let isExact = settings.compatibility == .ingressNginx && AffinityAnnotations.isPath(path)
        let line = planned.owner.annotation(CanaryAnnotations.prefix + "affinity")?.line ?? planned.path.line
        log.warning(
            planned.owner.place(line: line), planned.owner.object,
            "the session cookie of \(planned.path.place), a regular expression, has the path `\(isExact ? path.clipped : "/")`"
                + (isExact ? ", to which browsers hardly send it" : "") + " (R28); write session-cookie-path")
        return isExact ? path : "/"
    }

    private mutating func stable(
        _ planned: PlannedRoute, _ security: UpstreamTLSCompiler.Security, log: inout DiagnosticLog
    ) -> Int {
        if planned.isWithdrawn {
            let name = resolver.resolve(planned.path.backend, namespace: planned.owner.namespace).name
            return position(of: Backend(name: name, endpoints: []), as: BackendKey(name: name + " (R18)"))
        }
        let stable = backend(
            planned.path.backend, of: planned.owner, planned.placement, planned.proxyProtocol, security,
            atService: planned.usesServiceAddress ? planned.owner : nil, log: &log)
        return backends[stable].endpoints.isEmpty ? defaultBackend(planned, security, log: &log) ?? stable : stable
    }

    /// R38: what answers instead of a stable version without endpoints; the canaries stay.
    private mutating func defaultBackend(
        _ planned: PlannedRoute, _ security: UpstreamTLSCompiler.Security, log: inout DiagnosticLog
    ) -> Int? {
        guard let service = planned.annotations.defaultBackend else { return nil }
        let reference = resolver.firstPort(of: service, namespace: planned.owner.namespace)
        let position = reference.map { backend($0, of: planned.owner, planned.placement, planned.proxyProtocol, security, log: &log) }
        let place = planned.owner.place(line: service.line)
        guard let position, !backends[position].endpoints.isEmpty else {
            log.warning(
                place, planned.owner.object,
                "the default-backend \(service.value) has no endpoint, so that \(planned.path.place) answers 503 (R38)")
            return nil
        }
        log.note(
            place, planned.owner.object,
            "\(planned.path.place) is served by the default-backend \(service.value) while its own Service has no endpoint (R38)")
        return position
    }

    /// The position of the backend that a reference leads to, which joins the list if it is new.
    ///
    /// - Parameter owner: the Ingress that wants the Service's own address; nil wants its endpoints.
    private mutating func backend(
        _ reference: BackendReference, of manifest: Manifest, _ balancing: Balancing, _ proxyProtocol: ProxyHeader.Version?,
        _ security: UpstreamTLSCompiler.Security, atService owner: Manifest? = nil, log: inout DiagnosticLog
    ) -> Int {
        let tls = security.tls(of: resolver.dnsName(of: reference.service, namespace: manifest.namespace))
        if case .denied = security {
            let name = resolve(reference, of: manifest, log: &log).name
            return position(of: Backend(name: name, endpoints: []), as: BackendKey(name: name + " proxy-ssl-secret"))
        }
        if let owner, let position = serviceAddress(reference, of: owner, balancing, proxyProtocol, tls, log: &log) { return position }
        let backend = resolve(reference, of: manifest, log: &log)
        // One Service may be balanced, and spoken to, in several ways.
        let key = BackendKey(name: backend.name, balancing: balancing, proxyProtocol: proxyProtocol, tls: tls)
        let made = Backend(name: backend.name, endpoints: backend.endpoints, balancing: balancing, proxyProtocol: proxyProtocol, tls: tls)
        return position(of: made, as: key)
    }

    private mutating func resolve(
        _ reference: BackendReference, of manifest: Manifest, log: inout DiagnosticLog
    ) -> (name: String, endpoints: [Endpoint]) {
        let resolution = resolver.resolve(reference, namespace: manifest.namespace)
        if let line = resolution.entryLine { usedEntries.insert(line) }
        // R12: the name of a port makes another backend than its number.
        let name = switch settings.compatibility {
        case .scoped: resolution.name
        case .ingressNginx: "\(manifest.namespace)/\(reference.service):\(reference.port)"
        }
        if let problem = resolution.problem, reported.insert(name).inserted {
            log.warning(
                manifest.place(line: reference.line), manifest.object,
                "no endpoint is known for Service \(name), so that it answers 503: \(problem)")
        }
        return (name, resolution.endpoints)
    }

    /// The position of the backend that is a Service's own address; nil, with a warning, if it has none.
    private mutating func serviceAddress(
        _ reference: BackendReference, of manifest: Manifest, _ balancing: Balancing, _ proxyProtocol: ProxyHeader.Version?,
        _ tls: BackendTLS?, log: inout DiagnosticLog
    ) -> Int? {
        if let address = resolver.serviceAddress(reference, namespace: manifest.namespace) {
            let key = BackendKey(name: address.name + " service-upstream", balancing: balancing, proxyProtocol: proxyProtocol, tls: tls)
            let made = Backend(
                name: address.name, endpoints: [address.endpoint], balancing: balancing, proxyProtocol: proxyProtocol, tls: tls)
            return position(of: made, as: key)
        }
        guard resolver.hasNoAddress(reference, namespace: manifest.namespace) else { return nil }
        log.warning(
            manifest.place(line: reference.line), manifest.object,
            "service-upstream does nothing for Service \(manifest.namespace)/\(reference.service), which has no `clusterIP` in the "
                + "manifests: requests go to its endpoints")
        return nil
    }

    private mutating func position(of backend: Backend, as key: BackendKey) -> Int {
        if let known = backendPositions[key] { return known }
        backendPositions[key] = backends.count
        backends.append(backend)
        return backends.count - 1
    }

    // MARK: Canaries

    private mutating func canary(
        _ planned: PlannedCanary, _ security: UpstreamTLSCompiler.Security, sequence: Int, rewrite: Rewrite?,
        keys: inout ValueKeyList, log: inout DiagnosticLog
    ) -> Canary {
        let annotations = planned.annotations
        let hashKeys = annotations.hash.key?.keys ?? settings.hashBy
        let backend = backend(
            planned.backend, of: planned.owner, planned.placement, planned.proxyProtocol, security,
            atService: planned.usesServiceAddress ? planned.owner : nil, log: &log)
        return Canary(
            name: planned.owner.label, backend: backend,
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
            weight: annotations.weight, total: annotations.total(in: settings.compatibility),
            hashKeys: hashKeys.map { keys.index(of: $0) }, hashSeed: annotations.hash.seed,
            hashCookie: annotations.hash.cookie, marks: annotations.marks,
            edits: annotations.changes.edits, rewrite: rewrite, shield: annotations.shield,
            mirror: mirror(annotations.mirror, of: planned.owner), sequence: sequence)
    }

    /// One sequence for each canary Ingress; a label has no space.
    private mutating func mirror(_ annotations: MirrorAnnotations, of manifest: Manifest) -> Mirror? {
        guard annotations.share > 0 else { return nil }
        let name = manifest.label + " mirror"
        if mirrorSequences[name] == nil {
            mirrorSequences[name] = sequences.count
            sequences.append(name)
        }
        return mirrorSequences[name].map { Mirror(share: annotations.share, total: annotations.total, sequence: $0) }
    }

    /// One for each canary Ingress; its paths share it, and so do the routes of its main Service (R20).
    private mutating func match(_ planned: PlannedCanary, log: inout DiagnosticLog) -> HeaderRule.Match {
        if let known = matches[planned.owner.label] { return known }
        let match = headerMatch(planned, log: &log)
        matches[planned.owner.label] = match
        return match
    }

    private func headerMatch(_ planned: PlannedCanary, log: inout DiagnosticLog) -> HeaderRule.Match {
        if let value = planned.annotations.headerValue { return .value(Array(value.utf8)) }
        guard let text = planned.annotations.headerPattern else { return .alwaysNever }
        do {
            return .pattern(try Pattern(text))
        } catch {
            let annotation = AnnotationReader(manifest: planned.owner).canary("canary-by-header-pattern")
            log.warning(
                planned.owner.place(line: annotation?.line ?? planned.line), planned.owner.object,
                "the pattern \"\(text.clipped)\" never matches, every request with the header goes to stable (R21): "
                    + error.description)
            return .invalidPattern(text)
        }
    }

    /// One sequence for each canary Ingress; its paths share it while the requests of each are split alike, as a sequence is
    /// exact for one weight at a time only. Named so that it is found again after a change of the weights.
    private mutating func sequence(_ label: String, _ split: [String]) -> Int {
        let known = sequencePositions[label] ?? [:]
        if let position = known[split] { return position }
        sequencePositions[label, default: [:]][split] = sequences.count
        sequences.append(known.isEmpty ? label : "\(label) \(known.count + 1)")
        return sequences.count - 1
    }

    /// What became of each path of each canary Ingress, and of each release.
    private mutating func reports(_ plan: RoutePlan, log: inout DiagnosticLog) -> [CanaryReport] {
        plan.outcomes.map { outcome in
            let place = outcome.path.place
            return CanaryReport(
                object: outcome.owner.object, file: outcome.owner.place.file, line: outcome.path.line, host: place.host,
                path: place.path, pathType: place.type, inactive: outcome.obstacle ?? inactive(outcome, log: &log))
        }
    }

    /// Why a bound canary gets no request.
    private mutating func inactive(_ outcome: CanaryOutcome, log: inout DiagnosticLog) -> String? {
        if idle.contains(outcome.owner.label) { return "it has no header, no cookie and no weight above 0 (R27)" }
        let bound = canaryBackends[outcome.path.place]?[outcome.owner.label]
        let canary = bound.map { (name: backends[$0].name, endpoints: backends[$0].endpoints) }
            ?? resolve(outcome.path.backend, of: outcome.owner, log: &log)
        if outcome.isRelease {
            return canary.endpoints.isEmpty ? "Service \(canary.name) has no endpoint, stable answers its requests" : nil
        }
        if settings.compatibility == .ingressNginx, let stable = stables[outcome.path.place], backends[stable].endpoints.isEmpty {
            return "the main Service \(backends[stable].name) has no endpoint, so that all requests are answered 503 (R21.0)"
        }
        guard canary.endpoints.isEmpty else { return nil }
        if settings.compatibility == .ingressNginx { return "Service \(canary.name) has no endpoint, stable answers its requests (R21.3)" }
        let instead = settings.failover == .none ? "its requests are answered 503" : "stable answers its requests"
        return "Service \(canary.name) has no endpoint, \(instead)"
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
                one.owner.place(line: annotation?.line ?? one.line), one.owner.object,
                "sticks to another \(thing) than \(other.owner.object) on the same path, whose \(thing) serves both; give "
                    + "both the same \(AnnotationReader.prefix)\(name)")
        }
    }
}
