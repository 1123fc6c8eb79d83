internal import TLS

/// Which ciphers each host is served with. As in ingress-nginx the oldest Ingress that says something of a host counts, of each of the two
/// annotations by itself; canaries say nothing.
struct HostCiphers {
    /// By host, in lower case; those with an alias' name, too. Only those with something of their own.
    private(set) var hosts: [String: CipherPreference] = [:]

    init(_ plan: RoutePlan, log: inout DiagnosticLog) {
        for main in plan.mains { add(main, log: &log) }
        for alias in plan.hostPlan.aliases { hosts[alias.name] = hosts[alias.name] ?? hosts[alias.host] }
        // Whoever says what is so anyway is not told apart from others.
        hosts = hosts.filter { $0.value.list != nil || $0.value.isOurOrder == false }
    }

    private mutating func add(_ main: PlannedIngress, log: inout DiagnosticLog) {
        var annotations = main.annotations.ciphers
        guard annotations.list != nil || annotations.isOurOrder != nil else { return }
        if let list = annotations.list, let problem = CipherPreference.problem(of: list.value) {
            log.warning(
                main.manifest.place(line: list.line), main.manifest.object,
                "ssl-ciphers: \"\(list.value.clipped)\" can't be used, counts as not set: \(problem)")
            annotations.list = nil
        }
        let names = Set(main.spec.rules.map(\.host))
        for name in names.isEmpty ? [""] : names {
            hosts[name, default: CipherPreference()].list = hosts[name]?.list ?? annotations.list?.value
            hosts[name, default: CipherPreference()].isOurOrder = hosts[name]?.isOurOrder ?? annotations.isOurOrder
        }
    }
}
