/// Reports the annotations of an Ingress that are not obeyed, each once, so that none is ignored in silence.
enum AnnotationSurvey {
    static func report(_ manifest: Manifest, log: inout DiagnosticLog) {
        for annotation in manifest.annotations {
            let place = manifest.place(line: annotation.line)
            if let name = annotation.key.droppingPrefix(CanaryAnnotations.prefix) {
                if CanaryAnnotations.names.contains(name) || ConditionAnnotations.tengineNames.contains(name)
                    || ServiceRelease.names.contains(name) { continue }
                if known.contains(name) {
                    log.warning(place, manifest.object, "\(annotation.key) is not supported yet, ignored")
                } else {
                    let hint = EditDistance.nearest(to: name, among: CanaryAnnotations.names + known.sorted())
                    log.warning(
                        place, manifest.object,
                        "\(annotation.key) is not supported, ignored" + (hint.map { "; did you mean `\($0)`?" } ?? ""))
                }
            } else if let name = annotation.key.droppingPrefix(AnnotationReader.prefix) {
                if CanaryAnnotations.ownNames.contains(name) { continue }
                let hint = EditDistance.nearest(to: name, among: CanaryAnnotations.ownNames).map { AnnotationReader.prefix + $0 }
                log.warning(
                    place, manifest.object,
                    "\(annotation.key) is unknown, ignored" + (hint.map { "; did you mean `\($0)`?" } ?? ""))
            }
        }
    }

    /// What ingress-nginx knows beside the canary annotations (its annotation reference, all versions).
    private static let known: Set<String> = [
        "affinity", "affinity-canary-behavior", "affinity-mode", "allowlist-source-range", "app-root",
        "auth-always-set-cookie", "auth-cache-duration", "auth-cache-key", "auth-keepalive", "auth-keepalive-requests",
        "auth-keepalive-share-vars", "auth-keepalive-timeout", "auth-method", "auth-proxy-set-headers", "auth-realm",
        "auth-request-redirect", "auth-response-headers", "auth-secret", "auth-secret-type", "auth-signin",
        "auth-signin-redirect-param", "auth-snippet", "auth-tls-error-page", "auth-tls-match-cn",
        "auth-tls-pass-certificate-to-upstream", "auth-tls-secret", "auth-tls-verify-client", "auth-tls-verify-depth",
        "auth-type", "auth-url", "backend-protocol", "client-body-buffer-size", "configuration-snippet",
        "connection-proxy-header", "cors-allow-credentials", "cors-allow-headers", "cors-allow-methods",
        "cors-allow-origin", "cors-expose-headers", "cors-max-age", "custom-headers", "custom-http-errors",
        "default-backend", "denylist-source-range", "disable-proxy-intercept-errors", "enable-access-log", "enable-cors",
        "enable-global-auth", "enable-influxdb", "enable-modsecurity", "enable-opentelemetry", "enable-opentracing",
        "enable-owasp-core-rules", "enable-rewrite-log", "force-ssl-redirect", "from-to-www-redirect",
        "global-rate-limit", "global-rate-limit-ignored-cidrs", "global-rate-limit-key", "global-rate-limit-window",
        "http2-push-preload", "influxdb-host", "influxdb-measurement", "influxdb-port", "influxdb-server-name",
        "limit-allowlist", "limit-burst-multiplier", "limit-connections", "limit-rate", "limit-rate-after", "limit-rpm",
        "limit-rps", "limit-whitelist", "load-balance", "mirror-host", "mirror-request-body", "mirror-target",
        "modsecurity-snippet", "modsecurity-transaction-id", "opentelemetry-operation-name",
        "opentelemetry-trust-incoming-span", "opentracing-trust-incoming-span", "permanent-redirect",
        "permanent-redirect-code", "preserve-trailing-slash", "proxy-body-size", "proxy-buffer-size", "proxy-buffering",
        "proxy-buffers-number", "proxy-busy-buffers-size", "proxy-connect-timeout", "proxy-cookie-domain",
        "proxy-cookie-path", "proxy-http-version", "proxy-max-temp-file-size", "proxy-next-upstream",
        "proxy-next-upstream-timeout", "proxy-next-upstream-tries", "proxy-read-timeout", "proxy-redirect-from",
        "proxy-redirect-to", "proxy-request-buffering", "proxy-send-timeout", "proxy-ssl-ciphers", "proxy-ssl-name",
        "proxy-ssl-protocols", "proxy-ssl-secret", "proxy-ssl-server-name", "proxy-ssl-verify",
        "proxy-ssl-verify-depth", "relative-redirects", "rewrite-target", "satisfy", "secure-backends", "server-alias",
        "server-snippet", "service-upstream", "session-cookie-change-on-failure",
        "session-cookie-conditional-samesite-none", "session-cookie-domain", "session-cookie-expires",
        "session-cookie-max-age", "session-cookie-name", "session-cookie-path", "session-cookie-samesite",
        "session-cookie-secure", "ssl-ciphers", "ssl-passthrough", "ssl-prefer-server-ciphers", "ssl-redirect",
        "stream-snippet", "temporal-redirect", "temporal-redirect-code", "upstream-hash-by", "upstream-hash-by-subset",
        "upstream-hash-by-subset-size", "upstream-vhost", "use-regex", "whitelist-source-range", "x-forwarded-prefix",
    ]
}
