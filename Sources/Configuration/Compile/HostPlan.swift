internal import Routing

/// What holds for whole hosts: their other names (R33), where `/` leads, and whether their paths are regular expressions (R35).
struct HostPlan {
    private struct AppRoot {
        let owner: Manifest
        let target: Located<String>
        /// The longest path of the Ingress: nginx takes the redirect of the location that it writes first.
        let path: String
    }

    /// Another name and its host.
    private(set) var aliases: [(name: String, host: String)] = []
    private var appRoots: [String: AppRoot] = [:]
    private var regexHosts: Set<String> = []
    private var rootless: Set<String> = []

    init() {}

    /// `plan` has its routes and hosts.
    init(_ ingresses: [PlannedIngress], _ plan: RoutePlan, log: inout DiagnosticLog) {
        rootless = plan.rootless
        for route in plan.routes where Self.wantsExpressions(route) { regexHosts.insert(route.path.place.host) }
        let mains = ingresses.filter { !$0.isCanary }
        for main in mains { addAppRoot(main, log: &log) }
        addAliases(mains, plan.hosts, log: &log)
    }

    /// Whether the paths of the host are regular expressions: one of its locations wants it, or rewrites (R35).
    func usesRegex(_ host: String) -> Bool { regexHosts.contains(host) }

    /// Whether the path makes regular expressions of all paths of its host (R35).
    static func wantsExpressions(_ route: PlannedRoute) -> Bool { route.annotations.usesRegex || rewrites(route) }

    /// A target that is the path itself rewrites nothing (R35).
    private static func rewrites(_ route: PlannedRoute) -> Bool {
        route.annotations.rewriteTarget.map { $0.value != route.path.place.path } ?? false
    }

    // MARK: R33: aliases

    /// A host has the aliases of the first Ingress that gives it any. A host is never an alias; of several hosts with the
    /// same alias the first in alphabetical order has it, as nginx does.
    private mutating func addAliases(_ mains: [PlannedIngress], _ hosts: Set<String>, log: inout DiagnosticLog) {
        var givers: [String: PlannedIngress] = [:]
        for main in mains where !main.annotations.aliases.isEmpty {
            for rule in main.spec.rules {
                if let giver = givers[rule.host] {
                    guard giver.manifest.object != main.manifest.object else { continue }
                    warn(main, "\(Self.name(rule.host)) has the aliases of \(giver.manifest.object) already, which count (R33)", log: &log)
                } else {
                    givers[rule.host] = main
                }
            }
        }
        var taken: [String: String] = [:]
        for (host, giver) in givers.sorted(by: { Self.name($0.key) < Self.name($1.key) }) {
            for alias in giver.annotations.aliases where alias.value != host && taken[alias.value] != host {
                if hosts.contains(alias.value) {
                    warn(giver, "`\(alias.value)` is a host of its own, so no alias of \(Self.name(host)) (R33)", log: &log)
                } else if let other = taken[alias.value] {
                    warn(giver, "`\(alias.value)` is an alias of \(Self.name(other)) already, so none of \(Self.name(host)) (R33)", log: &log)
                } else {
                    taken[alias.value] = host
                    aliases.append((alias.value, host))
                }
            }
        }
    }

    /// As ingress-nginx names the server.
    private static func name(_ host: String) -> String { host.isEmpty ? "_" : host }

    private func warn(_ main: PlannedIngress, _ message: String, log: inout DiagnosticLog) {
        let line = main.annotations.aliases.first?.line ?? main.manifest.place.line
        log.warning(main.manifest.place(line: line), main.manifest.object, "server-alias: " + message)
    }

    // MARK: Where `/` leads

    private mutating func addAppRoot(_ main: PlannedIngress, log: inout DiagnosticLog) {
        guard let target = main.annotations.appRoot else { return }
        var longest: [String: String] = main.spec.rules.isEmpty ? ["": "/"] : [:]
        for rule in main.spec.rules {
            for path in rule.paths.map(\.path) + ["/"] where Self.precedes(path, longest[rule.host] ?? "") { longest[rule.host] = path }
        }
        for (host, path) in longest.sorted(by: { $0.key < $1.key }) {
            let own = AppRoot(owner: main.manifest, target: target, path: path)
            guard let other = appRoots[host] else {
                appRoots[host] = own
                continue
            }
            let (winner, loser) = Self.precedes(path, other.path) ? (own, other) : (other, own)
            appRoots[host] = winner
            log.warning(
                loser.owner.place(line: loser.target.line), loser.owner.object,
                "app-root: `/` of \(Self.name(host)) leads to `\(winner.target.value)` of \(winner.owner.object), whose path is longer "
                    + "or which is older")
        }
    }

    /// Whether nginx gets the location of `path` before that of `other`: the longer, then the greater.
    private static func precedes(_ path: String, _ other: String) -> Bool {
        (path.utf8.count, path) > (other.utf8.count, other)
    }

    // MARK: Into the table

    /// `routes` have been added to `builder` in this order.
    func apply(to builder: inout RouteTableBuilder, _ routes: [PlannedRoute], log: inout DiagnosticLog) {
        for (host, root) in appRoots.sorted(by: { $0.key < $1.key }) { builder.redirectRoot(ofHost: host, to: root.target.value) }
        let ordered = searchOrder(routes)
        let places = Set(ordered.map { routes[$0].path.place })
        for index in ordered {
            let route = routes[index]
            guard let pattern = Self.pattern("^" + Self.expression(route, places), route, log: &log) else { continue }
            if isBehindInitial(route.path.place) {
                builder.add(pattern: pattern, ofHost: route.path.place.host, route: nil)
                Self.warnBehindInitial(route, log: &log)
            }
            builder.add(pattern: pattern, ofHost: route.path.place.host, route: index)
        }
        for alias in aliases { builder.add(alias: alias.name, ofHost: alias.host) }
    }

    /// By position those whose paths are regular expressions, in the order in which they are tried (R35): the longest first, then the
    /// greatest. The sort is stable, so that of equal ones the older stays first.
    func searchOrder(_ routes: [PlannedRoute]) -> [Int] {
        routes.indices.filter { usesRegex(routes[$0].path.place.host) }.sorted {
            Self.precedes(routes[$0].path.place.path, routes[$1].path.place.path)
        }
    }

    /// Whether the `/` that the host begins with (R15) has the requests of `place`, as both are the same expression (R35).
    func isBehindInitial(_ place: RoutePlace) -> Bool {
        place.path == "/" && rootless.contains(place.host) && usesRegex(place.host)
    }

    private static func warnBehindInitial(_ route: PlannedRoute, log: inout DiagnosticLog) {
        log.warning(
            route.owner.place(line: route.path.line), route.owner.object,
            "no request reaches \(route.path.place): paths of this host are regular expressions (R35), and the `/` that a host begins with, "
                + "which answers 404, comes first (R15); write the path as a Prefix")
    }

    /// A plain prefix leaves its own path to an Exact one beside it (R34); else the path as it stands.
    private static func expression(_ route: PlannedRoute, _ places: Set<RoutePlace>) -> String {
        let place = route.path.place
        let isPlainPrefix = place.type == .prefix && !wantsExpressions(route) && !place.path.hasSuffix("/")
        let exact = RoutePlace(host: place.host, path: place.path, type: .exact)
        return isPlainPrefix && places.contains(exact) ? place.path + "/" : place.path
    }

    /// What the upstream is asked for on `route`; nil is the client's path.
    static func rewrite(_ route: PlannedRoute) -> Rewrite? {
        guard rewrites(route), let target = route.annotations.rewriteTarget else { return nil }
        // That it does not compile is said where the path is added.
        guard let pattern = try? Pattern(route.path.place.path, ignoringCase: true) else { return nil }
        return Rewrite(pattern, target: target.value)
    }

    /// What a canary's upstreams are asked for instead of what the route says. Of a plain path, `$1` is what follows it.
    func rewrite(of canary: PlannedCanary, on route: PlannedRoute) -> Rewrite? {
        guard let target = canary.annotations.changes.rewriteTarget else { return nil }
        let path = route.path.place.path
        if usesRegex(route.path.place.host) {
            return (try? Pattern(path, ignoringCase: true)).map { Rewrite($0, target: target.value) }
        }
        let literal = (path.hasSuffix("/") ? path.dropLast() : path[...]).map { character in
            "\\^$.|?*+()[]{}".contains(character) ? "\\\(character)" : "\(character)"
        }
        return (try? Pattern("^" + literal.joined() + "(.*)$")).map { Rewrite($0, target: target.value) }
    }

    private static func pattern(_ text: String, _ route: PlannedRoute, log: inout DiagnosticLog) -> Pattern? {
        do {
            return try Pattern(text, ignoringCase: true)
        } catch {
            log.warning(
                route.owner.place(line: route.path.line), route.owner.object,
                "no request ever matches the path `\(route.path.place.path.clipped)`: paths of this host are regular expressions "
                    + "(R35), and it is none: \(error.description)")
            return nil
        }
    }
}
