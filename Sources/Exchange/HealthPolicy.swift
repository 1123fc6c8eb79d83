public import Routing

/// Which backends' endpoints are checked, and which of them fail.
public struct HealthPolicy: Sendable {
    /// By position in `Snapshot.backends`.
    public let checks: [Int: HealthCheck]
    /// Endpoints whose checks fail, by the same positions. `Snapshot.backends` has none of them, unless all of a backend's fail.
    public let ailing: [Int: [EndpointAddress]]

    public init(checks: [Int: HealthCheck] = [:], ailing: [Int: [EndpointAddress]] = [:]) {
        self.checks = checks
        self.ailing = ailing
    }
}

extension Snapshot {
    /// The same snapshot without the endpoints that are not well.
    ///
    /// The last ones of a backend stay where it would be without any: a check that is wrong itself should cost nobody the whole service. Only a
    /// backend that none but canaries use may lose all of them, if stable stands in for a canary without endpoints (`Failover`).
    public func replacing(backends: [Backend], isWell: (_ backend: Int, EndpointAddress) -> Bool) -> Snapshot {
        var ailing: [Int: [EndpointAddress]] = [:]
        for index in health.checks.keys {
            let addresses = backends[index].endpoints.map(\.address).filter { !isWell(index, $0) }
            if !addresses.isEmpty { ailing[index] = addresses }
        }
        var rest = backends
        let isReplaced = ailing.contains { $0.value.count == backends[$0.key].endpoints.count } ? replaceable() : []
        for (index, addresses) in ailing {
            let well = backends[index].endpoints.filter { !addresses.contains($0.address) }
            if !well.isEmpty || isReplaced.contains(index) { rest[index] = backends[index].replacing(endpoints: well) }
        }
        return replacing(backends: rest, health: HealthPolicy(checks: health.checks, ailing: ailing))
    }

    /// Every endpoint that is checked, once for each Service, in the order of the Services' names.
    public var checkedEndpoints: [(service: String, address: EndpointAddress, isWell: Bool)] {
        var known: Set<String> = []
        var endpoints: [(service: String, address: EndpointAddress, isWell: Bool)] = []
        for index in health.checks.keys.sorted(by: { (backends[$0].name, $0) < (backends[$1].name, $1) }) {
            let backend = backends[index]
            let ailing = health.ailing[index] ?? []
            let well = backend.endpoints.map(\.address).filter { !ailing.contains($0) }
            for (address, isWell) in well.map({ ($0, true) }) + ailing.map({ ($0, false) })
            where known.insert("\(backend.name) \(address)").inserted {
                endpoints.append((backend.name, address, isWell))
            }
        }
        return endpoints
    }

    /// Backends without which every request has another one.
    private func replaceable() -> Set<Int> {
        guard compatibility == .ingressNginx || failover != .none else { return [] }
        let canaries = Set(routes.routes.flatMap { $0.canaries.map(\.backend) })
        return canaries.subtracting(routes.routes.map(\.stable))
    }
}
