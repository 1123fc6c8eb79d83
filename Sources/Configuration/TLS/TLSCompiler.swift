internal import Addressing
internal import Exchange
internal import TLS

/// Finds the certificates of the hosts, as ingress-nginx does, and decides what HTTPS means for the routes.
struct TLSCompiler {
    struct Result {
        /// Nil while no listener speaks TLS.
        let context: TLSContext?
        let policy: HTTPSPolicy
    }

    private let options: TLSOptions
    private let hasListener: Bool
    private let config: Place
    private var reader: CertificateReader
    /// What each host is served with; empty is the default certificate.
    private var owned: [String: [CertificateReader.Source]] = [:]
    /// What hosts want of their clients' certificates.
    private let clients: ClientTLSCompiler
    private let compatibility: Compatibility
    /// Who gave a host its first certificate.
    private var givers: [String: Manifest] = [:]
    /// In the order in which they came.
    private var hosts: [String] = []
    /// Hosts of rules that no entry of their Ingress's `spec.tls` has a certificate for, with that Ingress.
    private var unserved: [(host: String, main: PlannedIngress)] = []
    /// Where the default certificate comes from, if it is not self-signed.
    private var fallbackSource: String?

    static func compile(
        _ plan: RoutePlan, _ manifests: [Manifest], _ settings: Settings, _ loader: CertificateLoader, after former: TLSContext?,
        config: Place, now: Int64, log: inout DiagnosticLog
    ) -> Result {
        let clients = ClientTLSCompiler(plan, manifests, settings.compatibility, now: now, log: &log)
        let ciphers = HostCiphers(plan, log: &log)
        var compiler = TLSCompiler(clients, manifests, settings, loader, config, now)
        for main in plan.mains { compiler.add(main, log: &log) }
        for alias in plan.hostPlan.aliases { compiler.addAlias(alias.name, of: alias.host, in: plan, log: &log) }
        for files in compiler.options.certificates { compiler.add(files, log: &log) }
        let fallback = compiler.fallback(log: &log)
        compiler.serveUnserved(fallback, log: &log)
        compiler.addAliasesOfUnserved(plan, fallback)
        let served = ServedHosts(compiler.hosts, compiler.owned, plan, clients, ciphers, fallback: fallback)
        guard compiler.hasListener else { return Result(context: nil, policy: compiler.policy(plan, served, [])) }
        let sets = served.sets
        compiler.warnUnfit(sets + [served.fallback], log: &log)
        return Result(
            context: compiler.context(sets, served.fallback, after: former, log: &log), policy: compiler.policy(plan, served, sets))
    }

    private init(
        _ clients: ClientTLSCompiler, _ manifests: [Manifest], _ settings: Settings, _ loader: CertificateLoader, _ config: Place,
        _ now: Int64
    ) {
        self.clients = clients
        compatibility = settings.compatibility
        options = settings.tls
        hasListener = settings.process.listeners.contains(where: \.tls)
        self.config = config
        reader = CertificateReader(manifests, loader, now: now, areServed: hasListener)
    }

    // MARK: Hosts of Ingresses

    private mutating func add(_ main: PlannedIngress, log: inout DiagnosticLog) {
        guard !main.spec.tls.isEmpty else { return }
        var named = Set<String>()
        for rule in main.spec.rules where !rule.host.isEmpty && named.insert(rule.host).inserted {
            let entries = entries(for: rule.host, of: main, log: &log)
            if entries.isEmpty { unserved.append((rule.host, main)) }
            for entry in entries { give(rule.host, entry, of: main, log: &log) }
        }
        for entry in main.spec.tls {
            for host in entry.hosts where !named.contains(host.value) && !covers(host.value, named) {
                log.note(
                    main.manifest.place(line: host.line), main.manifest.object,
                    "`spec.tls` names \(host.value), but no rule of this Ingress does: no certificate is served for it")
            }
        }
        if !hasListener {
            log.note(
                main.manifest.place(line: main.spec.tlsLine ?? main.manifest.place.line), main.manifest.object,
                "no listener speaks TLS, so that these hosts are served by HTTP only; add one with `tls: true`")
        }
    }

    /// A wildcard in `spec.tls` is for the hosts below it.
    private func covers(_ pattern: String, _ named: Set<String>) -> Bool {
        guard pattern.hasPrefix("*.") else { return false }
        return named.contains { $0.hasSuffix(pattern.dropFirst()) }
    }

    /// Those that name the host; else the first whose certificate is for it.
    private mutating func entries(
        for host: String, of main: PlannedIngress, log: inout DiagnosticLog
    ) -> [IngressManifest.TLSEntry] {
        let own = main.spec.tls.filter { $0.hosts.contains { $0.value == host } }
        if !own.isEmpty { return own }
        for entry in main.spec.tls {
            if let source = source(of: entry, of: main, log: &log), source.certificate.isFor(host) { return [entry] }
        }
        return []
    }

    private mutating func source(
        of entry: IngressManifest.TLSEntry, of main: PlannedIngress, log: inout DiagnosticLog
    ) -> CertificateReader.Source? {
        guard let secret = entry.secret else { return nil }
        return reader.secret(
            "\(main.manifest.namespace)/\(secret.value)", for: (main.manifest.place(line: secret.line), main.manifest.object), log: &log)
    }

    /// The oldest Ingress decides (R11); what it or others say later joins if it is of another key type.
    private mutating func give(
        _ host: String, _ entry: IngressManifest.TLSEntry, of main: PlannedIngress, log: inout DiagnosticLog
    ) {
        let place = main.manifest.place(line: entry.secret?.line ?? entry.line)
        if givers[host] == nil {
            givers[host] = main.manifest
            hosts.append(host)
            owned[host] = []
        }
        guard let source = source(of: entry, of: main, log: &log) else { return }
        guard source.certificate.isFor(host) else {
            return log.warning(
                place, main.manifest.object,
                "\(source.name) is not for \(host), but for \(Self.list(source.certificate.names)): the default certificate is served")
        }
        guard !has(source.certificate.keyType, host) else {
            guard owned[host]?.contains(where: { $0.name == source.name }) != true else { return }
            return log.warning(
                place, main.manifest.object,
                "\(host) has a certificate of this kind already, by \(givers[host]?.object ?? "another"), which counts")
        }
        owned[host, default: []].append(source)
    }

    private func has(_ type: Certificate.KeyType, _ host: String) -> Bool {
        owned[host]?.contains { $0.certificate.keyType == type } == true
    }

    /// Every host of an Ingress with `spec.tls` is for HTTPS, as in ingress-nginx: without a certificate it has the default one. In
    /// `scoped` a wildcard's goes before.
    private mutating func serveUnserved(_ fallback: HostCertificates, log: inout DiagnosticLog) {
        let table = HostNameTable(placesOf: hosts)
        for (host, main) in unserved where owned[host] == nil {
            if compatibility == .scoped, table.find(Array(host.utf8).span) != nil { continue }
            hosts.append(host)
            owned[host] = []
            guard hasListener, !fallback.certificates.contains(where: { $0.isFor(host) }) else { continue }
            log.warning(
                main.manifest.place(line: main.spec.tlsLine ?? main.manifest.place.line), main.manifest.object,
                "no entry of `spec.tls` names \(host) or has a certificate for it: the default certificate is served, and HTTP redirected there")
        }
    }

    /// An alias has those certificates of its host that are for it. Without any it is no host for HTTPS, as in ingress-nginx.
    private mutating func addAlias(_ alias: String, of host: String, in plan: RoutePlan, log: inout DiagnosticLog) {
        guard let sources = owned[host], !sources.isEmpty, owned[alias] == nil else { return }
        let fit = sources.filter { $0.certificate.isFor(alias) }
        guard fit.isEmpty else {
            hosts.append(alias)
            owned[alias] = fit
            return
        }
        let main = plan.mains.first { main in
            main.spec.rules.contains { $0.host == host } && main.annotations.aliases.contains { $0.value == alias }
        }
        guard hasListener, let main else { return }
        log.warning(
            main.manifest.place(line: main.annotations.aliases.first { $0.value == alias }?.line ?? main.manifest.place.line), main.manifest.object,
            "server-alias: \(sources[0].name), of \(host), is not for \(alias), but for \(Self.list(sources[0].certificate.names)): it has "
                + "no certificate by that")
    }

    /// Aliases of hosts that have the default certificate have it, too: in ingress-nginx only if it is for them.
    private mutating func addAliasesOfUnserved(_ plan: RoutePlan, _ fallback: HostCertificates) {
        let table = HostNameTable(placesOf: hosts)
        for alias in plan.hostPlan.aliases where owned[alias.host]?.isEmpty == true && owned[alias.name] == nil {
            let isServed = compatibility == .scoped
                ? table.find(Array(alias.name.utf8).span) == nil : fallback.certificates.contains { $0.isFor(alias.name) }
            guard isServed else { continue }
            hosts.append(alias.name)
            owned[alias.name] = []
        }
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).joined(separator: ", ")
        return shown.isEmpty ? "no name" : names.count > 5 ? shown + "…" : shown
    }

    // MARK: Files

    private mutating func add(_ files: TLSOptions.Files, log: inout DiagnosticLog) {
        guard let source = reader.files(files, config, log: &log) else { return }
        let names = files.hosts.isEmpty ? source.certificate.names.map { Located(value: $0, line: files.certificate.line) } : files.hosts
        if names.isEmpty {
            log.warning(
                config.at(line: files.certificate.line), files.certificate.value,
                "the certificate names no host; list them under `hosts`")
        }
        for host in names {
            if !files.hosts.isEmpty, !source.certificate.isFor(host.value) {
                log.warning(
                    config.at(line: host.line), files.certificate.value,
                    "is not for \(host.value), but for \(Self.list(source.certificate.names)): clients will refuse it")
            }
            if owned[host.value] == nil { hosts.append(host.value) }
            if let taker = owned[host.value]?.first(where: { $0.certificate.keyType == source.certificate.keyType }) {
                if taker.name == source.name { continue }
                // That a manifest speaks for a host of a certificate with many is as it should be.
                let message = "\(host.value) has a certificate of this kind already, \(taker.name), which counts"
                if taker.isFile || !files.hosts.isEmpty {
                    log.warning(config.at(line: host.line), files.certificate.value, message)
                } else {
                    log.note(config.at(line: host.line), files.certificate.value, message)
                }
            } else {
                owned[host.value, default: []].append(source)
            }
        }
    }

    // MARK: Everything else

    private mutating func fallback(log: inout DiagnosticLog) -> HostCertificates {
        var source: CertificateReader.Source?
        switch options.defaultCertificate {
        case .files(let files):
            source = reader.files(files, config, log: &log)
        case .secret(let label):
            source = reader.secret(label.value, for: (config.at(line: label.line), "tls.defaultCertificate"), log: &log)
        case nil:
            break
        }
        if let source {
            fallbackSource = source.name
            return HostCertificates(
                source: source.name, hosts: [], certificates: [source.certificate], responses: source.response.map { [$0] } ?? [])
        }
        if hasListener {
            let message = "no default certificate is given: hosts without one get a self-signed one, which no client trusts"
            if owned.isEmpty {
                log.warning(config, "tls", message + "; and no host has one: name them by `spec.tls` or `tls.certificates`")
            } else {
                log.note(config, "tls", message)
            }
        }
        return HostCertificates(source: Self.selfSigned, hosts: [], certificates: hasListener ? [.selfSigned] : [])
    }

    /// Clients that speak TLS 1.2 only get nowhere where no cipher goes with any key.
    private func warnUnfit(_ sets: [HostCertificates], log: inout DiagnosticLog) {
        guard options.session.minimumVersion == .tls12 else { return }
        let ours = options.session.ciphers.joined(separator: ":")
        var known: [String: Bool] = [:]
        for set in sets where set.source != Self.selfSigned && !set.certificates.isEmpty {
            let list = set.ciphers?.list ?? ours
            let types = Set(set.certificates.map(\.keyType))
            let fits = types.contains { type in
                let key = "\(type) \(list)"
                if known[key] == nil { known[key] = CipherPreference.fits(type, list) }
                return known[key] == true
            }
            if fits { continue }
            let hosts = set.hosts.isEmpty ? "others" : Self.list(set.hosts)
            log.warning(
                config, "tls",
                "no cipher of \(hosts) goes with the key of \(set.source) (\(types.map(\.rawValue).sorted().joined(separator: ", "))): "
                    + "clients that speak TLS 1.2 only can't connect")
        }
    }

    private static let selfSigned = "self-signed"

    private func context(
        _ sets: [HostCertificates], _ fallback: HostCertificates, after former: TLSContext?, log: inout DiagnosticLog
    ) -> TLSContext? {
        do {
            return try TLSContext(options.session, sets, fallback: fallback, after: former)
        } catch {
            log.error(config, "tls", error.description)
            return nil
        }
    }

    // MARK: Routes

    private func policy(_ plan: RoutePlan, _ served: ServedHosts, _ sets: [HostCertificates]) -> HTTPSPolicy {
        var policy = HTTPSPolicy()
        let plain = plan.hostPlan.aliases.filter { served.isCertified($0.host) && !served.isCertified($0.name) }
        let spared = Set(plain.map(\.host))
        if !plain.isEmpty {
            // With all the others: a name of its own goes before the wildcard that an alias may be.
            let spares = Set(plain.map(\.name))
            let names = plan.hosts.union(hosts).union(plan.hostPlan.aliases.map(\.name))
            policy.plainNames = HostNameTable(names.map { ($0, spares.contains($0) ? 1 : 0) })
        }
        policy.rules = plan.routes.map { rule($0, served, spared) }
        for (index, route) in plan.routes.enumerated() {
            guard let host = clients.hosts[route.path.place.host] else { continue }
            policy.rules[index].insert(.looksAtClients)
            policy.clientRules[index] = host.rule(
                identity: served.set(of: route.path.place.host).identity, isChallenge: isChallenge(route), compatibility)
        }
        if policy.rules.allSatisfy(\.isEmpty) { policy.rules = [] }
        // nginx asks on a server that has nothing behind it, too, and says 404 to those only whom it lets in.
        let routed = Set(plan.routes.map(\.path.place.host))
        for (name, host) in clients.hosts where plan.hosts.contains(name) && !routed.contains(name) {
            policy.clientRulesOfHosts[name] = host.rule(identity: served.set(of: name).identity, isChallenge: false, compatibility)
        }
        policy.redirectPort = UInt16(options.redirectPort)
        policy.strictTransport = Array(options.strictTransport.value.utf8)
        policy.certificates = hasListener ? certificates : []
        policy.revocationEnds = clients.secrets.revocationEnds
        if options.isStrict, hasListener {
            let table = HostNameTable(sets.indices.flatMap { index in sets[index].hosts.map { ($0, index) } })
            policy.owners = HTTPSPolicy.Owners(hosts: table, identities: sets.map(\.identity), fallback: served.fallback.identity)
        }
        return policy
    }

    /// Those that are served: others were read, too, which turned out to be for other hosts.
    private var certificates: [HTTPSPolicy.Certificate] {
        var names = Set(owned.values.joined().map(\.name))
        if let fallbackSource { names.insert(fallbackSource) }
        // A file may be listed twice, for several hosts.
        return reader.sources.filter { names.remove($0.name) != nil }.map { source in
            HTTPSPolicy.Certificate(
                source: source.name, keyType: source.certificate.keyType.rawValue, notAfter: source.certificate.notAfter,
                responseEnd: source.responseEnd)
        }
    }

    /// Paths of certificate authorities that have to be reached by HTTP (RFC 8555 section 8.3).
    private static let challenge = "/.well-known/acme-challenge"

    private func isChallenge(_ route: PlannedRoute) -> Bool { route.path.place.path.hasPrefix(Self.challenge) }

    /// - Parameter spared: hosts with names that HTTP is for.
    private func rule(_ route: PlannedRoute, _ served: ServedHosts, _ spared: Set<String>) -> HTTPSPolicy.Rule {
        let isCertified = hasListener && served.isCertified(route.path.place.host)
        let wants = isCertified && (route.annotations.redirectsToHTTPS ?? options.redirects)
        var rule: HTTPSPolicy.Rule = isCertified ? .isCertified : []
        let isForced = route.annotations.forcesHTTPS
        guard wants || isForced, !isChallenge(route) else { return rule }
        rule.insert(.redirects)
        if !isForced, spared.contains(route.path.place.host) { rule.insert(.sparesPlainNames) }
        return rule
    }
}
