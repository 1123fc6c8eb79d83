/// Annotations of canary releases: ingress-nginx's, Serin's and those of its forks.
extension AnnotationCatalogue {
    /// R2.
    static let canary: [Row] = [
        .supported("canary", "`\"true\"`: the Ingress is a canary"),
        .supported("canary-by-cookie", "the cookie that says `always` or `never`"),
        .supported("canary-by-header", "the field that says `always` or `never`, or that the next two look at"),
        .supported("canary-by-header-pattern", "a search in the field; a hit is canary"),
        .supported("canary-by-header-value", "the field is exactly this: canary"),
        .supported("canary-weight", "the canary's share of the requests that no other rule decides"),
        .supported("canary-weight-total", "what the weight is a part of"),
        .supported("affinity-canary-behavior", "whether session affinity keeps a client on its version (`sticky`) or not (`legacy`)"),
    ]

    static let beyond: [Row] = [
        .supported("canary-by-cookie-mod", "the number in the cookie, divided, leaves such a remainder"),
        .supported("canary-by-cookie-pattern", "a search in the cookie"),
        .supported("canary-by-cookie-value", "the cookie is one of these"),
        .supported("canary-by-header-mod", "the number in the field, divided, leaves such a remainder"),
        .supported("canary-by-header-pattern", "as ingress-nginx's, with every sign that an expression may hold"),
        .supported("canary-by-header-value", "as ingress-nginx's, with every sign and several values"),
        .supported("canary-by-headers", "further fields, one a line: `X-Beta`, which says `always` or `never`, `Region = cd or sz` "
            + "(joined by two bars), `User-Agent ~ Firefox`; with `canary-match: all` they must hold together"),
        .supported("canary-by-query", "the query parameter that says `always` or `never`, or that the next two look at"),
        .supported("canary-by-query-mod", "the number in the parameter, divided, leaves such a remainder"),
        .supported("canary-by-query-pattern", "a search in the parameter"),
        .supported("canary-by-query-value", "the parameter is one of these"),
        .supported("canary-by-source-range", "the client's address is in one of these ranges"),
        .supported("canary-hash-by", "what the weight sticks to: client address or network, cookie, field, parameter, several of them, or each request anew"),
        .supported("canary-hash-cookie", "a cookie that Serin sets when the client has none to stick to"),
        .supported("canary-hash-cookie-max-age", "how long it is kept"),
        .supported("canary-hash-cookie-samesite", "its SameSite"),
        .supported("canary-hash-seed", "changes who the early clients are from release to release"),
        .supported("canary-match", "whether `all` rules must hold, or `any`"),
        .supported("canary-mirror-percent", "copies of stable's requests go to the canary, whose answers are thrown away"),
        .supported("canary-request-add-header", "fields for the canary's upstream, beside those that are there"),
        .supported("canary-request-add-query", "query parameters for the canary's upstream"),
        .supported("canary-request-append-header", "values joined to fields for the canary's upstream"),
        .supported("canary-request-header", "tells the upstream which version was chosen"),
        .supported("canary-request-remove-header", "fields that the canary's upstream does not get"),
        .supported("canary-request-set-header", "fields for the canary's upstream, in place of those that are there"),
        .supported("canary-response-add-header", "fields for the canary's clients, beside those that are there"),
        .supported("canary-response-append-header", "values joined to fields for the canary's clients"),
        .supported("canary-response-cookie", "tells the client which version was chosen, by a cookie"),
        .supported("canary-response-header", "tells the client which version was chosen, by a field"),
        .supported("canary-response-remove-header", "fields that the canary's clients do not get"),
        .supported("canary-response-set-header", "fields for the canary's clients, in place of those that are there"),
        .supported("canary-rewrite-target", "the path that the canary's upstream gets; of a plain path `$1` is the rest"),
        .supported("canary-service-upstream", "the Service's own address in place of its endpoints"),
        .supported("canary-shield", "stable answers a safe request that the canary failed at"),
        .supported("canary-shield-statuses", "which 5xx of the canary's count as failures beside 502, 503 and 504"),
        .supported("canary-weight", "a weight with decimals, or in parts per million"),
    ]

    /// Its branches `ack` and `features/aliyun-0.44.0`.
    static let releases: [Row] = [
        .supported("service-match", "which requests the new one of two Services gets"),
        .supported("service-weight", "how two Services of one path share the requests"),
    ]

    /// Version 1.1.0.
    static let tengine: [Row] = [
        .supported("canary-by-cookie-value", "the cookie is one of these"),
        .supported("canary-by-query", "the query parameter that says `always`"),
        .supported("canary-by-query-value", "the parameter is one of these"),
        .supported("canary-mod-divisor", "the number in a field, cookie or parameter is divided by this"),
        .supported("canary-mod-relational-operator", "how the remainder is compared"),
        .supported("canary-mod-remainder", "what the remainder is compared with"),
        .notPlanned("canary-priority-list", "Tengine-Ingress reads it and uses it nowhere"),
        .notPlanned("canary-referrer", "checked against a list in Tengine-Ingress's ConfigMap, which Serin does not read"),
        .supported("canary-request-add-header", "fields for the canary's upstream"),
        .supported("canary-request-add-query", "query parameters for the canary's upstream"),
        .supported("canary-request-append-header", "values joined to fields for the canary's upstream"),
        .supported("canary-response-add-header", "fields for the canary's clients"),
        .supported("canary-response-append-header", "values joined to fields for the canary's clients"),
    ]

    /// Of Higress's annotations, those that only it has.
    static let higressOnly: [Row] = [
        .supported("canary-by-query", "the query parameter that says `always`, or that the next two look at"),
        .supported("canary-by-query-pattern", "a search in the parameter"),
        .supported("canary-by-query-value", "the parameter is this"),
    ]

    /// The same names as ingress-nginx's.
    private static let canaryAliases: [Row] = canary.filter { CanaryAnnotations.names.contains($0.name) }

    static let higressShortOnes: [Row] = canaryAliases + [
        .notPlanned("destination", "weights of several Services by their DNS names, of which Serin knows none; write canaries, or `service-weight` for two"),
    ]

    static let albOnes: [Row] = canaryAliases + [
        .notPlanned("order", "Ingresses count by their age (R11), canaries of one path too; create the one anew that should come last"),
    ]
}
