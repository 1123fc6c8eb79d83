internal import Addressing
internal import Exchange
internal import Routing

/// Values of supported annotations that ingress-nginx knows more of, or reads otherwise.
extension MigrationCheck {
    mutating func compareValues(_ ingress: PlannedIngress) {
        compareTexts(ingress)
        // Read from canaries, too (R36).
        compareSpread(ingress)
        compareHash(ingress)
        if ingress.isCanary { return }
        compareTries(ingress)
        compareConditions(ingress)
        compareAliases(ingress)
        compareRewrite(ingress)
        compareRoot(ingress)
        compareProtocol(ingress)
        compareCookiePaths(ingress)
    }

    private static func nginx(_ name: String, _ ingress: PlannedIngress) -> Annotation? {
        AnnotationReader(manifest: ingress.manifest).nginx(name)
    }

    /// R6: there it is what is written that is looked at, with the white space around it.
    private mutating func compareTexts(_ ingress: PlannedIngress) {
        guard ingress.isCanary else { return }
        for (name, allowed) in CanaryAnnotations.texts {
            guard let annotation = Self.nginx(name, ingress), let bad = annotation.value.utf8.first(where: { !allowed($0) }) else { continue }
            let text = AnnotationText.normalized(annotation.value)
            guard !text.isEmpty, text.utf8.allSatisfy(allowed), isLookedAt(name, ingress) else { continue }
            add(
                "R6", ingress.manifest, line: annotation.line,
                ingressNginx: "drops \(annotation.key), as there is \(AnnotationText.name(bad)) in front of \(text.oneLine.clipped), or behind it",
                serin: "leaves that out", remedy: "write nothing around it, or " + exactMode)
        }
    }

    /// R21, R27.
    private func isLookedAt(_ name: String, _ ingress: PlannedIngress) -> Bool {
        if name.hasPrefix("canary-by-header-"), Self.nginx("canary-by-header", ingress) == nil { return false }
        return name != "canary-by-header-pattern" || ingress.canary.headerValue == nil
    }

    // MARK: Upstreams

    /// R39.
    private mutating func compareTries(_ ingress: PlannedIngress) {
        guard let annotation = Self.nginx("proxy-next-upstream-tries", ingress),
              let tries = AnnotationText.integer(annotation.value), tries == 0 || tries > RetryRule.maximumTries
        else { return }
        add(
            "R39", ingress.manifest, line: annotation.line,
            ingressNginx: "makes " + (tries == 0 ? "any number of" : "up to \(tries)") + " attempts",
            serin: "makes \(RetryRule.maximumTries) at most", modes: .both, remedy: "none in Serin")
    }

    /// R39: as in `compareTexts`.
    private mutating func compareConditions(_ ingress: PlannedIngress) {
        guard let annotation = Self.nginx("proxy-next-upstream", ingress), let here = inScoped[ingress.manifest.label],
              here.annotations.retry.conditions != ingress.annotations.retry.conditions
        else { return }
        add(
            "R39", ingress.manifest, line: annotation.line,
            ingressNginx: "drops proxy-next-upstream because of the white space in it: error and timeout count",
            serin: "tries again as it says", remedy: "write one space between its words and none in front, or " + exactMode)
    }

    /// R32: ways that ingress-nginx has by this annotation, and Serin by others alone.
    private mutating func compareSpread(_ ingress: PlannedIngress) {
        guard let annotation = Self.nginx("load-balance", ingress) else { return }
        let way = AnnotationText.normalized(annotation.value)
        guard ["chash", "chashsubset", "sticky_balanced", "sticky_persistent"].contains(way),
              Self.nginx("upstream-hash-by", ingress) == nil
        else { return }
        add(
            "R32", ingress.manifest, line: annotation.line, ingressNginx: "chooses endpoints by \(way)", serin: "chooses them in turn",
            modes: .both, remedy: way.hasPrefix("chash") ? "write upstream-hash-by" : "write affinity: cookie")
    }

    private mutating func compareHash(_ ingress: PlannedIngress) {
        guard let annotation = Self.nginx("upstream-hash-by", ingress) else { return }
        let text = AnnotationText.normalized(annotation.value)
        guard !text.isEmpty, (try? HashTemplate(text)) == nil else { return }
        add(
            "R32", ingress.manifest, line: annotation.line,
            ingressNginx: "chooses endpoints by a hash of \"\(text.oneLine.clipped)\", empty where nginx does not know a variable",
            serin: "drops the annotation, as it names something that Serin does not know", modes: .both,
            remedy: "use variables that are listed in docs/annotations.md")
    }

    private mutating func compareProtocol(_ ingress: PlannedIngress) {
        guard let annotation = Self.nginx("backend-protocol", ingress) else { return }
        let name = AnnotationText.normalized(annotation.value).uppercased()
        let what: String
        switch name {
        case "GRPC", "GRPCS": what = "speaks gRPC to the upstream\(name == "GRPCS" ? " over TLS" : "")"
        case "FCGI": what = "speaks FastCGI to the upstream"
        case "AUTO_HTTP": what = "speaks the scheme of the client's request to the upstream"
        default: return
        }
        add(
            "annotation", ingress.manifest, line: annotation.line, ingressNginx: what,
            serin: "speaks HTTP/1.1" + (name == "GRPCS" ? " over TLS" : ""), modes: .both, remedy: "none in Serin")
    }

    // MARK: Hosts and paths

    /// R33.
    private mutating func compareAliases(_ ingress: PlannedIngress) {
        guard let annotation = Self.nginx("server-alias", ingress) else { return }
        for word in annotation.value.split(separator: ",") {
            let alias = AnnotationText.normalized(String(word)).lowercased()
            // What ingress-nginx does not let through either.
            guard !alias.isEmpty, AdmissionRule.serverNames.accepts(alias) else { continue }
            let name = alias.droppingPrefix("*.")
            if !AddressText.isName(name ?? alias) {
                add(
                    "R33", ingress.manifest, line: annotation.line,
                    ingressNginx: "serves the hosts that nginx takes `\(alias.clipped)` for" + (alias.hasPrefix("~") ? ", a regular expression" : ""),
                    serin: "drops this name", modes: .both, remedy: "write the hosts' names")
            } else if name != nil, scoped.hostPlan.aliases.contains(where: { $0.name == alias }) {
                add(
                    "R33", ingress.manifest, line: annotation.line,
                    ingressNginx: "serves every host that ends so, with any number of labels in place of the star of `\(alias)`",
                    serin: "serves those with exactly one", modes: .both, remedy: "write an alias for each number of labels: `*.*` is none")
            }
        }
    }

    /// R35.
    private mutating func compareRewrite(_ ingress: PlannedIngress) {
        guard let annotation = Self.nginx("rewrite-target", ingress) else { return }
        let target = AnnotationText.normalized(annotation.value)
        guard !target.isEmpty, TextBound.problem(of: "rewrite-target", target) == nil, target.utf8.allSatisfy(RouteAnnotations.isTarget),
              ingress.spec.writtenPaths.contains(where: { $0.place.path != target })
        else { return }
        let hasProblem = RouteAnnotations.problem(ofTarget: target) != nil
        if !annotation.value.utf8.allSatisfy(RouteAnnotations.isTarget) {
            if hasProblem { return }
            add(
                "R35", ingress.manifest, line: annotation.line,
                ingressNginx: "drops rewrite-target because of the white space around \(target.clipped): paths go on as they came, and are no "
                    + "regular expressions because of it",
                serin: "leaves that out and rewrites", remedy: "write nothing around it, or " + exactMode)
        } else if hasProblem {
            let isRedirect = ["http://", "https://", "$scheme"].contains(where: target.hasPrefix)
            add(
                "R35", ingress.manifest, line: annotation.line,
                ingressNginx: (isRedirect ? "answers 302 to" : "asks the upstream for") + " \(target.clipped), with what nginx puts in for its variables",
                serin: "drops the annotation: paths go on as they came, and are no regular expressions because of it", modes: .both,
                remedy: isRedirect ? "redirect in the application" : "use $1 to $9 alone")
        } else if !target.hasPrefix("/") {
            add(
                "R35", ingress.manifest, line: annotation.line,
                ingressNginx: "asks the upstream for \(target.clipped) as it is, also where it does not begin with `/`",
                serin: "puts a `/` in front where there is none", modes: .both, remedy: "none needed, unless the upstream wants it so")
        }
    }

    private mutating func compareRoot(_ ingress: PlannedIngress) {
        guard let annotation = Self.nginx("app-root", ingress),
              let root = inScoped[ingress.manifest.label]?.annotations.appRoot?.value
        else { return }
        let isRefused = !annotation.value.utf8.allSatisfy(RouteAnnotations.isTarget)
        guard isRefused || root.contains("$") else { return }
        add(
            "annotation", ingress.manifest, line: annotation.line,
            ingressNginx: isRefused
                ? "drops app-root, which may hold letters, digits and `-._~/$:` alone" : "redirects `/` to \(root.clipped), with nginx's variables put in",
            serin: "redirects `/` to \(root.clipped)" + (isRefused ? "" : " as it stands"), modes: isRefused ? .scoped : .both,
            remedy: isRefused ? "mend or remove it, or " + exactMode : "write the path itself")
    }

    /// R28: without an annotation a session cookie's path is the location's, which may be a regular expression.
    private mutating func compareCookiePaths(_ ingress: PlannedIngress) {
        guard let session = ingress.affinity.session, !session.hasPath, let annotation = Self.nginx("affinity", ingress) else { return }
        let places = scoped.routes.map { (route: $0, place: $0.path.place) }.filter { route, place in
            route.owner.label == ingress.manifest.label && place.path != "/" && scoped.hostPlan.usesRegex(place.host) && exact.hostPlan.usesRegex(place.host)
        }.map(\.place)
        guard !places.isEmpty else { return }
        add(
            "R28", ingress.manifest, line: annotation.line, places,
            ingressNginx: "the session cookie's path is the expression, so that browsers hardly send it", serin: "it is `/`",
            remedy: "write session-cookie-path, or " + exactMode)
    }
}
