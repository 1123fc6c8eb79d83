internal import Exchange
internal import Routing

/// How a Service's endpoints are chosen: there as Ingresses of other paths with the same Service say.
extension MigrationCheck {
    /// Routes of the same Ingress to the same Service. Canaries say for themselves (R36), in both.
    mutating func compareManner(_ there: PlannedRoute, _ here: PlannedRoute) {
        compareBalancing(there, here)
        compareAffinity(there, here)
        compareAddress(there, here)
    }

    /// R13, R32: there, a Service's endpoints are chosen as the first Ingress says that names it; nowhere so where a session cookie chooses.
    private mutating func compareBalancing(_ there: PlannedRoute, _ here: PlannedRoute) {
        guard there.balancing != here.balancing, there.affinity == nil, here.affinity == nil else { return }
        add(
            "R32", here.owner, line: here.path.line, [here.path.place],
            ingressNginx: "the endpoint is chosen by \(there.balancing): the first Ingress that names the Service says how (R13)",
            serin: "it is chosen by \(here.balancing), as this Ingress says",
            remedy: "write the same load-balance and upstream-hash-by annotations into both, or " + exactMode)
    }

    /// R28: there, session affinity is a Service's, the same for all its paths.
    private mutating func compareAffinity(_ there: PlannedRoute, _ here: PlannedRoute) {
        guard there.affinity != here.affinity else { return }
        let what = switch (there.affinity, here.affinity) {
        case (_?, nil): "clients stay with its endpoints by the cookie of another Ingress with the same Service"
        case (let there?, let here?) where there.session == here.session: "the cookie is not set here"
        default: "the session cookie is that of the last Ingress with the same Service"
        }
        add(
            "R28", here.owner, line: here.path.line, [here.path.place], ingressNginx: what,
            serin: here.affinity == nil ? "no session affinity" : "session affinity as this Ingress says",
            remedy: "write the same affinity and session-cookie annotations into both, or " + exactMode)
    }

    /// R13: there, `service-upstream` counts as the first Ingress says that names the Service.
    private mutating func compareAddress(_ there: PlannedRoute, _ here: PlannedRoute) {
        guard there.usesServiceAddress != here.usesServiceAddress else { return }
        let address = "to the Service's own address"
        let endpoints = "to its endpoints"
        add(
            "R13", here.owner, line: here.path.line, [here.path.place],
            ingressNginx: "requests go \(there.usesServiceAddress ? address : endpoints): the first Ingress that names the Service says so (R13)",
            serin: "they go \(here.usesServiceAddress ? address : endpoints), as this Ingress says",
            remedy: "write the same service-upstream annotation into both, or " + exactMode)
    }
}
