internal import Exchange
internal import Routing

/// Where the two planners disagree.
extension MigrationCheck {
    // MARK: Routes

    /// R11, R13, R16, R18: paths that only one of the two serves, or that another Ingress serves.
    mutating func compareRoutes() {
        let (there, here) = (exact.routesByPlace, scoped.routesByPlace)
        for route in exact.routes {
            if let other = here[route.path.place] {
                compareOwners(route, other)
                compareBalancing(route, other)
                compareAffinity(route, other)
                if route.isWithdrawn { addWithdrawn(route) }
            } else {
                addCanaryAsMain(route)
            }
        }
        for route in scoped.routes where there[route.path.place] == nil { addUnserved(route) }
    }

    private mutating func compareOwners(_ there: PlannedRoute, _ here: PlannedRoute) {
        guard there.owner.label != here.owner.label else { return }
        let tie = there.owner.created == here.owner.created
        add(
            tie ? "R11" : "R16", here.owner, line: here.path.line, [here.path.place],
            ingressNginx: "\(there.owner.object) has the path"
                + (tie ? ": of Ingresses of the same age the last by namespace and name" : ""),
            serin: "\(here.owner.object) has it" + (tie ? ": of Ingresses of the same age the first" : ""),
            remedy: "write the path into one of the two only, or " + exactMode)
    }

    /// R13, R32: there, a Service's endpoints are chosen as the first Ingress says that names it.
    private mutating func compareBalancing(_ there: PlannedRoute, _ here: PlannedRoute) {
        if there.balancing != here.balancing, there.owner.label == here.owner.label {
            addBalancing(here.owner, here.path.line, here.path.place, there.balancing, here.balancing)
        }
        for canary in here.canaries {
            guard let other = there.canaries.first(where: { $0.owner.label == canary.owner.label }), other.balancing != canary.balancing
            else { continue }
            addBalancing(canary.owner, canary.line, here.path.place, other.balancing, canary.balancing)
        }
    }

    /// R28, R29: there, session affinity is a Service's, the same for all its paths.
    private mutating func compareAffinity(_ there: PlannedRoute, _ here: PlannedRoute) {
        guard there.owner.label == here.owner.label, there.affinity != here.affinity else { return }
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

    private mutating func addBalancing(_ owner: Manifest, _ line: Int, _ place: RoutePlace, _ there: Balancing, _ here: Balancing) {
        add(
            "R32", owner, line: line, [place],
            ingressNginx: "the endpoint is chosen by \(there): the first Ingress that names the Service says how (R13)",
            serin: "it is chosen by \(here), as this Ingress says",
            remedy: "write the same load-balance and upstream-hash-by annotations into both, or " + exactMode)
    }

    private mutating func addWithdrawn(_ route: PlannedRoute) {
        add(
            "R18", route.owner, line: route.path.line, [route.path.place],
            ingressNginx: "503: a canary path of the same Service has no main path, which deletes the Service's backend",
            serin: "the Service answers", remedy: exactMode)
    }

    /// A canary whose Service an ordinary Ingress named first has paths of its own (R16), and so has one that ingress-nginx takes for none.
    private mutating func addCanaryAsMain(_ route: PlannedRoute) {
        if vendorCanaries.contains(route.owner.label) {
            return add(
                "R2", route.owner, line: route.path.line, [route.path.place],
                ingressNginx: "a route of its own: an ordinary Ingress to it", serin: "the path of a canary, which is no route",
                remedy: "remove the vendor's annotations, or " + exactMode)
        }
        let flag = AnnotationReader(manifest: route.owner).canary("canary")
        assert(flag.flatMap { AnnotationText.bool($0.value) } == true, "scoped serves every path of an ordinary Ingress")
        let host = route.path.place.host.isEmpty ? ", for every host that no Ingress has" : ""
        add(
            "R16", route.owner, line: route.path.line, [route.path.place],
            ingressNginx: "the canary's Service answers all requests of the path\(host): an older ordinary Ingress has the "
                + "same Service, so that it counts as a main one",
            serin: "the path is no route of its own; a canary only takes its share of a main path",
            remedy: "write the path into an ordinary Ingress, or " + exactMode)
    }

    private mutating func addUnserved(_ route: PlannedRoute) {
        let identity = ExactPlanner.BackendIdentity(route.path.backend, of: route.owner)
        let canary = canariesByBackend[identity].map { " by the canary \($0.object)" } ?? ""
        add(
            "R16", route.owner, line: route.path.line, [route.path.place],
            ingressNginx: "no route: \(identity.description) was first named\(canary), so that it serves no path (R13)",
            serin: "the Service answers", remedy: "remove the path, or " + exactMode)
    }

    // MARK: Paths

    /// R34: a path without its slash.
    mutating func compareSlashes() {
        let places = Set(scoped.routes.map(\.path.place))
        for route in scoped.routes {
            let place = route.path.place
            guard place.type == .exact, place.path.hasSuffix("/"), place.path != "/", !scoped.hostPlan.usesRegex(place.host) else { continue }
            let stem = String(place.path.dropLast())
            let others = [(stem, PathType.exact), (stem, .prefix), (place.path, .prefix)]
            guard places.isDisjoint(with: others.map { RoutePlace(host: place.host, path: $0.0, type: $0.1) }) else { continue }
            add(
                "R34", route.owner, line: route.path.line, [place], ingressNginx: "a request for \(stem.clipped) is answered 301 to \(place.path.clipped)",
                serin: "it is not: another path that fits has it, or 404", remedy: "write the path as a Prefix, or " + exactMode)
        }
    }

    /// R35: a path that is no regular expression where it should be one.
    mutating func comparePatterns() {
        for route in scoped.routes where scoped.hostPlan.usesRegex(route.path.place.host) {
            guard (try? Pattern("^" + route.path.place.path, ignoringCase: true)) == nil else { continue }
            add(
                "R35", route.owner, line: route.path.line, [route.path.place],
                ingressNginx: "refuses the whole configuration, of all Ingresses: the path is a regular expression that can't be compiled",
                serin: "no request matches the path; everything else is served", modes: .both, remedy: "mend the path")
        }
    }

    // MARK: Canaries

    /// R13, R17–R21: canaries that are in effect on a path in only one of the two.
    mutating func compareCanaries() {
        let (there, here) = (exact.routesByPlace, scoped.routesByPlace)
        let (outcomesThere, outcomesHere) = (exact.outcomesByPlace, scoped.outcomesByPlace)
        var leaks = Groups()
        for route in exact.routes {
            let bound = here[route.path.place]?.canaries ?? []
            for canary in route.canaries where isCompared(canary) && !bound.contains(where: { $0.owner.label == canary.owner.label }) {
                if let outcome = outcomesHere[canary.key(at: route.path.place)] {
                    addUnbound(canary, outcome, route.path.place)
                } else {
                    leaks.add(canary, route.path.place)
                }
            }
        }
        for leak in leaks.groups { addLeak(leak.canary, leak.places) }
        var dead = Groups()
        for route in scoped.routes {
            let asked = there[route.path.place]?.canaries ?? []
            for canary in route.canaries where isCompared(canary) && !asked.contains(where: { $0.owner.label == canary.owner.label }) {
                let obstacle = outcomesThere[canary.key(at: route.path.place)]?.obstacle
                dead.add(canary, route.path.place, why: obstacle ?? Self.defaultBackend)
            }
        }
        for group in dead.groups { addDead(group.canary, group.places, group.why) }
    }

    /// What is a canary by a vendor's annotations alone is none there: `compareVendors`.
    private func isCompared(_ canary: PlannedCanary) -> Bool {
        canary.hasRule && !canary.annotations.isRelease && !vendorCanaries.contains(canary.owner.label)
    }

    private static let defaultBackend = "its default backend joins paths of the default host only (R19)"

    /// R17: the canary writes the path, but Serin does not bind it.
    private mutating func addUnbound(_ canary: PlannedCanary, _ outcome: CanaryOutcome, _ place: RoutePlace) {
        add(
            "R17", canary.owner, line: outcome.path.line, [place], ingressNginx: "the canary is in effect",
            serin: "it is not: " + (outcome.obstacle ?? "another path of the Ingress has the place"), remedy: exactMode)
    }

    /// R19, R20: the canary takes requests of paths that it does not write.
    private mutating func addLeak(_ canary: PlannedCanary, _ places: [RoutePlace]) {
        let identity = ExactPlanner.BackendIdentity(canary.backend, of: canary.owner)
        let isCatchAll = catchAlls.contains(identity) && places.allSatisfy(\.host.isEmpty)
        add(
            isCatchAll ? "R19" : "R20", canary.owner, line: canary.line, places,
            ingressNginx: "the canary also takes its share of these requests: "
                + (isCatchAll ? "its default backend joins every path of the default host" : "the main Service is the same"),
            serin: "they go to stable: a canary has its own host and path",
            remedy: "write these paths into the canary as well, or " + exactMode)
    }

    private mutating func addDead(_ canary: PlannedCanary, _ places: [RoutePlace], _ why: String) {
        add(
            Self.rule(in: why) ?? "R17", canary.owner, line: canary.line, places,
            ingressNginx: "the canary is not in effect: \(why)", serin: "it is in effect",
            remedy: "remove these paths from the canary, or " + exactMode)
    }

    /// The rule that a message names, as every message about one does: `… (R21.2) …`.
    static func rule(in message: String) -> String? {
        for part in message.split(separator: "(").dropFirst() {
            guard part.hasPrefix("R"), let end = part.firstIndex(of: ")") else { continue }
            let rule = part[..<end]
            if rule.dropFirst().allSatisfy({ $0.isNumber || $0 == "." }), rule.count > 1 { return String(rule) }
        }
        return nil
    }

    // MARK: Endpoints and weights

    /// R21.0: a main Service that has no endpoint while its canary has one.
    mutating func compareEndpoints() {
        var groups = Groups()
        for (planned, route) in zip(scoped.routes, snapshot.routes.routes) where snapshot.backends[route.stable].endpoints.isEmpty {
            for (canary, compiled) in zip(planned.canaries, route.canaries)
            where canary.hasRule && !canary.annotations.isRelease && !snapshot.backends[compiled.backend].endpoints.isEmpty {
                groups.add(canary, planned.path.place, why: snapshot.backends[route.stable].name)
            }
        }
        for group in groups.groups {
            add(
                "R21.0", group.canary.owner, line: group.canary.line, group.places,
                ingressNginx: "503 for every request: the main Service \(group.why) has no endpoint",
                serin: "what the rules or the weight send to the canary reaches it", remedy: exactMode)
        }
    }

    /// R21.7.
    mutating func compareTotal(_ ingress: PlannedIngress) {
        let canary = ingress.canary
        guard canary.isEnabled, canary.weight > 0, canary.total < 100,
              let annotation = AnnotationReader(manifest: ingress.manifest).canary("canary-weight-total")
        else { return }
        add(
            "R21.7", ingress.manifest, line: annotation.line,
            ingressNginx: "\(canary.weight) of 100: a total below 100 is ignored", serin: "\(canary.weight) of \(canary.total)",
            remedy: "remove canary-weight-total, or " + exactMode)
    }
}

/// Paths that share a canary and a reason, in the order they were met.
private struct Groups {
    struct Group {
        let canary: PlannedCanary
        let why: String
        var places: [RoutePlace]
    }

    private(set) var groups: [Group] = []
    private var positions: [String: Int] = [:]

    mutating func add(_ canary: PlannedCanary, _ place: RoutePlace, why: String = "") {
        let key = canary.owner.label + " " + why
        if let position = positions[key] { return groups[position].places.append(place) }
        positions[key] = groups.count
        groups.append(Group(canary: canary, why: why, places: [place]))
    }
}

/// A canary Ingress and a path.
private struct OutcomeKey: Hashable {
    let label: String
    let place: RoutePlace
}

extension RoutePlan {
    fileprivate var routesByPlace: [RoutePlace: PlannedRoute] {
        Dictionary(routes.map { ($0.path.place, $0) }) { first, _ in first }
    }

    fileprivate var outcomesByPlace: [OutcomeKey: CanaryOutcome] {
        Dictionary(outcomes.map { (OutcomeKey(label: $0.owner.label, place: $0.path.place), $0) }) { first, _ in first }
    }
}

extension PlannedCanary {
    fileprivate func key(at place: RoutePlace) -> OutcomeKey { OutcomeKey(label: owner.label, place: place) }

    /// Whether any rule could send it a request (R27).
    var hasRule: Bool {
        annotations.header != nil || annotations.cookie != nil || !annotations.conditions.items.isEmpty || annotations.weight > 0
    }
}
