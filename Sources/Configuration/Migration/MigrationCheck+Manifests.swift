internal import Exchange
internal import Routing

/// What an Ingress says and Serin does not do, in either mode.
extension MigrationCheck {
    // MARK: Annotations

    /// Annotations that ingress-nginx obeys and Serin does not. Those of canaries it does not obey either (R36).
    mutating func compareAnnotations(_ ingress: PlannedIngress) {
        if ingress.isCanary { return }
        for annotation in ingress.manifest.annotations {
            guard let row = AnnotationCatalogue.row(annotation.canonical), row.state != .supported,
                  AnnotationCatalogue.isIngressNginx(annotation.canonical), !Self.saysWhatIs(annotation, row)
            else { continue }
            let isPlanned = row.state == .planned
            add(
                "annotation", ingress.manifest, line: annotation.line,
                ingressNginx: "obeys \(annotation.key): \"\(AnnotationText.normalized(annotation.value).oneLine.clipped)\""
                    + (Self.isCritical(row.name) ? ", if its controller lets snippets through; else it refuses the whole Ingress (R9)" : ""),
                serin: "ignores it" + (isPlanned ? "; planned: \(row.text)" : ": \(row.text)")
                    + (Self.isCritical(row.name) && riskLevel < .critical
                        ? "; `ingress-nginx` mode refuses the whole Ingress, unless `canary.annotationsRiskLevel` is Critical" : ""),
                modes: .both,
                remedy: isPlanned ? "wait for it, or do it in the application" : "none in Serin")
        }
    }

    /// R9, but for text for nginx, of which `compareAnnotations` speaks where it has a meaning. Whether the Ingress is refused.
    mutating func compareAdmission(_ ingress: PlannedIngress) -> Bool {
        guard let refusal = Self.refusal(of: ingress.manifest, isCanary: ingress.isCanary, riskLevel) else { return false }
        add(
            "R9", ingress.manifest, line: refusal.annotation.line,
            ingressNginx: "refuses the whole Ingress, because \(refusal.annotation.key) \(refusal.why); what it has stored before stays",
            serin: "serves it, without what can't be used", remedy: "mend or remove the annotation, or " + exactMode)
        return true
    }

    /// Whether the value asks for what Serin does without the annotation.
    private static func saysWhatIs(_ annotation: Annotation, _ row: AnnotationCatalogue.Row) -> Bool {
        switch row.name {
        case "proxy-request-buffering", "proxy-buffering": AnnotationText.normalized(annotation.value) == "off"
        case "proxy-http-version": AnnotationText.normalized(annotation.value) == "1.1"
        default: offByDefault.contains(row.name) && AnnotationText.bool(annotation.value) == false
        }
    }

    private static let offByDefault: Set<String> = [
        "auth-always-set-cookie", "disable-proxy-intercept-errors", "enable-cors", "enable-global-auth", "enable-modsecurity",
        "enable-opentelemetry", "enable-owasp-core-rules", "enable-rewrite-log", "force-ssl-redirect", "from-to-www-redirect",
        "http2-push-preload", "preserve-trailing-slash", "relative-redirects", "ssl-passthrough",
        "ssl-redirect", "use-port-in-redirects", "use-regex",
    ]

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
}

extension String {
    /// Line breaks as spaces, runs of white space as one.
    var oneLine: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
