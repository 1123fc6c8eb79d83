internal import Routing

/// The hosts of ordinary Ingresses: why there is no main path where a canary wants to join one.
struct KnownHosts {
    /// The first Ingress with each.
    private var owners: [String: Manifest] = [:]
    /// What each alias is another name of.
    private var aliases: [String: (host: String, owner: Manifest)] = [:]

    init(_ ingresses: [PlannedIngress]) {
        for main in ingresses where !main.isCanary {
            for rule in main.spec.rules {
                if owners[rule.host] == nil { owners[rule.host] = main.manifest }
                for alias in main.annotations.aliases where aliases[alias.value] == nil { aliases[alias.value] = (rule.host, main.manifest) }
            }
        }
    }

    /// - Parameters:
    ///   - paths: those of the host, or the first of them.
    ///   - consequence: what comes of it, with the rule; empty if nothing but that the canary is out of effect.
    ///   - owner: who has a place.
    func missing(_ place: RoutePlace, paths: [String], _ consequence: String, owner: (RoutePlace) -> Manifest?) -> String {
        let other = RoutePlace(host: place.host, path: place.path, type: place.type == .exact ? .prefix : .exact)
        if let owner = owner(other) { return "\(owner.object) has \(other)\(consequence); give both the same pathType" }
        guard paths.isEmpty else {
            let shown = paths.prefix(RoutePlanner.pathsShown).joined(separator: ", ") + (paths.count > RoutePlanner.pathsShown ? "…" : "")
            return "no Ingress without the canary annotation has this path (the host has \(shown))\(consequence); write the same path"
        }
        if let owner = owners[place.host] {
            return "\(owner.object) has this host, but no path of it leads to a Service\(consequence); add the main path"
        }
        let rule = consequence.isEmpty ? " (R17)" : consequence
        if let alias = aliases[place.host] {
            return "this host is only an alias of \(alias.host), which \(alias.owner.object) has\(rule); write \(alias.host)"
        }
        let wildcard = "*" + place.host.drop { $0 != "." }
        if let owner = owners[wildcard] {
            return "this host is only one of \(wildcard), which \(owner.object) has\(rule); write \(wildcard), or add a main path of this host"
        }
        return "no Ingress without the canary annotation has this host\(consequence); add the main Ingress"
    }
}
