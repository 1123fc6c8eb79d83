internal import Exchange
internal import TLS

/// Decides what each host wants of its clients' certificates: in ingress-nginx that is the server's, not the path's.
struct ClientTLSCompiler {
    struct Host {
        let annotations: ClientTLSAnnotations
        /// Nil: none is asked for.
        let verification: ClientVerification?
        let isBroken: Bool
    }

    private(set) var secrets: SecretReader
    /// By host, in lower case; those with an alias' name, too.
    private(set) var hosts: [String: Host] = [:]
    /// Who spoke for a host first.
    private var givers: [String: Manifest] = [:]

    init(_ plan: RoutePlan, _ manifests: [Manifest], _ compatibility: Compatibility, now: Int64, log: inout DiagnosticLog) {
        secrets = SecretReader(manifests, now: now)
        // R36: in ingress-nginx a canary speaks for its host, too, if no other does before.
        for ingress in plan.ingresses where !ingress.isCanary || compatibility == .ingressNginx {
            add(ingress, log: &log)
        }
        for alias in plan.hostPlan.aliases { hosts[alias.name] = hosts[alias.name] ?? hosts[alias.host] }
    }

    private mutating func add(_ ingress: PlannedIngress, log: inout DiagnosticLog) {
        let annotations = ingress.annotations.clientTLS
        guard let secret = annotations.secret else { return }
        var names = ingress.spec.rules.map(\.host)
        if names.isEmpty { names = [""] }
        var made: Host?
        for name in names where givers[name]?.label != ingress.manifest.label {
            if let giver = givers[name] {
                log.warning(
                    ingress.manifest.place(line: secret.line), ingress.manifest.object,
                    "auth-tls-secret: \(name.isEmpty ? "the default host" : name) asks for certificates as \(giver.object) says, which counts")
                continue
            }
            givers[name] = ingress.manifest
            let host = made ?? make(annotations, secret, ingress.manifest, log: &log)
            made = host
            hosts[name] = host
        }
    }

    private mutating func make(
        _ annotations: ClientTLSAnnotations, _ secret: Located<String>, _ manifest: Manifest, log: inout DiagnosticLog
    ) -> Host {
        guard let found = secrets.find(secret, for: manifest, "auth-tls-secret", log: &log) else {
            return Host(annotations: annotations, verification: nil, isBroken: true)
        }
        guard found.secret.authorities != nil else {
            // That a value is not base64 has been said.
            if !found.secret.keys.contains(SecretDecoder.authorities) {
                log.error(found.manifest.place, found.manifest.object, "has no `ca.crt`, which auth-tls-secret of \(manifest.object) needs")
            }
            return Host(annotations: annotations, verification: nil, isBroken: true)
        }
        guard let authorities = secrets.authorities(found, log: &log) else {
            return Host(annotations: annotations, verification: nil, isBroken: true)
        }
        let verification = annotations.demand == .off ? nil : ClientVerification(authorities, depth: annotations.depth)
        return Host(annotations: annotations, verification: verification, isBroken: false)
    }
}

extension ClientTLSCompiler.Host {
    /// In ingress-nginx plain HTTP comes in where only a certificate is asked for, but has no subject that could be the right one.
    private func plainFailure(isChallenge: Bool, _ compatibility: Compatibility) -> Failure? {
        let wantsSubject = annotations.subject != nil
        switch compatibility {
        case .ingressNginx: return wantsSubject ? .forbidden : nil
        case .scoped: return !isChallenge && (wantsSubject || annotations.demand == .required) ? .certificateMissing : nil
        }
    }

    /// - Parameter identity: of connections on which this is asked for.
    func rule(identity: UInt64, isChallenge: Bool, _ compatibility: Compatibility) -> ClientRule {
        ClientRule(
            annotations.demand, identity: identity, isBroken: isBroken, plainFailure: plainFailure(isChallenge: isChallenge, compatibility),
            passesCertificate: annotations.passesCertificate, errorPage: Array(annotations.errorPage.utf8), subject: annotations.subject)
    }
}
