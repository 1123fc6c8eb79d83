internal import Addressing
internal import Exchange
internal import Routing

/// The annotations of one Ingress that say how its hosts and paths are served, canaries aside (R33, R35, R38, R39). What can't be
/// used is dropped by itself with a warning.
struct RouteAnnotations {
    static let names = [
        "server-alias", "app-root", "default-backend", "use-regex", "rewrite-target", "service-upstream", "ssl-redirect",
        "force-ssl-redirect", "preserve-trailing-slash",
    ] + RetryAnnotations.names + UpstreamTLSAnnotations.names + ClientTLSAnnotations.names + CipherAnnotations.names
    /// Of Serin's own.
    static let ownNames = GzipAnnotations.names + ["upstream-proxy-protocol"]
    /// Those that count in a canary, too.
    private static let canaryNames = ["service-upstream", "upstream-proxy-protocol"]
    /// Those that in ingress-nginx a canary has for its whole host, if no other Ingress does (R36).
    private static let leakingNames = ClientTLSAnnotations.names + UpstreamTLSAnnotations.names.filter { $0 != "backend-protocol" }

    /// Other names of the hosts (R33), lower case.
    private(set) var aliases: [Located<String>] = []
    /// Where `/` of the hosts is redirected to.
    private(set) var appRoot: Located<String>?
    /// The Service that answers while the path's own has no endpoint (R38).
    private(set) var defaultBackend: Located<String>?
    /// The paths are regular expressions, and with them all of the host (R35).
    private(set) var usesRegex = false
    /// What a path becomes for the upstream (R35).
    private(set) var rewriteTarget: Located<String>?
    /// What is tried again (R39).
    let retry: RetryRule
    /// Which responses are compressed.
    let gzip: GzipAnnotations
    /// What the hosts want of their clients' certificates.
    let clientTLS: ClientTLSAnnotations
    /// What the hosts agree on with clients.
    let ciphers: CipherAnnotations
    /// How upstreams are spoken to.
    let upstreamTLS: UpstreamTLSAnnotations
    /// Requests go to the Service's own address in place of its endpoints. Of a canary it counts, too (R36).
    private(set) var usesServiceAddress = false
    /// How upstreams are told, before each request, who the client is. Of a canary it counts, too.
    private(set) var proxyProtocol: ProxyHeader.Version?

    /// Whether HTTP is redirected to HTTPS where the host has a certificate; nil: as the configuration file says.
    private(set) var redirectsToHTTPS: Bool?
    /// Also where it has none.
    private(set) var forcesHTTPS = false
    /// Whether that redirect keeps a slash at the URL's end, which only in `ingress-nginx` it might not.
    private(set) var preservesTrailingSlash = false

    private let reader: AnnotationReader
    private let compatibility: Compatibility

    init(_ manifest: Manifest, _ compatibility: Compatibility, log: inout DiagnosticLog) {
        self.compatibility = compatibility
        reader = AnnotationReader(manifest: manifest)
        retry = RetryAnnotations(manifest, compatibility, log: &log).rule
        gzip = GzipAnnotations(manifest, log: &log)
        upstreamTLS = UpstreamTLSAnnotations(manifest, log: &log)
        clientTLS = ClientTLSAnnotations(manifest, log: &log)
        ciphers = CipherAnnotations(manifest, log: &log)
        readAliases(log: &log)
        readAppRoot(log: &log)
        readDefaultBackend(log: &log)
        usesRegex = bool("use-regex", "the paths are plain", log: &log)
        readRewrite(log: &log)
        usesServiceAddress = bool("service-upstream", "requests go to the endpoints", log: &log)
        readProxyProtocol(log: &log)
        redirectsToHTTPS = reader.nginx("ssl-redirect").flatMap { AnnotationText.bool($0.value) }
        if redirectsToHTTPS == nil { _ = bool("ssl-redirect", "counts as not set", log: &log) }
        forcesHTTPS = bool("force-ssl-redirect", "counts as not set", log: &log)
        preservesTrailingSlash = bool("preserve-trailing-slash", "counts as not set", log: &log)
    }

    /// Canaries have these of their main (R14, R36).
    static func warnOnCanary(_ manifest: Manifest, _ compatibility: Compatibility, log: inout DiagnosticLog) {
        for annotation in manifest.annotations {
            let name = annotation.canonical.droppingPrefix(CanaryAnnotations.prefix)
                ?? annotation.canonical.droppingPrefix(AnnotationReader.prefix) ?? ""
            let isOwn = annotation.canonical.hasPrefix(AnnotationReader.prefix)
            guard (isOwn ? ownNames : names).contains(name), !canaryNames.contains(name) else { continue }
            if !isOwn, compatibility == .ingressNginx, leakingNames.contains(name) {
                log.warning(
                    manifest.place(line: annotation.line), manifest.object,
                    "\(annotation.key) of a canary counts for its whole host, if no other Ingress speaks for that (R36); write it in "
                        + "the main Ingress")
                continue
            }
            let own = name == "rewrite-target" ? ", or as \(AnnotationReader.prefix)canary-rewrite-target here" : ""
            log.warning(
                manifest.place(line: annotation.line), manifest.object,
                "\(annotation.key) does nothing in a canary, whose requests are served as its main Ingress says (R36); write it "
                    + "there" + own)
        }
    }

    // MARK: Reading

    private mutating func readAliases(log: inout DiagnosticLog) {
        guard let annotation = reader.nginx("server-alias") else { return }
        for word in annotation.value.split(separator: ",") {
            let alias = AnnotationText.normalized(String(word)).lowercased()
            if alias.isEmpty { continue }
            let isWildcard = alias.hasPrefix("*.")
            guard AddressText.isName(isWildcard ? String(alias.dropFirst(2)) : alias) else {
                reader.warn(annotation, "`\(alias.clipped)` is not a host name, dropped; write DNS names, separated by commas", log: &log)
                continue
            }
            if isWildcard {
                reader.warn(annotation, "`\(alias)` is taken for exactly one label, ingress-nginx takes any number of them here", log: &log)
            }
            aliases.append(Located(value: alias, line: annotation.line))
        }
    }

    private mutating func readAppRoot(log: inout DiagnosticLog) {
        guard let annotation = reader.nginx("app-root") else { return }
        let path = AnnotationText.normalized(annotation.value)
        // It is written into a field of the answer.
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return reader.warn(annotation, "is not an absolute path: `/` is not redirected", log: &log)
        }
        if compatibility == .ingressNginx, let problem = Self.character(in: annotation.value) {
            return reader.warn(annotation, "\(problem): `/` is not redirected", log: &log)
        }
        if let problem = TextBound.problem(of: "app-root", path) {
            return reader.warn(annotation, "\(problem): `/` is not redirected", log: &log)
        }
        appRoot = Located(value: path, line: annotation.line)
    }

    private mutating func readDefaultBackend(log: inout DiagnosticLog) {
        guard let annotation = reader.nginx("default-backend") else { return }
        let name = AnnotationText.normalized(annotation.value)
        guard ServiceEntry.parse(name).map({ $0.name == name }) == true else {
            return reader.warn(annotation, "is not the name of a Service of this namespace: dropped", log: &log)
        }
        defaultBackend = Located(value: name, line: annotation.line)
    }

    private func bool(_ name: String, _ otherwise: String, log: inout DiagnosticLog) -> Bool {
        guard let annotation = reader.nginx(name) else { return false }
        if let value = AnnotationText.bool(annotation.value) { return value }
        reader.warn(annotation, "is not a boolean: \(otherwise); write \"true\"", log: &log)
        return false
    }

    private mutating func readProxyProtocol(log: inout DiagnosticLog) {
        guard let annotation = reader.own("upstream-proxy-protocol"), annotation.value != "off" else { return }
        proxyProtocol = ProxyHeader.Version(rawValue: annotation.value)
        if proxyProtocol == nil { reader.warn(annotation, "is none of `v1`, `v2` and `off`: upstreams get no PROXY header", log: &log) }
    }

    private mutating func readRewrite(log: inout DiagnosticLog) {
        guard let annotation = reader.nginx("rewrite-target") else { return }
        let target = AnnotationText.normalized(annotation.value)
        guard !target.isEmpty else { return reader.warn(annotation, "is empty: counts as not set (R5)", log: &log) }
        if let problem = Self.problem(ofTarget: AnnotationText.checked(annotation.value, compatibility)) {
            return reader.warn(annotation, "\(problem): paths go on as they came", log: &log)
        }
        rewriteTarget = Located(value: target, line: annotation.line)
    }

    /// Why a rewrite target can't be used; nil if it can.
    static func problem(ofTarget target: String) -> String? {
        if target.isEmpty { return "is empty" }
        if let problem = TextBound.problem(of: "rewrite-target", target) { return problem }
        if let problem = character(in: target) { return problem }
        if target.contains("://") { return "is a redirect to another URL, which is not supported" }
        let groups = target.split(separator: "$", omittingEmptySubsequences: false).dropFirst()
        guard groups.allSatisfy({ ("1"..."9").contains($0.first ?? " ") }) else {
            return "names another variable than $1 to $9, which is not supported"
        }
        return nil
    }

    private static func character(in text: String) -> String? {
        text.utf8.first { !isTarget($0) }.map { "holds \(AnnotationText.name($0)), which ingress-nginx does not allow here" }
    }

    /// What ingress-nginx allows in a rewrite target, and in `app-root`.
    static func isTarget(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-._~/$:".utf8.contains(byte)
        }
    }
}
