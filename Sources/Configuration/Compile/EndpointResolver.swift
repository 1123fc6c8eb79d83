internal import Routing

/// Finds where a Service runs: `services:` of the configuration file first, then EndpointSlices, then Endpoints, then the
/// DNS name of an ExternalName Service.
struct EndpointResolver {
    /// What a reference to a Service leads to.
    struct Resolution {
        /// `namespace/service:port`, the port by its number where the Service tells it.
        let name: String
        let endpoints: [Endpoint]
        /// Why there is no endpoint, and what to do; nil if there is one.
        let problem: String?
        /// The line of the entry of `services:` that told them, if one did.
        var entryLine: Int?
    }

    private struct Key: Hashable {
        let namespace: String
        let service: String
    }

    private var overrides: [Key: [ServiceEntry]] = [:]
    private var services: [Key: ServiceManifest] = [:]
    private var slices: [Key: [EndpointSliceManifest]] = [:]
    private var endpoints: [Key: EndpointsManifest] = [:]

    init(_ manifests: [Manifest], overrides entries: [ServiceEntry]) {
        for entry in entries { overrides[Key(namespace: entry.namespace, service: entry.name), default: []].append(entry) }
        for manifest in manifests {
            let key = Key(namespace: manifest.namespace, service: manifest.name)
            switch manifest.body {
            case .service(let service): services[key] = service
            case .endpoints(let found): endpoints[key] = found
            case .endpointSlice(let slice):
                slices[Key(namespace: manifest.namespace, service: slice.service), default: []].append(slice)
            default: break
            }
        }
    }

    func resolve(_ reference: BackendReference, namespace: String) -> Resolution {
        let key = Key(namespace: namespace, service: reference.service)
        let service = services[key]
        let port = service?.ports.first { $0.matches(reference.port) }
        let name = "\(namespace)/\(reference.service):\(port.map { String($0.port) } ?? reference.port.description)"
        func found(_ endpoints: [Endpoint], orElse problem: @autoclosure () -> String) -> Resolution {
            Resolution(name: name, endpoints: endpoints, problem: endpoints.isEmpty ? problem() : nil)
        }
        if let entry = override(key, reference.port, port) {
            var resolution = found(entry.endpoints, orElse: "`services:` lists it without an address; add one")
            resolution.entryLine = entry.line
            return resolution
        }
        if let service, port == nil, !service.ports.isEmpty {
            let ports = service.ports.map { $0.name.isEmpty ? "\($0.port)" : "\($0.port) (\($0.name))" }
            return found([], orElse: "the Service has the ports \(ports.joined(separator: ", ")); name one of them")
        }
        let wanted = WantedPort(reference: reference.port, servicePort: port, isServiceKnown: service != nil)
        if let slices = slices[key] {
            let addresses = slices.flatMap { Self.endpoints($0.addresses, $0.ports, wanted) }
            return found(addresses.withoutRepetition, orElse: Self.problem(of: slices))
        }
        if let endpoints = endpoints[key] {
            let addresses = endpoints.subsets.flatMap { Self.endpoints($0.addresses, $0.ports, wanted) }
            return found(addresses.withoutRepetition, orElse: "its Endpoints have no address with that port; add one")
        }
        if let external = service?.externalName {
            guard let number = wanted.number, let address = AddressText.address(external.value, port: number) else {
                return found([], orElse: "an ExternalName Service needs the port's number; write it")
            }
            return found([Endpoint(address: address)], orElse: "")
        }
        return found([], orElse: "add its EndpointSlice to the manifests, or its addresses under `services:`")
    }

    /// A Service's own address, for `service-upstream`; nil if the manifests do not tell it. What `services:` says of the Service
    /// comes first.
    func serviceAddress(_ reference: BackendReference, namespace: String) -> (name: String, endpoint: Endpoint)? {
        let key = Key(namespace: namespace, service: reference.service)
        guard let service = services[key], let clusterIP = service.clusterIP,
              let port = service.ports.first(where: { $0.matches(reference.port) }),
              override(key, reference.port, port) == nil,
              let address = AddressText.address(clusterIP, port: port.port)
        else { return nil }
        return ("\(namespace)/\(reference.service):\(port.port)", Endpoint(address: address))
    }

    /// The name by which a Service is known: that of an ExternalName, else its own within the cluster.
    func dnsName(of service: String, namespace: String) -> String {
        services[Key(namespace: namespace, service: service)]?.externalName?.value.lowercased() ?? "\(service).\(namespace).svc"
    }

    /// Whether a Service has no address of its own, and nothing else says where it is.
    func hasNoAddress(_ reference: BackendReference, namespace: String) -> Bool {
        let key = Key(namespace: namespace, service: reference.service)
        return services[key]?.clusterIP == nil && overrides[key] == nil
    }

    /// A reference to the first port of a Service, for annotations that name no port; nil if nothing is known of it.
    func firstPort(of service: Located<String>, namespace: String) -> BackendReference? {
        let key = Key(namespace: namespace, service: service.value)
        let named = services[key]?.ports.first.map { PortReference.number($0.port) }
            ?? overrides[key]?.first.map { $0.port.flatMap { PortReference($0) } ?? .number(80) }
        let found = slices[key]?.first?.ports.first?.port ?? endpoints[key]?.subsets.first?.ports.first?.port
        guard let port = named ?? found.map({ .number($0) }) else { return nil }
        return BackendReference(service: service.value, port: port, line: service.line)
    }

    private func override(_ key: Key, _ reference: PortReference, _ port: ServiceManifest.Port?) -> ServiceEntry? {
        let entries = overrides[key] ?? []
        let names = [reference.description, port.map { String($0.port) }, port?.name]
        return entries.first { entry in entry.port.map { names.contains($0) } ?? false } ?? entries.first { $0.port == nil }
    }

    private static func endpoints(
        _ addresses: [Located<String>], _ ports: [EndpointPort], _ wanted: WantedPort
    ) -> [Endpoint] {
        guard let port = wanted.choose(from: ports)?.port else { return [] }
        return addresses.compactMap { AddressText.address($0.value, port: port) }.map { Endpoint(address: $0) }
    }

    private static func problem(of slices: [EndpointSliceManifest]) -> String {
        let ready = slices.contains { !$0.addresses.isEmpty }
        if ready { return "its EndpointSlices do not have that port; name the ports alike in Service and EndpointSlice" }
        let unready = slices.reduce(0) { $0 + $1.unready }
        return unready > 0 ? "none of its endpoints is ready" : "its EndpointSlices list no endpoint; add one"
    }
}

/// The port of a Service to look for among the ports of its endpoints.
private struct WantedPort {
    let reference: PortReference
    /// What the Service's manifest says about it.
    let servicePort: ServiceManifest.Port?
    let isServiceKnown: Bool

    /// The number to use for an ExternalName Service, which has no ports of endpoints.
    var number: UInt16? {
        if let servicePort { return servicePort.port }
        if case .number(let number) = reference { return number }
        return nil
    }

    /// Kubernetes names the ports of endpoints after those of the Service; hand-written ones may only agree in the number.
    func choose(from ports: [EndpointPort]) -> EndpointPort? {
        guard let servicePort else {
            switch reference {
            case .number(let number): return ports.first { $0.port == number }
            case .name(let name): return ports.first { $0.name == name }
            }
        }
        if let same = ports.first(where: { $0.name == servicePort.name }) { return same }
        switch servicePort.target ?? .number(servicePort.port) {
        case .number(let number): return ports.first { $0.port == number }
        case .name(let name): return ports.first { $0.name == name }
        }
    }
}

extension ServiceManifest.Port {
    fileprivate func matches(_ reference: PortReference) -> Bool {
        switch reference {
        case .number(let number): port == number
        case .name(let name): self.name == name
        }
    }
}

extension [Endpoint] {
    /// An address may be in several slices of a Service for a while (EndpointSlice documentation, "Duplicate endpoints").
    fileprivate var withoutRepetition: [Endpoint] {
        var seen: Set<EndpointAddress> = []
        return filter { seen.insert($0.address).inserted }
    }
}
