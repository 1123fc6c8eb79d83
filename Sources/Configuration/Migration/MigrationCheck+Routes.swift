internal import Exchange
internal import Routing

/// Where the two planners disagree.
extension MigrationCheck {
    // MARK: Routes

    /// R11, R13, R15, R16, R18: paths that only one of the two serves, or that another Ingress or Service serves.
    mutating func compareRoutes() {
        let (there, here) = (exact.routesByPlace, scoped.routesByPlace)
        let released = Set(scoped.outcomes.lazy.filter { $0.isRelease && $0.obstacle == nil }.map(\.path.place))
        for route in exact.routes {
            guard let other = here[route.path.place] else {
                addCanaryAsMain(route)
                continue
            }
            let isSame = route.owner.label == other.owner.label && service(of: route) == service(of: other)
            // What a release makes of a path's Services says `compareVendors`.
            let isReleased = route.owner.label == other.owner.label && released.contains(other.path.place)
            if !isSame, !isReleased { addOther(route, other) }
            if route.isWithdrawn {
                addWithdrawn(route)
            } else if isSame {
                compareManner(route, other)
            }
        }
        for route in scoped.routes where there[route.path.place] == nil { addUnserved(route) }
    }

    private mutating func addOther(_ there: PlannedRoute, _ here: PlannedRoute) {
        let isTie = there.owner.created == here.owner.created
        let rule: String
        let why: String
        if let reason = unserved(here) {
            (rule, why) = ("R16", ": \(reason)")
        } else if case .ingress(let spec) = there.owner.body, spec.rules.isEmpty {
            (rule, why) = ("R15", ": what has nothing but a default backend comes first on the default host (R15)")
        } else if Self.isCanary(there.owner) {
            (rule, why) = ("R16", ", of a canary: another Ingress named it first, so that it counts as a main one (R13)")
        } else if isTie {
            (rule, why) = ("R11", ": of Ingresses of the same age the last by namespace and name")
        } else {
            (rule, why) = ("R16", "")
        }
        let isOwn = there.owner.label == here.owner.label
        add(
            rule, here.owner, line: here.path.line, [here.path.place],
            ingressNginx: (isOwn ? "the path leads to " : "\(there.owner.object) has the path, with ") + service(of: there) + why,
            serin: (isOwn ? "it leads to " : "\(here.owner.object) has it, with ") + service(of: here)
                + (rule == "R11" ? ": of Ingresses of the same age the first" : ""),
            remedy: (isOwn ? "write the other Service into the path, or " : "write the path into one of the two only, or ") + exactMode)
    }

    /// Why there a path is no route; nil if it is one, or a default backend's (R15).
    private func unserved(_ route: PlannedRoute) -> String? {
        let identity = ExactPlanner.BackendIdentity(route.path.backend, of: route.owner)
        guard let creator = creators[identity], creator.isCanary, Self.isWritten(route) else { return nil }
        return "\(identity.description) was first named by the canary \(creator.manifest.object), so that it serves no path (R13)"
    }

    /// Whether the path stands in a rule; else it is `/` for the default backend.
    private static func isWritten(_ route: PlannedRoute) -> Bool {
        guard case .ingress(let spec) = route.owner.body else { return false }
        return spec.writtenPaths.contains { $0.place == route.path.place }
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
        assert(Self.isCanary(route.owner), "scoped serves every path of an ordinary Ingress")
        let host = route.path.place.host.isEmpty ? ", for every host that no Ingress has" : ""
        add(
            "R16", route.owner, line: route.path.line, [route.path.place],
            ingressNginx: "the canary's Service answers all requests of the path\(host): an older ordinary Ingress has the "
                + "same Service, so that it counts as a main one",
            serin: "the path is no route of its own; a canary only takes its share of a main path",
            remedy: "write the path into an ordinary Ingress, or " + exactMode)
    }

    /// - Parameter manifest: of `exact`, which has no vendor's annotations.
    private static func isCanary(_ manifest: Manifest) -> Bool {
        AnnotationReader(manifest: manifest).canary("canary").flatMap { AnnotationText.bool($0.value) } == true
    }

    private mutating func addUnserved(_ route: PlannedRoute) {
        let reason = unserved(route)
        add(
            reason == nil ? "R15" : "R16", route.owner, line: route.path.line, [route.path.place],
            ingressNginx: "no route: " + (reason ?? foreignDefault(route)), serin: "the Service answers",
            remedy: (reason == nil ? "remove the default backend, or " : "remove the path, or ") + exactMode)
    }

    private func foreignDefault(_ route: PlannedRoute) -> String {
        let first = ingresses.first { ingress in !ingress.isCanary && ingress.spec.rules.contains { $0.host == route.path.place.host } }
        return "a host has the default backend of the first Ingress with it, and \(first?.manifest.object ?? "that one") has none (R15)"
    }

    // MARK: Paths

    /// R34: a path without its slash.
    mutating func compareSlashes() {
        let places = Set(exact.routes.map(\.path.place))
        for route in exact.routes {
            let place = route.path.place
            guard place.type == .exact, place.path.hasSuffix("/"), place.path != "/", !exact.hostPlan.usesRegex(place.host),
                  !scoped.hostPlan.usesRegex(place.host)
            else { continue }
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
        for route in exact.routes where exact.hostPlan.usesRegex(route.path.place.host) {
            guard (try? Pattern("^" + route.path.place.path, ignoringCase: true)) == nil else { continue }
            add(
                "R35", route.owner, line: route.path.line, [route.path.place],
                ingressNginx: "refuses the whole configuration, of all Ingresses: the path is a regular expression that can't be compiled",
                serin: "no request matches the path; everything else is served", modes: .both, remedy: "mend the path")
        }
    }

    /// R35: hosts whose paths are regular expressions in only one of the two, as the path that makes them so is no route in the other.
    mutating func compareExpressions() {
        let here = scoped.routesByPlace
        var hosts: [String] = []
        var places: [String: [RoutePlace]] = [:]
        for place in exact.routes.map(\.path.place) where here[place] != nil {
            guard exact.hostPlan.usesRegex(place.host) != scoped.hostPlan.usesRegex(place.host) else { continue }
            if places[place.host] == nil { hosts.append(place.host) }
            places[place.host, default: []].append(place)
        }
        for host in hosts {
            let isThere = exact.hostPlan.usesRegex(host)
            let cause = (isThere ? exact : scoped).routes.first { $0.path.place.host == host && HostPlan.wantsExpressions($0) }
            guard let cause else { continue }
            let because = "regular expressions, because of \(cause.path.place) of \(cause.owner.object)"
            // It may be a route all the same, whose rewrite-target is dropped.
            let isRoute = !isThere && exact.routesByPlace[cause.path.place]?.owner.label == cause.owner.label
            let plain = isRoute
                ? "plain ones, as the rewrite-target of \(cause.owner.object) is dropped"
                : "plain ones, as \(isThere ? "that" : cause.path.place.description) is no route of \(isThere ? "it" : cause.owner.object)"
            add(
                "R35", cause.owner, line: cause.path.line, places[host] ?? [],
                ingressNginx: "the paths of the host are \(isThere ? because : plain)", serin: "they are \(isThere ? plain : because)",
                remedy: (isThere
                    ? "write use-regex into another Ingress of the host, or "
                    : isRoute ? "mend it, or " : "remove use-regex and rewrite-target there, or ") + exactMode)
        }
    }

    /// R35: which of two paths is tried first where they are the same regular expression, one Exact and one not.
    mutating func compareOrder() {
        let (there, here) = (exact.routesByPlace, scoped.routesByPlace)
        // Not served there at all.
        let absent = Set(exact.routes.filter { refused.contains($0.owner.label) }.map(\.path.place))
        func searched(_ plan: RoutePlan, in other: [RoutePlace: PlannedRoute]) -> [PlannedRoute] {
            plan.hostPlan.searchOrder(plan.routes).map { plan.routes[$0] }.filter { route in
                let place = route.path.place
                return other[place] != nil && !absent.contains(place) && exact.hostPlan.usesRegex(place.host) && scoped.hostPlan.usesRegex(place.host)
            }
        }
        func byHost(_ routes: [PlannedRoute]) -> [String: [PlannedRoute]] { Dictionary(grouping: routes, by: \.path.place.host) }
        let (orderThere, orderHere) = (byHost(searched(exact, in: here)), byHost(searched(scoped, in: there)))
        for (host, routes) in orderHere.sorted(by: { $0.key < $1.key }) {
            for route in routes where exact.hostPlan.isBehindInitial(route.path.place) { addBehindInitial(route) }
            // Only paths of the same text can have changed places, so each pair differs twice, one after the other.
            var last: String?
            for (first, second) in zip(orderThere[host] ?? [], routes) where first.path.place != second.path.place {
                if last != first.path.place.path { addOrder(first, second) }
                last = first.path.place.path
            }
        }
    }

    private mutating func addBehindInitial(_ route: PlannedRoute) {
        add(
            "R35", route.owner, line: route.path.line, [route.path.place],
            ingressNginx: "no request reaches it: paths of the host are regular expressions, and the `/` that the host begins with, which "
                + "answers 404, comes first (R15)",
            serin: "the Service answers", remedy: "remove the path, or " + exactMode)
    }

    private mutating func addOrder(_ there: PlannedRoute, _ here: PlannedRoute) {
        func words(_ route: PlannedRoute) -> String { "\(route.path.place) of \(route.owner.object) comes first, with \(service(of: route))" }
        add(
            "R35", here.owner, line: here.path.line, [there.path.place, here.path.place],
            ingressNginx: "paths of the host are regular expressions, and of the two " + words(there), serin: words(here),
            remedy: "leave one of the two out, or " + exactMode)
    }
}

extension RoutePlan {
    var routesByPlace: [RoutePlace: PlannedRoute] {
        Dictionary(routes.map { ($0.path.place, $0) }) { first, _ in first }
    }
}
