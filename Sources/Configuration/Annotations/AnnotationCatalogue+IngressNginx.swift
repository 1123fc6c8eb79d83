/// Annotations of ingress-nginx beside the canary ones: its annotation reference and its table of risks, of all versions.
extension AnnotationCatalogue {
    static let paths: [Row] = [
        .supported("app-root", "`/` is redirected to this path"),
        .supported("force-ssl-redirect", "HTTP is redirected to HTTPS, also without a certificate"),
        .planned("from-to-www-redirect", "`www.` is redirected to the host without it, or the other way round"),
        .planned("permanent-redirect", "every request is redirected there, 301"),
        .planned("permanent-redirect-code", "the status instead of 301"),
        .supported("preserve-trailing-slash", "the redirect to HTTPS keeps a last slash; without it, it does so only in `scoped` mode"),
        .planned("relative-redirects", "redirects name no host"),
        .supported("rewrite-target", "the path that the upstream gets, with captures"),
        .supported("server-alias", "further hosts of the Ingress"),
        .supported("ssl-redirect", "HTTP is redirected to HTTPS where the host has a certificate"),
        .planned("temporal-redirect", "every request is redirected there, 302"),
        .planned("temporal-redirect-code", "the status instead of 302"),
        .planned("use-port-in-redirects", "redirects name the port"),
        .supported("use-regex", "the host's paths are patterns"),
    ]

    static let upstreams: [Row] = [
        .supported("backend-protocol", "`HTTPS` to the upstream; of the others only `HTTP` is there"),
        .supported("default-backend", "the Service that stands in for one without endpoints"),
        .notPlanned("fastcgi-index", fastCGI),
        .notPlanned("fastcgi-params-configmap", fastCGI),
        .supported("load-balance", "how requests are spread over endpoints: `round_robin`, `ewma`"),
        .supported("proxy-next-upstream", "which failures are tried again at another endpoint"),
        .supported("proxy-next-upstream-timeout", "how long attempts may go on, in seconds"),
        .supported("proxy-next-upstream-tries", "how many attempts there are"),
        .supported("service-upstream", "the Service's own address in place of its endpoints"),
        .supported("upstream-hash-by", "the endpoint follows from a hash of text and `$request_uri`, `$uri`, `$args`, `$arg_NAME`, `$host`, "
            + "`$http_NAME`, `$cookie_NAME`, `$remote_addr`, `$binary_remote_addr`, `$scheme`, `$request_method`"),
        .supported("upstream-hash-by-subset", "the hash chooses a group of endpoints"),
        .supported("upstream-hash-by-subset-size", "the size of such a group"),
        .planned("upstream-vhost", "the Host that the upstream gets"),
    ]

    private static let fastCGI = "FastCGI is not HTTP; put a server that speaks HTTP before the application"

    static let affinity: [Row] = [
        .supported("affinity", "`cookie`: a client stays with its endpoint"),
        .supported("affinity-mode", "whether clients move when endpoints come (`balanced`) or not (`persistent`)"),
        .supported("session-cookie-change-on-failure", "a client whose endpoint fails gets another one for good"),
        .supported("session-cookie-conditional-samesite-none", "no SameSite=None for browsers that misread it"),
        .supported("session-cookie-domain", "the cookie's Domain"),
        .supported("session-cookie-expires", "the cookie's Expires"),
        .supported("session-cookie-max-age", "the cookie's Max-Age"),
        .supported("session-cookie-name", "the cookie's name"),
        .supported("session-cookie-partitioned", "the cookie is Partitioned"),
        .supported("session-cookie-path", "the cookie's Path"),
        .supported("session-cookie-samesite", "the cookie's SameSite"),
        .supported("session-cookie-secure", "the cookie is Secure"),
    ]

    static let transfers: [Row] = [
        .notPlanned("client-body-buffer-size", buffers),
        .planned("proxy-body-size", "the largest request body; until then `limits.body` of the configuration"),
        .notPlanned("proxy-buffer-size", buffers),
        .notPlanned("proxy-buffering", buffers),
        .notPlanned("proxy-buffers-number", buffers),
        .notPlanned("proxy-busy-buffers-size", buffers),
        .planned("proxy-connect-timeout", "until then `timeouts.upstreamConnect`"),
        .planned("proxy-http-version", "HTTP/1.0 to the upstream; until then 1.1"),
        .notPlanned("proxy-max-temp-file-size", "no body is ever written to a file"),
        .planned("proxy-read-timeout", "until then `timeouts.upstreamResponse`"),
        .notPlanned("proxy-request-buffering", "bodies are passed on as they come, which is what `off` means"),
        .planned("proxy-send-timeout", "between two writes to the upstream"),
    ]

    private static let buffers = "nginx's buffers; Serin's are its own, bounded, and slow readers stop the sender"

    static let fields: [Row] = [
        .planned("connection-proxy-header", "the Connection that the upstream gets"),
        .planned("cors-allow-credentials", "CORS: with cookies or not"),
        .planned("cors-allow-headers", "CORS: which request fields"),
        .planned("cors-allow-methods", "CORS: which methods"),
        .planned("cors-allow-origin", "CORS: which origins"),
        .planned("cors-expose-headers", "CORS: which response fields a page may read"),
        .planned("cors-max-age", "CORS: how long a preflight answer counts"),
        .planned("custom-headers", "response fields from a ConfigMap"),
        .planned("custom-http-errors", "which statuses the default backend answers"),
        .planned("disable-proxy-intercept-errors", "an upstream's errors pass as they are"),
        .planned("enable-cors", "CORS on or off"),
        .notPlanned("http2-push-preload", "HTTP/2 push, which browsers and nginx have given up"),
        .planned("proxy-cookie-domain", "rewrites Domain in Set-Cookie"),
        .planned("proxy-cookie-path", "rewrites Path in Set-Cookie"),
        .planned("proxy-redirect-from", "rewrites Location: what is replaced"),
        .planned("proxy-redirect-to", "rewrites Location: what it becomes"),
        .planned("x-forwarded-prefix", "sends X-Forwarded-Prefix beside a rewrite"),
    ]

    static let access: [Row] = [
        .planned("allowlist-source-range", "only these addresses"),
        .planned("auth-always-set-cookie", "the auth server's cookie is set whatever the status"),
        .planned("auth-cache-duration", "how long the auth server's word counts"),
        .planned("auth-cache-key", "for what it counts"),
        .planned("auth-keepalive", "idle connections to the auth server"),
        .planned("auth-keepalive-requests", "requests of such a connection"),
        .notPlanned("auth-keepalive-share-vars", "how nginx shares variables with its subrequests; there are none here"),
        .planned("auth-keepalive-timeout", "how long such a connection may idle"),
        .planned("auth-method", "the method that the auth server is asked with"),
        .planned("auth-proxy-set-headers", "fields for the auth server, from a ConfigMap"),
        .planned("auth-realm", "the realm of basic authentication"),
        .planned("auth-request-redirect", "the X-Auth-Request-Redirect that the auth server gets"),
        .planned("auth-response-headers", "the auth server's fields that the upstream gets"),
        .planned("auth-secret", "the Secret with users and passwords"),
        .planned("auth-secret-type", "how they are written there"),
        .planned("auth-signin", "where a client goes to sign in"),
        .planned("auth-signin-redirect-param", "the parameter that says where from"),
        .planned("auth-type", "`basic` or `digest`"),
        .planned("auth-url", "the server that is asked before each request"),
        .planned("denylist-source-range", "all but these addresses"),
        .planned("enable-global-auth", "whether the controller's own auth server is asked"),
        .planned("satisfy", "whether `all` of address and password must be right, or `any`"),
        .planned("whitelist-source-range", "the older name of `allowlist-source-range`"),
    ]

    static let limits: [Row] = [
        .planned("limit-allowlist", "addresses without limits"),
        .planned("limit-burst-multiplier", "how many times the limit a burst may be"),
        .planned("limit-connections", "connections of one address at a time"),
        .planned("limit-rate", "bytes per second of a response"),
        .planned("limit-rate-after", "bytes before `limit-rate` begins"),
        .planned("limit-rpm", "requests of one address in a minute"),
        .planned("limit-rps", "requests of one address in a second"),
        .planned("limit-whitelist", "the older name of `limit-allowlist`"),
    ]

    static let tls: [Row] = [
        .supported("auth-tls-error-page", "where a client without a good certificate goes"),
        .supported("auth-tls-match-cn", "what the client certificate's name must be"),
        .supported("auth-tls-pass-certificate-to-upstream", "the upstream gets the client's certificate"),
        .supported("auth-tls-secret", "the authorities of client certificates"),
        .supported("auth-tls-verify-client", "whether a client certificate is asked for"),
        .supported("auth-tls-verify-depth", "how long its chain may be"),
        .supported("proxy-ssl-ciphers", "ciphers towards the upstream"),
        .supported("proxy-ssl-name", "the name that the upstream's certificate must have"),
        .supported("proxy-ssl-protocols", "TLS versions towards the upstream"),
        .supported("proxy-ssl-secret", "the certificate that the upstream gets, and its authorities"),
        .supported("proxy-ssl-server-name", "whether the upstream gets SNI"),
        .supported("proxy-ssl-verify", "whether the upstream's certificate is checked"),
        .supported("proxy-ssl-verify-depth", "how long its chain may be"),
        .supported("ssl-ciphers", "ciphers towards clients of TLS 1.2, in OpenSSL's notation"),
        .planned("ssl-passthrough", "TLS goes through unopened"),
        .supported("ssl-prefer-server-ciphers", "whether Serin's order of ciphers counts (`\"true\"`, which is the default) or the client's"),
    ]

    static let observation: [Row] = [
        .planned("enable-access-log", "whether requests are logged"),
        .planned("enable-opentelemetry", "whether requests are traced"),
        .notPlanned("enable-rewrite-log", "the log of nginx's rewrite module; `serin explain` tells what happens to a path"),
        .planned("mirror-host", "the Host of copied requests"),
        .planned("mirror-request-body", "whether copies carry the body"),
        .planned("mirror-target", "where copies of requests go"),
        .planned("opentelemetry-operation-name", "what a span is called"),
        .planned("opentelemetry-trust-incoming-span", "whether a client's trace goes on"),
    ]

    static let snippets: [Row] = [
        .notPlanned("auth-snippet", nginxText),
        .notPlanned("configuration-snippet", nginxText),
        .notPlanned("modsecurity-snippet", modSecurity),
        .notPlanned("enable-modsecurity", modSecurity),
        .notPlanned("enable-owasp-core-rules", modSecurity),
        .notPlanned("modsecurity-transaction-id", modSecurity),
        .notPlanned("server-snippet", nginxText),
        .notPlanned("stream-snippet", nginxText),
    ]

    private static let nginxText = "it is nginx configuration, and there is no nginx here; say it by annotations"
    private static let modSecurity = "ModSecurity is a module of nginx; run a firewall of its own where you need one"

    static let gone: [Row] = [
        .notPlanned("add-base-url", "wrote into HTML pages; " + dropped),
        .notPlanned("base-url-scheme", "wrote into HTML pages; " + dropped),
        .notPlanned("enable-influxdb", "metrics are at `/metrics`; " + dropped),
        .notPlanned("enable-opentracing", "OpenTelemetry took its place; " + dropped),
        .notPlanned("global-rate-limit", memcached),
        .notPlanned("global-rate-limit-ignored-cidrs", memcached),
        .notPlanned("global-rate-limit-key", memcached),
        .notPlanned("global-rate-limit-window", memcached),
        .notPlanned("grpc-backend", "`backend-protocol` took its place; " + dropped),
        .notPlanned("influxdb-host", "metrics are at `/metrics`; " + dropped),
        .notPlanned("influxdb-measurement", "metrics are at `/metrics`; " + dropped),
        .notPlanned("influxdb-port", "metrics are at `/metrics`; " + dropped),
        .notPlanned("influxdb-server-name", "metrics are at `/metrics`; " + dropped),
        .notPlanned("lua-resty-waf", firewall),
        .notPlanned("lua-resty-waf-allow-unknown-content-types", firewall),
        .notPlanned("lua-resty-waf-debug", firewall),
        .notPlanned("lua-resty-waf-extra-rules", firewall),
        .notPlanned("lua-resty-waf-ignore-rulesets", firewall),
        .notPlanned("lua-resty-waf-process-multipart-body", firewall),
        .notPlanned("lua-resty-waf-score-threshold", firewall),
        .notPlanned("mirror-uri", "`mirror-target` took its place; " + dropped),
        .notPlanned("opentracing-trust-incoming-span", "OpenTelemetry took its place; " + dropped),
        .notPlanned("secure-backends", "`backend-protocol` took its place; " + dropped),
        .notPlanned("secure-verify-ca-secret", "`proxy-ssl-secret` took its place; " + dropped),
        .notPlanned("session-cookie-hash", "the cookie's value has one form now; " + dropped),
        .notPlanned("upstream-fail-timeout", "endpoints that fail are skipped without it; " + dropped),
        .notPlanned("upstream-max-fails", "endpoints that fail are skipped without it; " + dropped),
        .notPlanned("vts-filter-key", "metrics are at `/metrics`; " + dropped),
    ]

    private static let dropped = "ingress-nginx itself has dropped it"
    private static let memcached = "needed a memcached beside the proxy; " + dropped
    private static let firewall = "a firewall in nginx's Lua; " + dropped
}
