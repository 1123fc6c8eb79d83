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
    /// A backend whose endpoints all fail loses them only if in each of its routes the other version stands in (`Failover`) and has
    /// endpoints that are well: a check that is wrong itself should cost nobody the whole service.
    public func replacing(backends: [Backend], isWell: (_ backend: Int, EndpointAddress) -> Bool) -> Snapshot {
        var ailing: [Int: [EndpointAddress]] = [:]
        for index in health.checks.keys {
            let addresses = backends[index].endpoints.map(\.address).filter { !isWell(index, $0) }
            if !addresses.isEmpty { ailing[index] = addresses }
        }
        var rest = backends
        let down = Set(ailing.keys.filter { ailing[$0]?.count == backends[$0].endpoints.count })
        let replaced = down.isEmpty ? [] : replaceable(down, backends)
        for (index, addresses) in ailing {
            let well = backends[index].endpoints.filter { !addresses.contains($0.address) }
            if !well.isEmpty || replaced.contains(index) { rest[index] = backends[index].replacing(endpoints: well) }
        }
        return replacing(backends: rest, health: HealthPolicy(checks: health.checks, ailing: ailing))
    }

    /// Every endpoint that is checked, once for each Service, in the order of the Services' names. One that is asked in several ways, with
    /// TLS and without, is well if it is so in all of them.
    public var checkedEndpoints: [(service: String, address: EndpointAddress, isWell: Bool)] {
        var positions: [String: Int] = [:]
        var endpoints: [(service: String, address: EndpointAddress, isWell: Bool)] = []
        for index in health.checks.keys.sorted(by: { (backends[$0].name, $0) < (backends[$1].name, $1) }) {
            let backend = backends[index]
            let ailing = health.ailing[index] ?? []
            let well = backend.endpoints.map(\.address).filter { !ailing.contains($0) }
            for (address, isWell) in well.map({ ($0, true) }) + ailing.map({ ($0, false) }) {
                if let known = positions["\(backend.name) \(address)"] {
                    endpoints[known].isWell = endpoints[known].isWell && isWell
                } else {
                    positions["\(backend.name) \(address)"] = endpoints.count
                    endpoints.append((backend.name, address, isWell))
                }
            }
        }
        return endpoints
    }

    /// Those of the backends that are `down` without which every request has another one.
    private func replaceable(_ down: Set<Int>, _ backends: [Backend]) -> Set<Int> {
        var needed: Set<Int> = []
        func serves(_ backend: Int) -> Bool { !backends[backend].endpoints.isEmpty && !down.contains(backend) }
        for route in routes.routes {
            let failover = failover(of: route)
            if failover != .both || !route.canaries.contains(where: { serves($0.backend) }) { needed.insert(route.stable) }
            if failover == .none || !serves(route.stable) { needed.formUnion(route.canaries.map(\.backend)) }
        }
        return down.subtracting(needed)
    }

    /// Which version stands in on a route for one that has no endpoint.
    @inline(never)
    public func failover(of route: Route) -> Failover {
        if route.coversStable { return .both }
        // R21.3: ingress-nginx lets stable answer for a canary without endpoints, and nothing else.
        return compatibility == .ingressNginx ? .canaryToStable : failover
    }
}
