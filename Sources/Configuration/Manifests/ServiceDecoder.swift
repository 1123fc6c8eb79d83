internal import Addressing

/// Decodes a Service.
struct ServiceDecoder {
    let place: Place
    let object: String

    func decode(_ node: YAMLNode, log: inout DiagnosticLog) -> ServiceManifest {
        let spec = node["spec"]
        var externalName: Located<String>?
        if spec?["type"]?.text == "ExternalName" {
            let name = spec?["externalName"]
            if let name, let text = name.text, AddressText.isName(text.droppingLastDot) {
                externalName = Located(value: text.droppingLastDot, line: name.line)
            } else {
                log.error(
                    place.at(line: name?.line ?? place.line), object,
                    "expected a DNS name under `spec.externalName`, found \(name?.found ?? "nothing")")
            }
        }
        return ServiceManifest(
            ports: ports(spec?["ports"], log: &log), clusterIP: clusterIP(spec?["clusterIP"], log: &log), externalName: externalName)
    }

    /// Nil for a headless Service, and for one that has not been given an address.
    private func clusterIP(_ node: YAMLNode?, log: inout DiagnosticLog) -> String? {
        guard let node, let text = node.text, !text.isEmpty, text != "None" else { return nil }
        if IPAddress(text) != nil { return text }
        log.error(place.at(line: node.line), object, "expected an IP address or None under `spec.clusterIP`, found \(node.found)")
        return nil
    }

    private func ports(_ node: YAMLNode?, log: inout DiagnosticLog) -> [ServiceManifest.Port] {
        guard let node else { return [] }
        guard let list = node.sequence else {
            log.error(place.at(line: node.line), object, "expected a list under `spec.ports`, found \(node.found)")
            return []
        }
        return list.compactMap { element in
            // HTTP needs TCP; UDP and SCTP ports of the same Service are none of ours.
            if let transport = element["protocol"]?.text, transport != "TCP" { return nil }
            guard let text = element["port"]?.text, case .number(let port)? = PortReference(text) else {
                log.error(
                    place.at(line: element["port"]?.line ?? element.line), object,
                    "expected a port of 1–65535 under `spec.ports`, found \(element["port"]?.found ?? "nothing")")
                return nil
            }
            let target = element["targetPort"]
            let reference = target?.text.flatMap(PortReference.init)
            if let target, reference == nil {
                log.error(
                    place.at(line: target.line), object,
                    "expected the number (1–65535) or name of a port under `targetPort`, found \(target.found)")
            }
            return ServiceManifest.Port(name: element["name"]?.text ?? "", port: port, target: reference)
        }
    }
}

extension String {
    /// A fully qualified DNS name may end with a dot.
    fileprivate var droppingLastDot: String { hasSuffix(".") ? String(dropLast()) : self }
}
