internal import Exchange
internal import TLS

/// What differs of certificates, and of TLS to upstreams.
extension MigrationCheck {
    mutating func compareTLS(_ ingress: PlannedIngress, hasListener: Bool) {
        if ingress.isCanary { return }
        if let line = ingress.spec.tlsLine, !hasListener {
            add(
                "tls", ingress.manifest, line: line,
                ingressNginx: "serves these hosts by HTTPS, and redirects HTTP there unless ssl-redirect is off",
                serin: "serves them by HTTP only, without a listener for TLS", modes: .both, remedy: "add a listener with `tls: true`")
        }
        compareErrorPage(ingress)
        if ingress.annotations.upstreamTLS.isHTTPS { compareUpstreams(ingress) }
    }

    // MARK: Clients

    private mutating func compareErrorPage(_ ingress: PlannedIngress) {
        let reader = AnnotationReader(manifest: ingress.manifest)
        guard ingress.annotations.clientTLS.secret != nil, ingress.annotations.clientTLS.errorPage.isEmpty,
              let annotation = reader.nginx("auth-tls-error-page"), !annotation.value.isEmpty, AdmissionRule.errorPage.accepts(annotation.value)
        else { return }
        add(
            "annotation", ingress.manifest, line: annotation.line,
            ingressNginx: "sends clients without a good certificate to \(annotation.value.oneLine.clipped)", serin: "answers them 400",
            modes: .both, remedy: "write an absolute URL")
    }

    // MARK: Upstreams

    private mutating func compareUpstreams(_ ingress: PlannedIngress) {
        let reader = AnnotationReader(manifest: ingress.manifest)
        let upstream = ingress.annotations.upstreamTLS
        if upstream.secret == nil {
            let written = UpstreamTLSAnnotations.names.dropFirst().compactMap { reader.nginx($0) }
                .filter { AnnotationText.normalized($0.value) != "off" }
            guard let first = written.first else { return }
            let keys = written.map(\.key).joined(separator: ", ")
            return add(
                "annotation", ingress.manifest, line: first.line, ingressNginx: "without proxy-ssl-secret ignores \(keys)", serin: "obeys it all the same",
                remedy: "remove it, or " + exactMode)
        }
        if let verifies = upstream.verifies, verifies.value, upstream.name == nil {
            add(
                "annotation", ingress.manifest, line: verifies.line,
                ingressNginx: "wants a certificate for `upstream_balancer` of the upstream, as long as there is no proxy-ssl-name",
                serin: "wants one for the Service's own name", modes: .both, remedy: "write proxy-ssl-name")
        }
        guard let annotation = reader.nginx("proxy-ssl-protocols") else { return }
        let old = AnnotationText.normalized(annotation.value).split(separator: " ").filter { ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1"].contains($0) }
        guard !old.isEmpty else { return }
        add(
            "annotation", ingress.manifest, line: annotation.line, ingressNginx: "also speaks \(old.joined(separator: ", ")) to the upstream",
            serin: "speaks TLS 1.2 and 1.3 alone", modes: .both, remedy: "none in Serin")
    }

    // MARK: Hosts

    /// R36: what an Ingress says for its whole host there, also if it is a canary, and for its own paths here, if at all.
    mutating func compareLeaks() {
        var (clients, upstreams) = (Set<String>(), Set<String>())
        for ingress in ingresses {
            let hosts = ingress.spec.rules.isEmpty ? [""] : ingress.spec.rules.map(\.host)
            let own = Set(hosts).intersection(exact.hosts.union([""]))
            if let secret = ingress.annotations.clientTLS.secret {
                let first = own.subtracting(clients)
                clients.formUnion(own)
                if ingress.isCanary, !first.isEmpty { addClientLeak(ingress, secret.line, first) }
            }
            if let secret = ingress.annotations.upstreamTLS.secret {
                let first = own.subtracting(upstreams)
                upstreams.formUnion(own)
                addUpstreamLeak(ingress, secret.line, first)
            }
        }
    }

    private mutating func addClientLeak(_ canary: PlannedIngress, _ line: Int, _ hosts: Set<String>) {
        add(
            "R36", canary.manifest, line: line, scoped.routes.map(\.path.place).filter { hosts.contains($0.host) },
            ingressNginx: "auth-tls-* of the canary count for its whole host, as no older Ingress with the host has any: all clients are asked "
                + "for certificates",
            serin: "they do nothing in a canary", remedy: "write them in the main Ingress, or " + exactMode)
    }

    private mutating func addUpstreamLeak(_ ingress: PlannedIngress, _ line: Int, _ hosts: Set<String>) {
        let places = scoped.routes.filter { route in
            let upstream = route.annotations.upstreamTLS
            return hosts.contains(route.path.place.host) && upstream.isHTTPS && upstream.secret == nil && route.owner.label != ingress.manifest.label
        }.map(\.path.place)
        guard !places.isEmpty else { return }
        add(
            "R36", ingress.manifest, line: line, places,
            ingressNginx: "if the Secret has a ca.crt, proxy-ssl-* of this Ingress count for its whole host: for these paths of other Ingresses, too",
            serin: "each Ingress has its own" + (ingress.isCanary ? ", and a canary its main one's" : ""),
            remedy: "write proxy-ssl-secret and the like into the other Ingresses, or " + exactMode)
    }
}
