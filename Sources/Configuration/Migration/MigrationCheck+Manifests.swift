internal import Exchange
internal import Routing

/// What an Ingress says and Serin does not do, in either mode, and what only some requests notice.
extension MigrationCheck {
    // MARK: Annotations

    /// Annotations that ingress-nginx obeys and Serin does not.
    mutating func compareAnnotations(_ ingress: PlannedIngress) {
        for annotation in ingress.manifest.annotations {
            guard let row = AnnotationCatalogue.row(annotation.canonical), row.state != .supported,
                  AnnotationCatalogue.isIngressNginx(annotation.canonical), !Self.saysWhatIs(annotation, row),
                  !ingress.isCanary || Self.isReadFromCanary(row.name)
            else { continue }
            let isPlanned = row.state == .planned
            add(
                "annotation", ingress.manifest, line: annotation.line,
                ingressNginx: "obeys \(annotation.key): \"\(AnnotationText.normalized(annotation.value).oneLine.clipped)\""
                    + (Self.isCritical(row.name) ? ", if its controller lets snippets through; else it refuses the whole Ingress (R9)" : ""),
                serin: "ignores it" + (isPlanned ? "; planned: \(row.text)" : ": \(row.text)"), modes: .both,
                remedy: isPlanned ? "wait for it, or do it in the application" : "none in Serin")
        }
    }

    /// Values that ingress-nginx knows more of.
    mutating func compareValues(_ ingress: PlannedIngress, _ settings: Settings) {
        compareHash(ingress)
        compareAdmission(ingress, settings.riskLevel)
        if !ingress.isCanary { compareTries(ingress) }
    }

    /// R39.
    private mutating func compareTries(_ ingress: PlannedIngress) {
        guard let annotation = ingress.manifest.annotation(CanaryAnnotations.prefix + "proxy-next-upstream-tries"),
              let tries = AnnotationText.integer(annotation.value), tries == 0 || tries > RetryRule.maximumTries
        else { return }
        add(
            "R39", ingress.manifest, line: annotation.line,
            ingressNginx: "makes " + (tries == 0 ? "any number of" : "up to \(tries)") + " attempts",
            serin: "makes \(RetryRule.maximumTries) at most", modes: .both, remedy: "none in Serin")
    }

    /// R9, but for text for nginx, of which `compareAnnotations` speaks.
    private mutating func compareAdmission(_ ingress: PlannedIngress, _ level: AnnotationRisk) {
        guard let refusal = Admission(riskLevel: level < .high ? level : .critical).refusal(of: ingress.manifest) else { return }
        add(
            "R9", ingress.manifest, line: refusal.annotation.line,
            ingressNginx: "refuses the whole Ingress, because \(refusal.annotation.key) \(refusal.why); what it has stored before stays",
            serin: "serves it, without what can't be used", remedy: "mend or remove the annotation")
    }

    private mutating func compareHash(_ ingress: PlannedIngress) {
        guard let annotation = ingress.manifest.annotation(CanaryAnnotations.prefix + "upstream-hash-by") else { return }
        let text = AnnotationText.normalized(annotation.value)
        guard !text.isEmpty, (try? HashTemplate(text)) == nil else { return }
        add(
            "R32", ingress.manifest, line: annotation.line,
            ingressNginx: "chooses endpoints by a hash of \"\(text.oneLine.clipped)\", empty where nginx does not know a variable",
            serin: "drops the annotation, as it names something that Serin does not know", modes: .both,
            remedy: "use variables that are listed in docs/annotations.md")
    }

    /// Whether the value asks for what Serin does without the annotation.
    private static func saysWhatIs(_ annotation: Annotation, _ row: AnnotationCatalogue.Row) -> Bool {
        switch row.name {
        case "proxy-request-buffering", "proxy-buffering": AnnotationText.normalized(annotation.value) == "off"
        case "proxy-http-version": AnnotationText.normalized(annotation.value) == "1.1"
        case "backend-protocol": AnnotationText.normalized(annotation.value).uppercased() == "HTTP"
        default: offByDefault.contains(row.name) && AnnotationText.bool(annotation.value) == false
        }
    }

    private static let offByDefault: Set<String> = [
        "auth-always-set-cookie", "disable-proxy-intercept-errors", "enable-cors", "enable-global-auth", "enable-modsecurity",
        "enable-opentelemetry", "enable-owasp-core-rules", "enable-rewrite-log", "force-ssl-redirect", "from-to-www-redirect",
        "http2-push-preload", "preserve-trailing-slash", "relative-redirects", "ssl-passthrough",
        "ssl-redirect", "use-port-in-redirects", "use-regex",
    ]

    /// R36: the rest of a canary Ingress's annotations comes from its main one in ingress-nginx, too.
    private static func isReadFromCanary(_ name: String) -> Bool {
        ["load-balance", "affinity-canary-behavior"].contains(name)
            || ["upstream-hash-by", "auth-tls-", "proxy-ssl-"].contains(where: name.hasPrefix)
    }

    private static func isCritical(_ name: String) -> Bool { name.hasSuffix("-snippet") }

    // MARK: Paths and TLS

    /// R40: the controller's `strict-validate-path-type`, on by default.
    mutating func comparePaths(_ ingress: PlannedIngress) {
        for rule in ingress.spec.rules {
            for path in rule.paths where path.kind != .implementationSpecific && !path.path.utf8.allSatisfy(Self.isPlain) {
                let place = RoutePlace(host: rule.host, path: path.path, type: path.kind == .exact ? .exact : .prefix)
                add(
                    "R40", ingress.manifest, line: path.line, [place],
                    ingressNginx: "refuses the Ingress, unless strict-validate-path-type is off: such a path may only hold "
                        + "letters, digits and `._-/`",
                    serin: "takes the path as written", modes: .both, remedy: "remove the path")
            }
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "._-/".utf8.contains(byte)
        }
    }

    mutating func compareTLS(_ ingress: PlannedIngress, hasListener: Bool) {
        guard let line = ingress.spec.tlsLine, !ingress.isCanary, !hasListener else { return }
        add(
            "tls", ingress.manifest, line: line,
            ingressNginx: "serves these hosts by HTTPS, and redirects HTTP there unless ssl-redirect is off",
            serin: "serves them by HTTP only, without a listener for TLS", modes: .both, remedy: "add a listener with `tls: true`")
    }

    // MARK: Conditions

    /// What differs for some requests, or at some times, each once with the first object concerned.
    mutating func addConditions(_ settings: Settings) {
        if let first = ingresses.first(where: \.hasNoClass) {
            addCondition(
                "class", first.manifest, line: first.manifest.place.line,
                ingressNginx: "counts an Ingress without a class only if started with --watch-ingress-without-class",
                serin: "counts it", modes: .both, remedy: "give it another controller's class")
        }
        if let route = scoped.routes.first {
            addCondition(
                "R34", route.owner, line: route.path.line,
                ingressNginx: "a request path with an encoded `/`, `\\` or NUL is decoded, then routed",
                serin: "400, and also if a dot segment shows only when decoded",
                remedy: "set `canary.compatibility: ingress-nginx`")
        }
        guard let canary = canaries.first(where: \.hasRule) else { return }
        addCondition(
            "R21.0", canary.owner, line: canary.line,
            ingressNginx: "while a main Service has no endpoint: 503 for all, whatever the canary's rules say",
            serin: "what the rules or the weight send to the canary reaches it",
            remedy: "set `canary.compatibility: ingress-nginx`")
        addFailover(canary, settings.failover)
        addRuleConditions()
        addAffinityConditions()
    }

    /// Those that ingress-nginx knows: no releases.
    private var canaries: some Sequence<PlannedCanary> {
        scoped.routes.lazy.flatMap(\.canaries).filter { !$0.annotations.isRelease }
    }

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
        let sticky = scoped.routes.lazy.filter { $0.affinity != nil }
        if let route = sticky.first(where: { $0.affinity?.session.changesOnFailure == false }) {
            addCondition(
                "R28", route.owner, line: route.path.line,
                ingressNginx: "while a client's endpoint fails it is asked again, unless session-cookie-change-on-failure is true",
                serin: "another endpoint answers, the client keeps its cookie", modes: .both, remedy: "none needed")
        }
        let canaries = sticky.flatMap(\.canaries)
        if let canary = canaries.first(where: { $0.affinity != nil && ($0.annotations.header != nil || $0.annotations.cookie != nil) }) {
            addCondition(
                "R29", canary.owner, line: canary.line,
                ingressNginx: "a session cookie beats the canary's header and cookie rules, whatever they say",
                serin: "an explicit header or cookie beats the session cookie",
                remedy: "set `canary.compatibility: ingress-nginx`")
        }
        if let canary = canaries.first(where: { $0.affinity == nil }) {
            addCondition(
                "R30", canary.owner, line: canary.line,
                ingressNginx: "also with `legacy`, a client with the main Ingress's session cookie never gets the canary",
                serin: "with `legacy`, session cookies have no say in the version",
                remedy: "set `canary.compatibility: ingress-nginx`")
        }
    }

    private mutating func addRuleConditions() {
        if let canary = canaries.first(where: { $0.annotations.header != nil }) {
            addCondition(
                "R23", canary.owner, line: canary.line,
                ingressNginx: "several lines of the canary's field: joined by `, `; with nginx before 1.23, the first line only",
                serin: "joined by `, `", modes: .both, remedy: "none needed since nginx 1.23")
        }
        if let canary = canaries.first(where: { $0.annotations.weight > 0 }) {
            addCondition(
                "R21.7", canary.owner, line: canary.line, ingressNginx: "the weight is a random number for each request",
                serin: "an exact sequence: any run of requests is within 4 of its share; sticky if told so", modes: .both,
                remedy: "none needed")
        }
    }
}

extension PlannedIngress {
    fileprivate var hasNoClass: Bool {
        let written = manifest.annotation(IngressSelection.classAnnotation)?.value ?? spec.className?.value ?? ""
        return written.isEmpty
    }
}

extension String {
    /// Line breaks as spaces, runs of white space as one.
    fileprivate var oneLine: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
