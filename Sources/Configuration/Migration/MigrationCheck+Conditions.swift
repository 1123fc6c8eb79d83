internal import Exchange
internal import Routing

/// What only some requests notice.
extension MigrationCheck {
    /// What differs for some requests, or at some times, each once with the first object concerned.
    mutating func addConditions(_ settings: Settings) {
        if let first = accepted.first(where: \.hasNoClass) {
            addCondition(
                "class", first.manifest, line: first.manifest.place.line,
                ingressNginx: "counts an Ingress without a class only if started with --watch-ingress-without-class",
                serin: "counts it", modes: .both, remedy: "give it another controller's class")
        }
        if let route = acceptedRoutes.first {
            addCondition(
                "R34", route.owner, line: route.path.line,
                ingressNginx: "a request path with an encoded `/`, `\\` or NUL is decoded, then routed",
                serin: "400, and also if a dot segment shows only when decoded",
                remedy: exactMode)
        }
        addRedirectCondition()
        addTLSConditions(hasListener: settings.process.listeners.contains(where: \.tls))
        addUpstreamConditions()
        addBalancingConditions()
        addAffinityConditions()
        addPathConditions()
        guard let canary = canaries.first(where: \.hasRule) else { return }
        addCondition(
            "R21.0", canary.owner, line: canary.line,
            ingressNginx: "while a main Service has no endpoint: 503 for all, whatever the canary's rules say",
            serin: "what the rules or the weight send to the canary reaches it",
            remedy: exactMode)
        addFailover(canary, settings.failover)
        addRuleConditions()
    }

    /// Those that ingress-nginx knows: no releases.
    private var canaries: some Sequence<PlannedCanary> {
        acceptedRoutes.lazy.flatMap(\.canaries).filter { !$0.annotations.isRelease && !refused.contains($0.owner.label) }
    }

    /// Those that ingress-nginx does not refuse (R9).
    private var accepted: [PlannedIngress] { ingresses.filter { !refused.contains($0.manifest.label) } }

    private var acceptedRoutes: [PlannedRoute] { scoped.routes.filter(isAccepted) }

    private func isAccepted(_ route: PlannedRoute) -> Bool { !refused.contains(route.owner.label) }

    private mutating func addFailover(_ canary: PlannedCanary, _ failover: Failover) {
        let serin: String
        switch failover {
        case .canaryToStable: return
        case .none: serin = "503 for what is sent to it (`canary.failover: none`)"
        case .both: serin = "stable, and the canary answers for a stable Service without endpoints (`canary.failover: both`)"
        }
        addCondition(
            "R21.3", canary.owner, line: canary.line, ingressNginx: "while a canary's Service has no endpoint: stable",
            serin: serin, remedy: "set `canary.failover: canaryToStable`")
    }

    private mutating func addAffinityConditions() {
        let sticky = acceptedRoutes.lazy.filter { $0.affinity != nil }
        if let route = sticky.first(where: { $0.affinity?.session.changesOnFailure == false }) {
            addCondition(
                "R28", route.owner, line: route.path.line,
                ingressNginx: "while a client's endpoint fails it is asked again, unless session-cookie-change-on-failure is true",
                serin: "another endpoint answers, the client keeps its cookie", modes: .both, remedy: "none needed")
        }
        if let route = sticky.first {
            addCondition(
                "R28", route.owner, line: route.path.line,
                ingressNginx: "a session cookie of a version that there is not chooses the endpoint (`balanced`); one is also set on a "
                    + "response that caches may share",
                serin: "the first counts as none; the next response sets the second", remedy: exactMode)
        }
        let canaries = sticky.flatMap(\.canaries)
        if let canary = canaries.first(where: { $0.affinity != nil && ($0.annotations.header != nil || $0.annotations.cookie != nil) }) {
            addCondition(
                "R29", canary.owner, line: canary.line,
                ingressNginx: "a session cookie beats the canary's header and cookie rules, whatever they say",
                serin: "an explicit header or cookie beats the session cookie",
                remedy: exactMode)
        }
        if let canary = canaries.first(where: { $0.affinity == nil }) {
            addCondition(
                "R30", canary.owner, line: canary.line,
                ingressNginx: "also with `legacy`, a client with the main Ingress's session cookie never gets the canary",
                serin: "with `legacy`, session cookies have no say in the version",
                remedy: exactMode)
        }
    }

    /// R21, R35: a search is given up earlier than nginx does.
    private mutating func addPathConditions() {
        let route = acceptedRoutes.first { route in
            scoped.hostPlan.usesRegex(route.path.place.host) && Self.canFail("^" + route.path.place.path)
        }
        guard let route else { return }
        addCondition(
            "R35", route.owner, line: route.path.line, ingressNginx: "nginx gives a search for the path's expression 10 million steps",
            serin: "it has 100 000 from a place, fewer in a long path; then 404", modes: .both, remedy: Self.noNesting)
    }

    private mutating func addPatternCondition() {
        let canary = canaries.first { canary in
            canary.annotations.headerValue == nil && canary.annotations.headerPattern.map(Self.canFail) == true
        }
        guard let canary else { return }
        addCondition(
            "R21", canary.owner, line: AnnotationReader(manifest: canary.owner).canary("canary-by-header-pattern")?.line ?? canary.line,
            ingressNginx: "nginx gives a search for the pattern 10 million steps; where that is enough for a miss, cookie and weight decide",
            serin: "it has 100 000 from a place, fewer in a long value; then stable", modes: .both, remedy: Self.noNesting)
    }

    private static let noNesting = "none needed, unless repetitions are nested, as in `(a+)+`: write it without"

    private static func canFail(_ text: String) -> Bool { (try? Pattern(text))?.canFail ?? false }

    private mutating func addRuleConditions() {
        addPatternCondition()
        if let canary = canaries.first(where: { $0.annotations.header != nil }) {
            addCondition(
                "R23", canary.owner, line: canary.line,
                ingressNginx: "several lines of the canary's field: joined by `, `; with nginx before 1.23, the first line only",
                serin: "joined by `, `", modes: .both, remedy: "none needed since nginx 1.23")
            addCondition(
                "R23", canary.owner, line: canary.line, ingressNginx: "a tab around the value of the canary's field is part of it",
                serin: "it is not", modes: .both, remedy: "none needed")
        }
        if let canary = canaries.first(where: { $0.annotations.cookie != nil }) {
            addCondition(
                "R26", canary.owner, line: canary.line,
                ingressNginx: "a cookie right behind one without a value is not found, as in `a;\(canary.annotations.cookie ?? "b")=always`",
                serin: "it is found", modes: .both, remedy: "none needed")
        }
        if let canary = canaries.first(where: { $0.annotations.cookie == nil && $0.hasRule }) {
            addCondition(
                "R26", canary.owner, line: canary.line,
                ingressNginx: "without canary-by-cookie a cookie without a name, `=always` or `=never`, is obeyed",
                serin: "it says nothing", modes: .both, remedy: "none needed")
        }
        if let canary = canaries.first(where: { $0.annotations.weight > 0 }) {
            addCondition(
                "R21.7", canary.owner, line: canary.line, ingressNginx: "the weight is a random number for each request",
                serin: "an exact sequence: any run of requests is within 4 of its share; sticky if told so", modes: .both,
                remedy: "none needed")
        }
    }

    private mutating func addBalancingConditions() {
        if let ingress = accepted.first(where: { $0.balancing.balancing.isHash }) {
            addCondition(
                "R32", ingress.manifest, line: ingress.manifest.place.line,
                ingressNginx: "while the endpoint that a hash leads to fails, it is asked again", serin: "the next one on the ring is",
                modes: .both, remedy: "none needed")
        }
        if let ingress = accepted.first(where: { $0.balancing.balancing == .ewma }) {
            addCondition(
                "R32", ingress.manifest, line: ingress.manifest.place.line,
                ingressNginx: "with ewma the workers share what they know of answer times",
                serin: "each worker has its own, and an answer that was not whole does not count", modes: .both, remedy: "none needed")
        }
    }

    private mutating func addRedirectCondition() {
        let redirected = scoped.routes.indices.first { index in
            snapshot.https.rule(of: index).contains(.redirects) && !scoped.routes[index].annotations.preservesTrailingSlash
                && isAccepted(scoped.routes[index])
        }
        guard let route = redirected.map({ scoped.routes[$0] }) else { return }
        addCondition(
            "tls", route.owner, line: route.path.line,
            ingressNginx: "the redirect to HTTPS leaves out a slash at the end of the URL, unless preserve-trailing-slash is true",
            serin: "the slash stays", remedy: exactMode)
    }

    private mutating func addTLSConditions(hasListener: Bool) {
        guard hasListener else { return }
        let mains = accepted.lazy.filter { !$0.isCanary }
        if let ingress = mains.first(where: { $0.spec.tlsLine != nil }) {
            addCondition(
                "tls", ingress.manifest, line: ingress.spec.tlsLine ?? ingress.manifest.place.line,
                ingressNginx: "speaks HTTP/2 with clients that can", serin: "HTTP/1.1 alone", modes: .both, remedy: "none in Serin")
        }
        if let ingress = mains.first(where: { $0.annotations.clientTLS.demand == .required && $0.annotations.clientTLS.secret != nil }) {
            addCondition(
                "tls", ingress.manifest, line: ingress.annotations.clientTLS.secret?.line ?? ingress.manifest.place.line,
                ingressNginx: "lets requests by plain HTTP in without a certificate, where ssl-redirect is off",
                serin: "answers them 400", remedy: exactMode)
        }
    }

    private mutating func addUpstreamConditions() {
        let secured = accepted.lazy.filter { !$0.isCanary && $0.annotations.upstreamTLS.isHTTPS && $0.annotations.upstreamTLS.secret != nil }
        guard let ingress = secured.first else { return }
        addCondition(
            "tls", ingress.manifest, line: ingress.annotations.upstreamTLS.secret?.line ?? ingress.manifest.place.line,
            ingressNginx: "as long as the Secret has no ca.crt, the other proxy-ssl-* but the name do nothing",
            serin: "each counts by itself", remedy: exactMode)
        guard let ingress = secured.first(where: { $0.manifest.annotation(CanaryAnnotations.prefix, "proxy-ssl-protocols") == nil }) else { return }
        addCondition(
            "tls", ingress.manifest, line: ingress.annotations.upstreamTLS.secret?.line ?? ingress.manifest.place.line,
            ingressNginx: "speaks TLS 1.2 at most to an upstream, unless proxy-ssl-protocols says otherwise",
            serin: "speaks 1.3 with those that can", modes: .both, remedy: "write proxy-ssl-protocols: \"TLSv1.2\"")
    }
}

extension Balancing {
    fileprivate var isHash: Bool {
        switch self {
        case .hash, .subset: true
        case .roundRobin, .ewma, .session: false
        }
    }
}

extension PlannedIngress {
    fileprivate var hasNoClass: Bool {
        let written = manifest.annotation(IngressSelection.classAnnotation)?.value ?? spec.className?.value ?? ""
        return written.isEmpty
    }
}
