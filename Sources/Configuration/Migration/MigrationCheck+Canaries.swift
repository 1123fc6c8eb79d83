internal import Exchange
internal import Routing

/// Which canaries take requests of which paths, and how many.
extension MigrationCheck {
    // MARK: In effect

    /// R13, R17–R21, R29: canaries that are in effect on a path in only one of the two, or otherwise.
    mutating func compareCanaries() {
        let (there, here) = (exact.routesByPlace, scoped.routesByPlace)
        var findings = Findings()
        let outcomesHere = Outcomes(scoped)
        for route in exact.routes {
            let place = route.path.place
            for canary in route.canaries where isCompared(canary) && here[place]?.canary(canary.owner.label) == nil {
                if let outcome = outcomesHere.first(of: canary, at: place) {
                    addUnbound(canary, outcome, place)
                } else {
                    findings.add(leak(canary, place, here[place]), place)
                }
            }
        }
        let outcomesThere = Outcomes(exact)
        for (position, route) in scoped.routes.enumerated() {
            let place = route.path.place
            let compiled = snapshot.routes.routes[position]
            for (index, canary) in route.canaries.prefix(compiled.canaries.count).enumerated() where isCompared(canary) {
                let outcome = outcomesThere.first(of: canary, at: place, line: canary.line)
                guard let main = there[place], let other = main.canary(canary.owner.label) else {
                    // Where the canaries before it leave it nothing, it gets no more here.
                    let isReached = compiled.obstacles(of: index, passesUnusual: snapshot.forwarding.underscoresInHeaders) == nil
                    if isReached { findings.add(dead(canary, outcome?.obstacle ?? Self.defaultBackend), place) }
                    continue
                }
                if service(of: other) != service(of: canary) { findings.add(otherService(other, canary, outcome), place) }
                let isAsMain = other.affinity == main.affinity && canary.affinity == route.affinity
                if other.affinity != canary.affinity, !isAsMain { findings.add(affinity(other, canary), place) }
                if let share = share(canary, compiled, index) { findings.add(share, place) }
            }
        }
        add(findings)
    }

    private mutating func add(_ findings: Findings) {
        for (finding, places) in findings.all {
            add(
                finding.rule, finding.canary.owner, line: finding.line ?? finding.canary.line, places, ingressNginx: finding.there,
                serin: finding.here, remedy: finding.remedy + exactMode)
        }
    }

    /// What is a canary by a vendor's annotations alone is none there: `compareVendors`. Of a refused one `compareAdmission` has said all.
    private func isCompared(_ canary: PlannedCanary) -> Bool {
        canary.hasRule && !canary.annotations.isRelease && !vendorCanaries.contains(canary.owner.label) && !refused.contains(canary.owner.label)
    }

    private static let defaultBackend = "its default backend joins paths of the default host only (R19)"

    /// R17: the canary writes the path, but Serin does not bind it.
    private mutating func addUnbound(_ canary: PlannedCanary, _ outcome: CanaryOutcome, _ place: RoutePlace) {
        add(
            "R17", canary.owner, line: outcome.path.line, [place], ingressNginx: "the canary is in effect",
            serin: "it is not: " + (outcome.obstacle ?? "another path of the Ingress has the place"), remedy: exactMode)
    }

    /// R19, R20: the canary takes requests of a path that it does not write.
    private func leak(_ canary: PlannedCanary, _ place: RoutePlace, _ here: PlannedRoute?) -> Finding {
        let isCatchAll = place.host.isEmpty && catchAlls.contains(ExactPlanner.BackendIdentity(canary.backend, of: canary.owner))
        let others = (here?.canaries ?? []).filter(\.hasRule).map(\.owner.object)
        let takers = if here == nil {
            "there is no such route"
        } else if others.isEmpty {
            "they go to stable"
        } else {
            "they are shared by stable and \(others.joined(separator: ", "))"
        }
        return Finding(
            isCatchAll ? "R19" : "R20", canary,
            there: "the canary also takes its share of these requests: "
                + (isCatchAll ? "its default backend joins every path of the default host" : "the main Service is the same"),
            here: takers + ": a canary has its own host and path", remedy: "write these paths into the canary as well, or ")
    }

    private func dead(_ canary: PlannedCanary, _ why: String) -> Finding {
        Finding(
            Self.rule(in: why) ?? "R17", canary, there: "the canary is not in effect: \(why)", here: "it is in effect",
            remedy: "remove these paths from the canary, or ")
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

    // MARK: In effect in both

    /// R20, R21.2: there, the first Service of the canary that joins the main one gets its requests on all paths.
    private func otherService(_ there: PlannedCanary, _ here: PlannedCanary, _ outcome: CanaryOutcome?) -> Finding {
        let why = outcome.map { $0.obstacle ?? "only the first one that joins the main Service is ever asked (R21.2)" }
            ?? "it joins every path of the main Service (R20)"
        return Finding(
            Self.rule(in: why) ?? "R21.2", here, there: "the canary's share goes to \(service(of: there)): \(why)",
            here: "it goes to \(service(of: here)), as the canary says", remedy: "write the same Service into all paths of the canary, or ")
    }

    /// R29: there, a canary's Service has the session affinity of the last main one that it joined.
    private func affinity(_ there: PlannedCanary, _ here: PlannedCanary) -> Finding {
        func text(_ affinity: PlannedAffinity?) -> String {
            guard let affinity else { return "do not stay with its endpoints" }
            return "stay with its endpoints by \(affinity.session.cookie.name)\(affinity.setsCookie ? "" : ", which is not set here")"
        }
        return Finding(
            "R29", here, there: "the canary's clients \(text(there.affinity)), as those of the last main Service that it joins (R29)",
            here: "they \(text(here.affinity)), as those of the path's main Service",
            remedy: "write the same affinity and session-cookie annotations into all its main Ingresses, or ")
    }

    /// R21.2, R21.7: the canary's weight. Nil if it is the same.
    private func share(_ canary: PlannedCanary, _ route: Route, _ index: Int) -> Finding? {
        let written = canary.annotations
        guard written.weight > 0, route.canaries[index].combination != .all else { return nil }
        let total = written.total(in: .ingressNginx)
        let here = route.effectiveWeight(of: index)
        let (left, right) = (min(written.weight, total).multipliedFullWidth(by: here.total), here.weight.multipliedFullWidth(by: total))
        guard left != right else { return nil }
        let isRaised = written.total < total
        let reader = AnnotationReader(manifest: canary.owner)
        return Finding(
            isRaised ? "R21.7" : "R21.2", canary, line: (isRaised ? reader.canary("canary-weight-total") : written.weightAnnotation)?.line,
            there: "\(written.weight) of \(total)" + (isRaised ? ": a total below 100 is ignored" : ""),
            here: "\(here.weight) of \(here.total)" + (route.isCut(index) ? ", as the canaries before it leave no more" : ""),
            remedy: isRaised ? "remove canary-weight-total, or " : "leave one canary on the path, or ")
    }

    // MARK: Endpoints

    /// R21.0: a main Service that has no endpoint while its canary has one.
    mutating func compareEndpoints() {
        let there = exact.routesByPlace
        var findings = Findings()
        for (planned, route) in zip(scoped.routes, snapshot.routes.routes) where snapshot.backends[route.stable].endpoints.isEmpty {
            guard let main = there[planned.path.place], service(of: main) == service(of: planned), !refused.contains(main.owner.label)
            else { continue }
            for (canary, compiled) in zip(planned.canaries, route.canaries)
            where canary.hasRule && !canary.annotations.isRelease && !refused.contains(canary.owner.label)
                && !snapshot.backends[compiled.backend].endpoints.isEmpty {
                let finding = Finding(
                    "R21.0", canary,
                    there: "503 for every request: the main Service \(snapshot.backends[route.stable].name) has no endpoint",
                    here: "what the rules or the weight send to the canary reaches it", remedy: "")
                findings.add(finding, planned.path.place)
            }
        }
        add(findings)
    }
}

// MARK: - Collecting

/// A difference of a canary.
private struct Finding {
    let rule: String
    let canary: PlannedCanary
    /// Nil is that of the canary on the first path concerned.
    let line: Int?
    let there: String
    let here: String
    /// What can be done, up to `exactMode`.
    let remedy: String

    init(_ rule: String, _ canary: PlannedCanary, line: Int? = nil, there: String, here: String, remedy: String) {
        (self.rule, self.canary, self.line, self.there, self.here, self.remedy) = (rule, canary, line, there, here, remedy)
    }
}

/// Differences of canaries, each with the paths that share it, in the order they were met.
private struct Findings {
    private(set) var all: [(finding: Finding, places: [RoutePlace])] = []
    private var positions: [[String]: Int] = [:]

    mutating func add(_ finding: Finding, _ place: RoutePlace) {
        let key = [finding.canary.owner.label, finding.rule, finding.there, finding.here]
        if let position = positions[key] { return all[position].places.append(place) }
        positions[key] = all.count
        all.append((finding, [place]))
    }
}

/// What became of the paths of canary Ingresses.
private struct Outcomes {
    private struct Key: Hashable {
        let label: String
        let place: RoutePlace
    }

    private let byPath: [Key: [CanaryOutcome]]

    init(_ plan: RoutePlan) { byPath = Dictionary(grouping: plan.outcomes) { Key(label: $0.owner.label, place: $0.path.place) } }

    /// Of several at the same place that of `line`, or else the first.
    func first(of canary: PlannedCanary, at place: RoutePlace, line: Int? = nil) -> CanaryOutcome? {
        let outcomes = byPath[Key(label: canary.owner.label, place: place)]
        return outcomes?.first { $0.path.line == line } ?? outcomes?.first
    }
}

extension PlannedRoute {
    /// The canary of the Ingress `label`.
    fileprivate func canary(_ label: String) -> PlannedCanary? { canaries.first { $0.owner.label == label } }
}

extension PlannedCanary {
    /// Whether any rule could send it a request (R27).
    var hasRule: Bool {
        annotations.header != nil || annotations.cookie != nil || !annotations.conditions.items.isEmpty || annotations.weight > 0
    }
}
