/// Decodes Endpoints and EndpointSlices.
struct EndpointsDecoder {
    let place: Place
    let object: String

    func endpoints(_ node: YAMLNode, log: inout DiagnosticLog) -> EndpointsManifest {
        let subsets = list(node["subsets"], "subsets", log: &log).map { subset in
            let addresses = list(subset["addresses"], "addresses", log: &log).compactMap { entry in
                address(entry["ip"], in: entry, log: &log)
            }
            return EndpointsManifest.Subset(addresses: addresses, ports: ports(subset["ports"], log: &log))
        }
        return EndpointsManifest(subsets: subsets)
    }

    /// Nil, with a warning, for a slice that no Service owns.
    func slice(_ node: YAMLNode, labels: [String: String], log: inout DiagnosticLog) -> EndpointSliceManifest? {
        guard let service = labels["kubernetes.io/service-name"], !service.isEmpty else {
            log.warning(
                place, object,
                "has no label kubernetes.io/service-name, so that it belongs to no Service, ignored; add the label")
            return nil
        }
        var addresses: [Located<String>] = []
        var unready = 0
        for endpoint in list(node["endpoints"], "endpoints", log: &log) {
            let found = list(endpoint["addresses"], "addresses", log: &log).compactMap { address($0, in: $0, log: &log) }
            // Not known is ready (EndpointConditions of discovery.k8s.io/v1).
            let ready = endpoint["conditions"]?["ready"]?.text != "false"
            if ready { addresses += found } else { unready += found.count }
        }
        return EndpointSliceManifest(
            service: service, addresses: addresses, unready: unready, ports: ports(node["ports"], log: &log))
    }

    private func address(_ node: YAMLNode?, in parent: YAMLNode, log: inout DiagnosticLog) -> Located<String>? {
        if let node, let text = node.text, AddressText.address(text, port: 1) != nil {
            return Located(value: text, line: node.line)
        }
        let line = node?.line ?? parent.line
        log.error(place.at(line: line), object, "expected an IP address or a DNS name, found \(node?.found ?? "nothing")")
        return nil
    }

    private func ports(_ node: YAMLNode?, log: inout DiagnosticLog) -> [EndpointPort] {
        list(node, "ports", log: &log).compactMap { element in
            if let transport = element["protocol"]?.text, transport != "TCP" { return nil }
            guard let port = element["port"] else { return EndpointPort(name: element["name"]?.text ?? "", port: nil) }
            guard let text = port.text, case .number(let number)? = PortReference(text) else {
                log.error(place.at(line: port.line), object, "expected a port of 1–65535, found \(port.found)")
                return nil
            }
            return EndpointPort(name: element["name"]?.text ?? "", port: number)
        }
    }

    private func list(_ node: YAMLNode?, _ key: String, log: inout DiagnosticLog) -> [YAMLNode] {
        guard let node else { return [] }
        if let list = node.sequence { return list }
        log.error(place.at(line: node.line), object, "expected a list under `\(key)`, found \(node.found)")
        return []
    }
}
