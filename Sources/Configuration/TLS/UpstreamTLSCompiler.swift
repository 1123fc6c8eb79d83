internal import Exchange
internal import Routing
internal import TLS

/// Makes what connections to upstreams are secured with, each once, and says what is wrong with it where it is written.
struct UpstreamTLSCompiler {
    /// How the Services of a route are spoken to.
    enum Security {
        case plain
        /// By these settings; `name` is the annotation's, without which each Service's own counts.
        case secured(context: Int, name: String?, isVerified: Bool, sendsName: Bool)
        /// As in ingress-nginx, nothing is sent anywhere: what it would be secured with is not there.
        case denied
    }

    private let compatibility: Compatibility
    private let loader: CertificateLoader
    private(set) var secrets: SecretReader
    private(set) var contexts: [UpstreamTLSContext] = []
    /// Of the load before, by the settings' identity.
    private let former: [String: UpstreamTLSContext]
    /// By the settings' identity.
    private var positions: [String: Int] = [:]
    /// By the label of the Ingress; its paths share one.
    private var known: [String: Security] = [:]
    /// In `ingress-nginx`: the Ingresses that say something for a whole host, in the order of precedence, canaries too (R36).
    private var hosts: [String: [PlannedIngress]] = [:]

    init(
        _ manifests: [Manifest], _ loader: CertificateLoader, _ compatibility: Compatibility, after former: [UpstreamTLSContext], now: Int64
    ) {
        self.former = Dictionary(former.map { ($0.identity, $0) }) { first, _ in first }
        self.loader = loader
        self.compatibility = compatibility
        secrets = SecretReader(manifests, now: now)
    }

    mutating func note(_ plan: RoutePlan) {
        guard compatibility == .ingressNginx else { return }
        for ingress in plan.ingresses where ingress.annotations.upstreamTLS.secret != nil {
            for rule in ingress.spec.rules where hosts[rule.host]?.last?.manifest.label != ingress.manifest.label {
                hosts[rule.host, default: []].append(ingress)
            }
        }
    }

    mutating func security(of route: PlannedRoute, log: inout DiagnosticLog) -> Security {
        guard route.annotations.upstreamTLS.isHTTPS else { return .plain }
        if route.annotations.upstreamTLS.secret == nil, let server = server(of: route) {
            return security(server.annotations.upstreamTLS, of: server.manifest, log: &log)
        }
        return security(route.annotations.upstreamTLS, of: route.owner, log: &log)
    }

    /// R36: what the first Ingress with authorities says holds for the host's other ones.
    private func server(of route: PlannedRoute) -> PlannedIngress? {
        hosts[route.path.place.host]?.first { ingress in
            ingress.annotations.upstreamTLS.secret.flatMap { secrets.find($0.value, from: ingress.manifest) }?.secret.authorities != nil
        }
    }

    private mutating func security(
        _ annotations: UpstreamTLSAnnotations, of manifest: Manifest, log: inout DiagnosticLog
    ) -> Security {
        if let known = known[manifest.label] { return known }
        let made = make(annotations, manifest, log: &log)
        known[manifest.label] = made
        return made
    }

    // MARK: Making

    private mutating func make(_ annotations: UpstreamTLSAnnotations, _ manifest: Manifest, log: inout DiagnosticLog) -> Security {
        var settings = UpstreamTLSSettings()
        var found: SecretReader.Found?
        if let secret = annotations.secret {
            found = secrets.find(secret, for: manifest, "proxy-ssl-secret", log: &log)
            guard let found else { return .denied }
            guard let contents = read(found, log: &log) else { return .denied }
            settings.certificate = contents.certificate
            if let authorities = contents.authorities { settings.trust = .those(authorities) }
        }
        // ingress-nginx writes these only beside authorities, and nothing without a Secret.
        let counts = compatibility == .scoped || found?.secret.authorities != nil
        if counts {
            settings.depth = annotations.depth
            settings.minimumVersion = annotations.oldestVersion
            settings.maximumVersion = annotations.newestVersion
            settings.ciphers = annotations.ciphers?.value ?? settings.ciphers
        }
        let isNamed = compatibility == .scoped || found != nil
        if !isNamed, let line = annotations.settingsLine {
            log.warning(manifest.place(line: line), manifest.object, "without proxy-ssl-secret the other proxy-ssl-* do nothing, as in ingress-nginx")
        }
        settings.trust = trust(settings.trust, annotations, manifest, counts, log: &log)
        guard let context = context(settings, annotations, manifest, log: &log) else { return .denied }
        let sendsName = isNamed && annotations.sendsName
        return .secured(context: context, name: annotations.name, isVerified: settings.isVerified, sendsName: sendsName)
    }

    /// Whom to trust: nobody is checked unless that is asked for.
    private func trust(
        _ given: UpstreamTLSSettings.Trust, _ annotations: UpstreamTLSAnnotations, _ manifest: Manifest, _ counts: Bool,
        log: inout DiagnosticLog
    ) -> UpstreamTLSSettings.Trust {
        guard let verifies = annotations.verifies, verifies.value else {
            log.note(
                manifest.place(line: annotations.verifies?.line ?? manifest.place.line), manifest.object,
                "the certificates of its upstreams are not checked, as in ingress-nginx; write proxy-ssl-verify: \"on\" and a "
                    + "proxy-ssl-secret with ca.crt")
            return .anybody
        }
        let place = manifest.place(line: verifies.line)
        guard counts else {
            log.warning(
                place, manifest.object,
                "proxy-ssl-verify does nothing without a proxy-ssl-secret with ca.crt, as in ingress-nginx: the upstream's certificate is not checked")
            return .anybody
        }
        if annotations.name == nil {
            log.note(
                place, manifest.object,
                "without proxy-ssl-name the upstream's certificate has to be for the Service's own name (service.namespace.svc, or that of an "
                    + "ExternalName), which in ingress-nginx no certificate is good for")
        }
        if case .those = given { return given }
        log.note(place, manifest.object, "there is no ca.crt: the authorities of this system count for its upstreams")
        return .system
    }

    private mutating func context(
        _ settings: UpstreamTLSSettings, _ annotations: UpstreamTLSAnnotations, _ manifest: Manifest, log: inout DiagnosticLog
    ) -> Int? {
        let identity = settings.identity
        if let known = positions[identity] { return known }
        do {
            contexts.append(try kept(settings) ?? UpstreamTLSContext(settings))
        } catch {
            let line = annotations.ciphers?.line ?? annotations.secret?.line ?? manifest.place.line
            log.error(manifest.place(line: line), manifest.object, "connections to upstreams can't be secured so: \(error)")
            return nil
        }
        positions[identity] = contexts.count - 1
        return contexts.count - 1
    }

    /// The context of the load before; nil if it had none like it. What the system trusts is read anew, as it may have changed.
    private func kept(_ settings: UpstreamTLSSettings) -> UpstreamTLSContext? {
        if case .system = settings.trust { nil } else { former[settings.identity] }
    }

    // MARK: Secrets

    private mutating func read(_ found: SecretReader.Found, log: inout DiagnosticLog) -> (certificate: Certificate?, authorities: Authorities?)? {
        let (manifest, secret) = (found.manifest, found.secret)
        guard secret.certificate != nil || secret.authorities != nil else {
            // That a value is not base64 has been said.
            if !secret.keys.contains(SecretDecoder.authorities) {
                log.error(
                    manifest.place, manifest.object,
                    "has neither `ca.crt` nor both `tls.crt` and `tls.key`, of which connections to upstreams need one")
            }
            return nil
        }
        var certificate: Certificate?
        if let chain = secret.certificate, let key = secret.key {
            do {
                certificate = try loader.certificate(chain: chain.value, key: key.value, isShown: true)
            } catch {
                let (name, line) = error.concernsKey ? (SecretDecoder.privateKey, key.line) : (SecretDecoder.certificateKey, chain.line)
                log.error(manifest.place(line: line), manifest.object, "`\(name)` \(error)")
                return nil
            }
        }
        guard secret.authorities != nil else { return (certificate, nil) }
        // ingress-nginx writes `ssl_crl`, for clients, but no `proxy_ssl_crl`.
        let withLists = compatibility == .scoped
        if !withLists, let lists = secret.revocations {
            log.warning(
                manifest.place(line: lists.line), manifest.object,
                "`\(SecretDecoder.revocations)` does nothing for upstreams, as in ingress-nginx: certificates that were taken back count until they end")
        }
        guard let authorities = secrets.authorities(found, withLists: withLists, log: &log) else { return nil }
        return (certificate, authorities)
    }
}

extension UpstreamTLSCompiler.Security {
    /// How a Service is spoken to whose own name is `name`; nil by plain HTTP.
    func tls(of name: String) -> BackendTLS? {
        guard case .secured(let context, let given, let isVerified, let sendsName) = self else { return nil }
        return BackendTLS(
            context: context, name: isVerified || sendsName ? given ?? name : "", isVerified: isVerified, sendsName: sendsName)
    }
}
