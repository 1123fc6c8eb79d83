/// Decodes `spec` of an Ingress. The API versions differ in how a backend is written; both ways are taken in any version,
/// with a warning where kubectl would refuse it.
struct IngressDecoder {
    private typealias Spec = IngressManifest

    let place: Place
    let object: String
    private let isV1: Bool

    /// - Parameter version: `apiVersion`.
    init(place: Place, object: String, version: String) {
        self.place = place
        self.object = object
        isV1 = version == "networking.k8s.io/v1"
    }

    mutating func decode(_ node: YAMLNode, log: inout DiagnosticLog) -> IngressManifest {
        checkKeys(node, ["apiVersion", "kind", "metadata", "spec", "status"], "", log: &log)
        var ingress = IngressManifest()
        guard let spec = node["spec"] else { return ingress }
        guard spec.mapping != nil else {
            error(spec.line, "expected a mapping under `spec`, found \(spec.found)", log: &log)
            return ingress
        }
        checkKeys(spec, ["ingressClassName", "defaultBackend", "backend", "rules", "tls"], "spec.", log: &log)
        if let name = spec["ingressClassName"] {
            if let text = name.text { ingress.className = Located(value: text, line: name.line) }
            else { error(name.line, "expected a class name, found \(name.found)", log: &log) }
        }
        if let backend = spec.entry("defaultBackend") ?? spec.entry("backend"), !backend.value.isNull {
            ingress.defaultBackend = self.backend(backend.value, log: &log)
        }
        if let tls = spec.entry("tls"), !tls.value.isNull {
            ingress.tlsLine = tls.line
            ingress.tls = self.tls(tls.value, log: &log)
        }
        if let rules = spec["rules"] {
            guard let list = rules.sequence else {
                error(rules.line, "expected a list under `spec.rules`, found \(rules.found)", log: &log)
                return ingress
            }
            ingress.rules = list.compactMap { rule($0, log: &log) }
        }
        return ingress
    }

    // MARK: TLS

    private func tls(_ node: YAMLNode, log: inout DiagnosticLog) -> [IngressManifest.TLSEntry] {
        guard let list = node.sequence else {
            error(node.line, "expected a list under `spec.tls`, found \(node.found)", log: &log)
            return []
        }
        return list.compactMap { element in
            guard element.mapping != nil else {
                error(element.line, "expected `hosts` and `secretName`, found \(element.found)", log: &log)
                return nil
            }
            checkKeys(element, ["hosts", "secretName"], "spec.tls.", log: &log)
            var secret: Located<String>?
            if let name = element["secretName"] {
                guard let text = name.text else {
                    error(name.line, "expected the name of a Secret, found \(name.found)", log: &log)
                    return nil
                }
                if !text.isEmpty { secret = Located(value: text, line: name.line) }
            }
            if let hosts = element["hosts"], hosts.sequence == nil {
                error(hosts.line, "expected a list of hosts, found \(hosts.found)", log: &log)
            }
            let hosts = (element["hosts"]?.sequence ?? []).compactMap { host in
                self.host(host, log: &log).map { Located(value: $0, line: host.line) }
            }
            return IngressManifest.TLSEntry(hosts: hosts, secret: secret, line: element.line)
        }
    }

    // MARK: Rules

    private func rule(_ node: YAMLNode, log: inout DiagnosticLog) -> IngressManifest.Rule? {
        guard node.mapping != nil else {
            error(node.line, "expected a rule with `host` and `http`, found \(node.found)", log: &log)
            return nil
        }
        checkKeys(node, ["host", "http"], "spec.rules.", log: &log)
        guard let host = host(node["host"], log: &log) else { return nil }
        var paths: [Spec.Path] = []
        if let http = node["http"] {
            checkKeys(http, ["paths"], "spec.rules.http.", log: &log)
            guard let list = http["paths"]?.sequence else {
                let found = http["paths"]?.found ?? "nothing"
                error(http.line, "expected a list under `http.paths`, found \(found)", log: &log)
                return nil
            }
            paths = list.compactMap { path($0, log: &log) }
        }
        return Spec.Rule(host: host, line: node.line, paths: paths)
    }

    /// Lower case, empty for every host; nil, with an error, if it can't be one.
    private func host(_ node: YAMLNode?, log: inout DiagnosticLog) -> String? {
        guard let node else { return "" }
        guard let text = node.text else {
            error(node.line, "expected a host name, found \(node.found)", log: &log)
            return nil
        }
        if text.isEmpty { return "" }
        let name = text.hasPrefix("*.") ? text.dropFirst(2) : Substring(text)
        if AddressText.isName(name), !name.contains("_") { return text.lowercased() }
        var advice = "write a DNS name, or `*.` and a DNS name"
        if text.contains("://") || text.contains("/") { advice = "write the name only, without scheme and path" }
        else if text.contains(":") { advice = "leave out the port: hosts are matched without it" }
        error(node.line, "`\(text.clipped)` is not a host name; \(advice)", log: &log)
        return nil
    }

    private func path(_ node: YAMLNode, log: inout DiagnosticLog) -> Spec.Path? {
        guard node.mapping != nil else {
            error(node.line, "expected a path with its backend, found \(node.found)", log: &log)
            return nil
        }
        checkKeys(node, ["path", "pathType", "backend"], "spec.rules.http.paths.", log: &log)
        var path = "/"
        if let written = node["path"] {
            guard let text = written.text else {
                error(written.line, "expected a path, found \(written.found)", log: &log)
                return nil
            }
            if !text.isEmpty { path = text }
            guard path.hasPrefix("/") else {
                error(written.line, "the path `\(path.clipped)` must begin with `/`", log: &log)
                return nil
            }
        }
        guard let kind = pathKind(node, log: &log) else { return nil }
        guard let backend = node["backend"] else {
            error(node.line, "the path `\(path.clipped)` has no backend; name a Service and its port", log: &log)
            return nil
        }
        guard let reference = self.backend(backend, log: &log) else { return nil }
        return Spec.Path(path: path, kind: kind, backend: reference, line: node.line)
    }

    private func pathKind(_ node: YAMLNode, log: inout DiagnosticLog) -> Spec.PathKind? {
        guard let written = node["pathType"] else {
            if isV1 {
                log.warning(
                    place.at(line: node.line), object,
                    "`pathType` is missing: taken as ImplementationSpecific (R10), but kubectl would refuse it in "
                        + "networking.k8s.io/v1")
            }
            return .implementationSpecific
        }
        if let text = written.text, let kind = Spec.PathKind(rawValue: text) { return kind }
        error(
            written.line, "expected a pathType of Exact, Prefix or ImplementationSpecific, found \(written.found)",
            log: &log)
        return nil
    }

    // MARK: Backends

    private func backend(_ node: YAMLNode, log: inout DiagnosticLog) -> BackendReference? {
        guard node.mapping != nil else {
            error(node.line, "expected a backend with a Service and its port, found \(node.found)", log: &log)
            return nil
        }
        checkKeys(node, ["service", "resource", "serviceName", "servicePort"], "backend.", log: &log)
        if let service = node["service"] { return newBackend(service, log: &log) }
        if node["serviceName"] != nil || node["servicePort"] != nil {
            if isV1 {
                log.warning(
                    place.at(line: node.line), object,
                    "`serviceName` and `servicePort` belong to v1beta1: taken as meant, but kubectl would refuse them; "
                        + "networking.k8s.io/v1 has `service: {name, port: {number}}`")
            }
            return reference(node["serviceName"], node["servicePort"], in: node, ("serviceName", "servicePort"), log: &log)
        }
        if node["resource"] != nil {
            log.warning(
                place.at(line: node.line), object, "a backend that is a `resource` and no Service leads nowhere, as in ingress-nginx: skipped")
        } else {
            error(node.line, "the backend names no Service; write `service: {name, port: {number}}`", log: &log)
        }
        return nil
    }

    private func newBackend(_ service: YAMLNode, log: inout DiagnosticLog) -> BackendReference? {
        if !isV1 {
            log.warning(
                place.at(line: service.line), object,
                "`service` in a backend belongs to networking.k8s.io/v1: taken as meant, but kubectl would refuse it; "
                    + "v1beta1 has `serviceName` and `servicePort`")
        }
        checkKeys(service, ["name", "port"], "backend.service.", log: &log)
        let port = service["port"]
        if let port { checkKeys(port, ["number", "name"], "backend.service.port.", log: &log) }
        if let number = port?["number"], port?["name"] != nil {
            error(number.line, "the port has a number and a name; keep one of the two", log: &log)
            return nil
        }
        return reference(service["name"], port?["number"] ?? port?["name"], in: service, ("name", "port"), log: &log)
    }

    private func reference(
        _ name: YAMLNode?, _ port: YAMLNode?, in node: YAMLNode, _ keys: (name: String, port: String),
        log: inout DiagnosticLog
    ) -> BackendReference? {
        guard let service = name?.text, ServiceEntry.parse(service).map({ $0.name == service }) == true else {
            let found = name?.found ?? "nothing"
            error(name?.line ?? node.line, "expected the name of a Service under `\(keys.name)`, found \(found)", log: &log)
            return nil
        }
        guard let text = port?.text, let reference = PortReference(text) else {
            let found = port?.found ?? "nothing"
            error(
                port?.line ?? node.line,
                "expected the number (1–65535) or name of a port of \(service) under `\(keys.port)`, found \(found)",
                log: &log)
            return nil
        }
        return BackendReference(service: service, port: reference, line: name?.line ?? node.line)
    }

    // MARK: Words

    private func error(_ line: Int, _ message: String, log: inout DiagnosticLog) {
        log.error(place.at(line: line), object, message)
    }

    /// A misspelt key must not look as if it did something: without its `host` a rule would take every host's requests.
    private func checkKeys(_ node: YAMLNode, _ keys: [String], _ path: String, log: inout DiagnosticLog) {
        for entry in node.mapping ?? [] where !keys.contains(entry.key) {
            let name = "\(path)\(entry.key.clipped)"
            if let near = EditDistance.nearest(to: entry.key, among: keys) {
                error(entry.line, "unknown key `\(name)`; did you mean `\(near)`?", log: &log)
            } else {
                log.warning(place.at(line: entry.line), object, "unknown key `\(name)`, ignored")
            }
        }
    }
}
