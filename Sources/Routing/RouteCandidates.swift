/// The routes there were to choose from for one request, for `explain`: which one won, and why the others did not.
public struct RouteCandidates: Sendable {
    /// How the host was found (R33).
    public enum HostRule: Sendable, Equatable {
        /// By its name, or an alias.
        case name
        /// By `*.` and a name.
        case wildcard
        /// By no other rule.
        case defaultHost
    }

    public enum Outcome: String, Sendable {
        case chosen
        /// It fits, but another one comes first.
        case beaten
        case doesNotFit = "does not fit"
        /// In regex mode, the first expression that fits ends the search.
        case notTried = "not tried"
    }

    public struct Candidate: Sendable {
        /// Position in `RouteTable.routes`.
        public let route: Int
        public let outcome: Outcome
        /// Part of a sentence.
        public let why: String
    }

    /// Nil if no host answers for the request.
    public let hostRule: HostRule?
    /// The rules that would have found a host after `hostRule`.
    public let laterHostRules: [HostRule]
    /// The routes of that host: the chosen one, those it beat from the longest on, near misses, then the others.
    public let candidates: [Candidate]
}

extension RouteTable {
    /// What `match`, and `search` in regex mode, chose from. `path` is normal.
    public func candidates(
        host: Span<UInt8>, path: Span<UInt8>, with values: borrowing RequestValues
    ) -> RouteCandidates {
        let hosts = hostRules(host)
        guard let first = hosts.first else { return RouteCandidates(hostRule: nil, laterHostRules: [], candidates: []) }
        let later = hosts.dropFirst().map(\.rule)
        let extra = self.hosts[first.index].extra
        let candidates: [RouteCandidates.Candidate]
        if extra >= 0, !extras[Int(extra)].patterns.isEmpty {
            candidates = patternCandidates(Int(extra), path, with: values)
        } else {
            candidates = plainCandidates(group: self.hosts[first.index].group, host, path)
        }
        return RouteCandidates(hostRule: first.rule, laterHostRules: later, candidates: candidates)
    }

    private func hostRules(_ host: Span<UInt8>) -> [(rule: RouteCandidates.HostRule, index: Int)] {
        var host = host
        if host.count > 0, host[host.count &- 1] == ASCII.dot { host = host.extracting(droppingLast: 1) }
        var found: [(rule: RouteCandidates.HostRule, index: Int)] = []
        if host.count > 0 {
            if let index = hostTable.find(folding: host, group: HostGroup.exact) { found.append((.name, index)) }
            if hasWildcards, let index = findWildcard(host) { found.append((.wildcard, index)) }
        }
        if let defaultHost { found.append((.defaultHost, defaultHost)) }
        return found
    }

    // MARK: Plain paths (R34)

    private func plainCandidates(
        group: UInt32, _ host: Span<UInt8>, _ path: Span<UInt8>
    ) -> [RouteCandidates.Candidate] {
        let asked = path.count == 0 ? "/" : Self.text(path)
        var chosen: Int?
        if case .route(let route) = match(host: host, path: path) { chosen = route.index }
        var beaten: [RouteCandidates.Candidate] = []
        var near: [RouteCandidates.Candidate] = []
        var far: [RouteCandidates.Candidate] = []
        for route in routes where route.index != chosen && groupOfHost(route.host) == group {
            if let miss = route.miss(asked) {
                let candidate = RouteCandidates.Candidate(route: route.index, outcome: .doesNotFit, why: miss.why)
                if miss.isNear { near.append(candidate) } else { far.append(candidate) }
            } else {
                let why = chosen.map { routes[$0].victory(over: route) } ?? "the path lacks the slash of a longer one"
                beaten.append(RouteCandidates.Candidate(route: route.index, outcome: .beaten, why: why))
            }
        }
        beaten.sort { routes[$0.route].path.utf8.count > routes[$1.route].path.utf8.count }
        let first = chosen.map { index in
            RouteCandidates.Candidate(route: index, outcome: .chosen, why: routes[index].pathType == .exact ? "it is exactly the path" : "the longest that fits")
        }
        return [first].compactMap(\.self) + beaten + near + far
    }

    /// The group of paths that a route's own host has.
    private func groupOfHost(_ host: String) -> UInt32? {
        if host.isEmpty || host == "_" { return defaultHost.map { hosts[$0].group } }
        var name = Array(host.utf8)
        if name.last == ASCII.dot { name.removeLast() }
        let isWildcard = host.utf8.starts(with: "*.".utf8)
        if isWildcard { name.removeFirst() }
        let group = isWildcard ? HostGroup.wildcard : HostGroup.exact
        return hostTable.find(folding: name.span, group: group).map { hosts[$0].group }
    }

    // MARK: Regex mode (R35)

    private func patternCandidates(
        _ extra: Int, _ path: Span<UInt8>, with values: borrowing RequestValues
    ) -> [RouteCandidates.Candidate] {
        var chosen: [RouteCandidates.Candidate] = []
        var others: [RouteCandidates.Candidate] = []
        // Why the search is over, as far as the expressions after it are concerned.
        var end: String?
        for pattern in extras[extra].patterns {
            if let end {
                if let route = pattern.route { others.append(RouteCandidates.Candidate(route: route, outcome: .notTried, why: end)) }
                continue
            }
            switch pattern.pattern.matches(path, scratch: values.scratch) {
            case .match:
                end = "another expression fits before it"
                guard let route = pattern.route else { continue }
                chosen.append(RouteCandidates.Candidate(route: route, outcome: .chosen, why: "the first expression that fits"))
            case .noMatch:
                guard let route = pattern.route else { continue }
                others.append(RouteCandidates.Candidate(route: route, outcome: .doesNotFit, why: "the expression does not fit"))
            case .error:
                end = "the search for an expression before it hit its limit"
                guard let route = pattern.route else { continue }
                others.append(RouteCandidates.Candidate(route: route, outcome: .doesNotFit, why: "the search hit its limit"))
            }
        }
        return chosen + others
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        return String(decoding: copy, as: UTF8.self)
    }
}

extension Route {
    /// Why a plain path does not fit a request's, and whether somebody may have thought it does; nil if it fits.
    fileprivate func miss(_ asked: String) -> (why: String, isNear: Bool)? {
        if fits(asked) { return nil }
        if path == asked + "/" { return ("the path lacks its slash", true) }
        if fits(asked.lowercased(), path.lowercased()) { return ("letter case counts", true) }
        let begins = asked.hasPrefix(path)
        switch pathType {
        case .exact: return (begins ? "it is the whole path or nothing" : "it is another path", begins)
        case .prefix: return (begins ? "a prefix ends where a segment ends" : "the path does not begin with it", begins)
        }
    }

    private func fits(_ asked: String) -> Bool { fits(asked, path) }

    private func fits(_ asked: String, _ path: String) -> Bool {
        if asked == path { return true }
        return pathType == .prefix && asked.hasPrefix(path.hasSuffix("/") ? path : path + "/")
    }

    /// Why this route comes before another one that fits as well.
    fileprivate func victory(over other: Route) -> String {
        if other.path == path { return "an exact path comes before a prefix" }
        return pathType == .exact && other.pathType == .prefix ? "an exact path comes before a prefix" : "a longer path fits"
    }
}
