/// How risky ingress-nginx takes an annotation to be, whatever its value: its table of risks. An Ingress with one above the
/// controller's `annotations-risk-level` is refused as a whole (R9).
enum AnnotationRisk: String, CaseIterable, Comparable, Sendable {
    case low = "Low"
    case medium = "Medium"
    case high = "High"
    /// Text for nginx.
    case critical = "Critical"

    static func < (left: AnnotationRisk, right: AnnotationRisk) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .low: 0
        case .medium: 1
        case .high: 2
        case .critical: 3
        }
    }

    /// - Parameter name: of an annotation of ingress-nginx, without its prefix; what it does not know has no risk.
    init(of name: String) {
        self = if Self.mediumNames.contains(name) {
            .medium
        } else if Self.highNames.contains(name) {
            .high
        } else if Self.criticalNames.contains(name) {
            .critical
        } else {
            .low
        }
    }

    private static let mediumNames: Set<String> = [
        "affinity-mode", "allowlist-source-range", "app-root", "auth-cache-duration", "auth-cache-key", "auth-proxy-set-headers",
        "auth-realm", "auth-request-redirect", "auth-response-headers", "auth-secret", "auth-signin-redirect-param",
        "auth-tls-secret", "auth-tls-verify-client", "canary-by-cookie", "canary-by-header", "canary-by-header-pattern",
        "canary-by-header-value", "cors-allow-headers", "cors-allow-methods", "cors-allow-origin", "cors-expose-headers",
        "custom-headers", "denylist-source-range", "fastcgi-index", "fastcgi-params-configmap", "force-ssl-redirect",
        "opentelemetry-operation-name", "permanent-redirect", "preserve-trailing-slash", "proxy-body-size", "proxy-cookie-domain",
        "proxy-cookie-path", "proxy-next-upstream", "proxy-redirect-from", "proxy-redirect-to", "proxy-ssl-ciphers",
        "proxy-ssl-secret", "rewrite-target", "session-cookie-domain", "session-cookie-expires", "session-cookie-max-age",
        "session-cookie-name", "session-cookie-path", "temporal-redirect", "whitelist-source-range", "x-forwarded-prefix",
    ]

    private static let highNames: Set<String> = [
        "auth-signin", "auth-tls-error-page", "auth-tls-match-cn", "auth-url", "mirror-host", "mirror-target",
        "modsecurity-transaction-id", "proxy-ssl-name", "server-alias", "upstream-hash-by",
    ]

    private static let criticalNames: Set<String> = [
        "auth-snippet", "configuration-snippet", "modsecurity-snippet", "server-snippet", "stream-snippet",
    ]

    /// All names above `low`.
    static let names = mediumNames.union(highNames).union(criticalNames)
}
