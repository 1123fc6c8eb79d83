internal import Exchange

/// What `check` warns of and no other comparison has named.
extension MigrationCheck {
    /// Of an annotation that ingress-nginx obeys: a warning is a difference, unless it is known that ingress-nginx does the same.
    mutating func compareWarnings(_ ingress: PlannedIngress) {
        let manifest = ingress.manifest
        for warning in warnings[manifest.object] ?? [] where warning.file == manifest.place.file && !isNamed(manifest, warning.line) {
            let there = manifest.annotations.filter { $0.line == warning.line }
            guard let annotation = there.first(where: { warning.message.contains($0.key) }) ?? there.first,
                  AnnotationCatalogue.isIngressNginx(annotation.canonical),
                  let row = AnnotationCatalogue.row(annotation.canonical), row.state == .supported
            else { continue }
            // What it does not read nothing replaces (R36).
            let isRead = !ingress.isCanary || Self.isReadFromCanary(row.name)
            let isReplaced = isRead && manifest.annotations.contains { other in
                other.canonical.hasPrefix(AnnotationCatalogue.serin) && warning.message.contains(other.key)
            }
            guard isReplaced || !Self.isShared(row.name, annotation, ingress) else { continue }
            let text = "\(annotation.key): \"\(annotation.value.clipped)\""
            add(
                Self.rule(in: warning.message) ?? "annotation", manifest, line: annotation.line,
                ingressNginx: isReplaced ? "obeys \(text.oneLine), and does not know serin.dev/…" : "takes \(text.oneLine) as it is",
                serin: warning.message.droppingPrefix(text + " ") ?? warning.message, modes: .both,
                remedy: isReplaced ? "remove the annotation of serin.dev/" : "mend or remove the annotation")
        }
    }

    /// Whether ingress-nginx does with the annotation what Serin does, of which `check` warns.
    private static func isShared(_ name: String, _ annotation: Annotation, _ ingress: PlannedIngress) -> Bool {
        // R31, R36.
        if ingress.isCanary, !isReadFromCanary(name) { return true }
        let isSilent = if name.hasPrefix("session-cookie-") {
            ingress.affinity.session == nil
        } else if name.hasPrefix("auth-tls-") {
            ingress.annotations.clientTLS.secret == nil
        } else if name.hasPrefix("proxy-ssl-") {
            !ingress.annotations.upstreamTLS.isHTTPS || ingress.annotations.upstreamTLS.secret == nil
        } else {
            false
        }
        let value = AnnotationText.normalized(annotation.value)
        return isSilent || refuses(name, value) || examined.contains(name) && TextBound.problem(of: name, value) == nil
    }

    /// Whether ingress-nginx drops the value as well.
    private static func refuses(_ name: String, _ value: String) -> Bool {
        switch name {
        case "session-cookie-name", "session-cookie-domain": !value.utf8.allSatisfy(AnnotationText.isBasic)
        case "session-cookie-path": !value.utf8.allSatisfy { AnnotationText.isBasic($0) || "?&=".utf8.contains($0) }
        case "session-cookie-expires", "session-cookie-max-age": !value.utf8.contains { (0x30...0x39).contains($0) }
        case "proxy-ssl-name": !value.utf8.allSatisfy(AnnotationText.isPattern)
        case "ssl-ciphers": !AnnotationText.isCipherList(value)
        case "upstream-hash-by-subset-size": AnnotationText.integer(value).map { $0 >= 0 } ?? true
        case "auth-tls-verify-depth", "proxy-ssl-verify-depth", "proxy-next-upstream-tries", "proxy-next-upstream-timeout":
            AnnotationText.integer(value) == nil
        default: false
        }
    }

    /// R36: canaries have the rest of their main Ingress there, too. What of it leaks is said elsewhere.
    private static func isReadFromCanary(_ name: String) -> Bool {
        CanaryAnnotations.names.contains(name) || BalancingAnnotations.names.contains(name)
            || [AffinityAnnotations.canaryBehavior, "service-upstream"].contains(name)
    }

    /// Of these it is known what ingress-nginx makes of every value: the same, but for what the other comparisons name.
    private static let examined = Set(CanaryAnnotations.names).union([
        "affinity", "affinity-canary-behavior", "affinity-mode", "app-root", "auth-tls-error-page", "auth-tls-match-cn",
        "auth-tls-pass-certificate-to-upstream", "auth-tls-secret", "auth-tls-verify-client", "backend-protocol", "default-backend",
        "force-ssl-redirect", "load-balance", "preserve-trailing-slash", "proxy-next-upstream", "proxy-ssl-ciphers", "proxy-ssl-protocols", "proxy-ssl-secret",
        "proxy-ssl-server-name", "proxy-ssl-verify", "rewrite-target", "server-alias", "service-upstream",
        "session-cookie-change-on-failure", "session-cookie-conditional-samesite-none", "session-cookie-partitioned",
        "session-cookie-samesite", "session-cookie-secure", "ssl-prefer-server-ciphers", "ssl-redirect", "upstream-hash-by",
        "upstream-hash-by-subset", "use-regex",
    ])
}
