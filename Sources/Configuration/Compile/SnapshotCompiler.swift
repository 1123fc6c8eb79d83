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
        /// As `CanaryEffects.obstacles`.
        let obstacles: [[String?]]
        let tls: TLSContexts
        /// For the next compilation.
        let remains: PreviousLoad
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
    private var missing = MissingEndpoints()
    /// For each route the backend that its path names, though another may answer (R38).
    private var own: [Int] = []
    var sequences: [String] = []
    /// By label of the canary, then by how the canaries of a route share its requests.
    var sequencePositions: [String: [[String]: Int]] = [:]
    /// By name.
    var mirrorSequences: [String: Int] = [:]
    var matches: [String: HeaderRule.Match] = [:]
    /// Lines of the entries of `services:` that a route uses.
    private var usedEntries: Set<Int> = []

    /// `config` is where diagnostics about the whole configuration point; `previous` is what the compilation before has left.
    static func compile(
        _ manifests: [Manifest], settings: Settings, config: Place, now: Int64 = Int64(Date().timeIntervalSince1970),
        after previous: PreviousLoad = PreviousLoad(), log: inout DiagnosticLog
    ) -> Result {
        let loader = CertificateLoader(after: previous.certificates)
        var compiler = SnapshotCompiler(manifests, loader, after: previous, settings: settings, config: config, now: now)
        let selection = IngressSelection(manifests, classes: settings.ingressClasses)
        var ingresses = selection.ordered(manifests, settings.compatibility, log: &log)
        var admission = Admission.Result()
        if settings.compatibility == .ingressNginx {
            admission = Admission(riskLevel: settings.riskLevel).admit(ingresses, stored: previous.ingresses, log: &log)
            ingresses = admission.ingresses
        }
        let plan = RoutePlanner.plan(ingresses, settings.compatibility, log: &log)
        compiler.securing.note(plan)
        let routes = compiler.routes(plan, log: &log)
        if routes.routes.isEmpty, !log.hasErrors {
            log.warning(
                config, "configuration",
                "there is no route, every request will be answered 404; name manifests with an Ingress under `manifests:`")
        }
        for entry in settings.services where !compiler.usedEntries.contains(entry.line) {
            log.note(
                config.at(line: entry.line), "services.\(entry.key)", "no Ingress sends requests to this Service and port")
        }
        let tls = TLSCompiler.compile(plan, manifests, settings, loader, after: previous.clients, config: config, now: now, log: &log)
        var https = tls.policy
        if settings.compatibility == .ingressNginx { dropSlashes(plan, &https) }
        https.revocationEnds.merge(compiler.securing.secrets.revocationEnds) { own, _ in own }
        let snapshot = Snapshot(
            routes: routes, backends: compiler.backends, sequences: compiler.sequences, timeouts: settings.timeouts,
            limits: settings.limits, forwarding: settings.forwarding, failover: settings.failover,
            compatibility: settings.compatibility, https: https, gzip: GzipOptions.policy(plan, settings.gzip),
            health: HealthOptions.policy(compiler.backends, settings.healthChecks, config: config, log: &log))
        compiler.missing.report(snapshot, own: compiler.own, log: &log)
        let effects = CanaryEffects(snapshot, plan)
        var warnings = CanaryWarnings(snapshot)
        warnings.report(plan, own: compiler.own, obstacles: effects.obstacles, log: &log)
        return Result(
            snapshot: snapshot, canaries: effects.reports(plan.outcomes + admission.refused), obstacles: effects.obstacles,
            tls: TLSContexts(clients: tls.context, upstreams: compiler.securing.contexts),
            remains: PreviousLoad(admission.stored, loader.known, tls.context, compiler.securing.contexts))
    }

    /// In ingress-nginx redirects to HTTPS lose a slash at the URL's end, where no annotation keeps it.
    private static func dropSlashes(_ plan: RoutePlan, _ policy: inout HTTPSPolicy) {
        for index in policy.rules.indices where policy.rules[index].contains(.redirects) {
            if !plan.routes[index].annotations.preservesTrailingSlash { policy.rules[index].insert(.dropsSlash) }
        }
    }

    private init(
        _ manifests: [Manifest], _ loader: CertificateLoader, after previous: PreviousLoad, settings: Settings, config: Place, now: Int64
    ) {
        self.settings = settings
        self.config = config
        resolver = EndpointResolver(manifests, overrides: settings.services)
        securing = UpstreamTLSCompiler(manifests, loader, settings.compatibility, after: previous.upstreams, now: now)
    }

    // MARK: Routes

    private mutating func routes(_ plan: RoutePlan, log: inout DiagnosticLog) -> RouteTable {
        var builder = RouteTableBuilder()
        for planned in plan.routes {
            let security = securing.security(of: planned, log: &log)
            let stable = stable(planned, security, log: &log)
            var keys = ValueKeyList()
            var canaries: [Canary] = []
            let split = planned.others.map { "\($0.annotations.weight)/\($0.annotations.total(in: settings.compatibility))" }
            for canary in planned.others {
                canaries.append(
                    self.canary(
                        canary, security, sequence: sequence(canary.owner.label, split),
                        rewrite: plan.hostPlan.rewrite(of: canary, on: planned), keys: &keys, log: &log))
            }
            let place = planned.path.place
            let affinity = planned.affinity(settings.compatibility, cookiePath: cookiePath(planned, plan.hostPlan, log: &log), keys: &keys)
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
            "the session cookie of \("\(planned.path.place)".clipped), \(hosts.usesRegex(planned.path.place.host) ? "a regular expression" : "which no cookie can have"), "
                + "has the path `\(isExact ? path.clipped : "/")`"
                + (isExact ? ", to which browsers hardly send it" : "") + " (R28); write session-cookie-path")
        return isExact ? path : "/"
    }

    private mutating func stable(
        _ planned: PlannedRoute, _ security: UpstreamTLSCompiler.Security, log: inout DiagnosticLog
    ) -> Int {
        if planned.isWithdrawn {
            let name = resolver.resolve(planned.path.backend, namespace: planned.owner.namespace).name
            let withdrawn = position(of: Backend(name: name, endpoints: []), as: BackendKey(name: name + " (R18)"))
            own.append(withdrawn)
            return withdrawn
        }
        let stable = backend(
            planned.path.backend, of: planned.owner, planned.placement, planned.proxyProtocol, security,
            atService: planned.usesServiceAddress ? planned.owner : nil, log: &log)
        own.append(stable)
        return backends[stable].endpoints.isEmpty ? defaultBackend(planned, security, log: &log) ?? stable : stable
    }

    /// R38: what answers instead of a stable version without endpoints; the canaries stay.
    private mutating func defaultBackend(
        _ planned: PlannedRoute, _ security: UpstreamTLSCompiler.Security, log: inout DiagnosticLog
    ) -> Int? {
        guard let service = planned.annotations.defaultBackend else { return nil }
        let place = planned.owner.place(line: service.line)
        let reference = resolver.firstPort(of: service, namespace: planned.owner.namespace)
        let found = reference.map { resolver.resolve($0, namespace: planned.owner.namespace) }
        if let line = found?.entryLine { usedEntries.insert(line) }
        guard let reference, let found, found.problem == nil else {
            log.warning(
                place, planned.owner.object,
                "the default-backend \(service.value) has no endpoint either, so that it does not answer \(planned.path.place) (R38): "
                    + (found?.problem ?? "nothing is known of such a Service"))
            return nil
        }
        let position = backend(reference, of: planned.owner, planned.placement, planned.proxyProtocol, security, log: &log)
        // Nothing is sent anywhere for want of what it would be secured with.
        guard !backends[position].endpoints.isEmpty else { return nil }
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
            let name = resolve(reference, of: manifest).name
            return position(of: Backend(name: name, endpoints: []), as: BackendKey(name: name + " proxy-ssl-secret"))
        }
        if let owner, let position = serviceAddress(reference, of: owner, balancing, proxyProtocol, tls, log: &log) { return position }
        let backend = resolve(reference, of: manifest)
        // One Service may be balanced, and spoken to, in several ways.
        let key = BackendKey(name: backend.name, balancing: balancing, proxyProtocol: proxyProtocol, tls: tls)
        let made = Backend(name: backend.name, endpoints: backend.endpoints, balancing: balancing, proxyProtocol: proxyProtocol, tls: tls)
        return position(of: made, as: key)
    }

    private mutating func resolve(_ reference: BackendReference, of manifest: Manifest) -> (name: String, endpoints: [Endpoint]) {
        let resolution = resolver.resolve(reference, namespace: manifest.namespace)
        if let line = resolution.entryLine { usedEntries.insert(line) }
        // R12: the name of a port makes another backend than its number.
        let name = switch settings.compatibility {
        case .scoped: resolution.name
        case .ingressNginx: "\(manifest.namespace)/\(reference.service):\(reference.port)"
        }
        if let problem = resolution.problem { missing.note(name, reference, of: manifest, problem) }
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
}
