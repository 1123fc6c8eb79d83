import Routing

/// What of an `HTTPSPolicy` holds for whole hosts: for requests that lead to none of their routes.
struct HTTPSHosts: Sendable {
    /// By `RouteTable.host(of:)`, all that any of the host's routes has; empty when there is nothing.
    private var rules: [HTTPSPolicy.Rule] = []
    /// By the same.
    private var clientRules: [Int: ClientRule] = [:]

    init(_ policy: HTTPSPolicy, _ routes: RouteTable) {
        for (name, rule) in policy.clientRulesOfHosts {
            if let host = routes.host(named: name) { clientRules[host] = rule }
        }
        guard !policy.rules.isEmpty else { return }
        rules = Array(repeating: [], count: routes.hostCount)
        for route in routes.routes {
            let host = routes.host(ofRoute: route.index)
            rules[host].formUnion(policy.rule(of: route.index))
            guard let rule = policy.clientRules[route.index] else { continue }
            // They differ in nothing but that challenges of authorities come in by plain HTTP.
            if clientRules[host] == nil || rule.plainFailure != nil { clientRules[host] = rule }
        }
    }

    func rule(of host: Int?) -> HTTPSPolicy.Rule {
        guard let host, host < rules.count else { return [] }
        return rules[host]
    }

    func clientRule(of host: Int?) -> ClientRule? { host.flatMap { clientRules[$0] } }
}
