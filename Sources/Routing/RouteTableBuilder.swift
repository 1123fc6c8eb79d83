/// Collects routes and builds the table. Routes are added in the order of precedence (R11).
public struct RouteTableBuilder {
    public enum Addition: Equatable, Sendable {
        /// The route's index.
        case added(Int)
        /// There is a route for this host, path and type already; the first one stays (R16). Its index.
        case duplicate(of: Int)
    }

    private struct Place: Hashable {
        let host: String
        let path: String
        let type: PathType
    }

    private struct StemPlace: Hashable {
        let host: Int
        let stem: [UInt8]
    }

    private var routes: [Route] = []
    private var hostsOfRoutes: [Int] = []
    private var places: [Place: Int] = [:]
    private var hosts: [RouteTable.Host] = []
    private var hostPositions: [String: Int] = [:]
    private var stems: [RouteTable.Stem] = []
    private var stemKeys: [KeyTable.Key] = []
    private var stemPositions: [StemPlace: Int] = [:]
    private var extras: [RouteTable.Extra] = []
    private var aliases: [(name: String, host: String)] = []

    public init() {}

    /// The index the next route gets.
    public var nextIndex: Int { routes.count }

    /// Adds the route that `make` returns for its index, unless the place is taken; then `make` is not called.
    ///
    /// `host` is exact, `*.` and a name, or empty or `_` for the default; case and a last dot do not count. An empty path
    /// is `/` (R10).
    public mutating func add(host: String, path: String, type: PathType, make: (_ index: Int) -> Route) -> Addition {
        let host = Self.normalized(host)
        let path = path.isEmpty ? "/" : path
        let place = Place(host: host, path: path, type: type)
        if let earlier = places[place] { return .duplicate(of: earlier) }
        let index = routes.count
        let route = make(index)
        precondition(route.index == index, "a route carries the index it was made for")
        routes.append(route)
        places[place] = index
        hostsOfRoutes.append(position(ofHost: host))
        enter(Array(path.utf8), type, route: Int32(index), host: hostsOfRoutes[index])
        return .added(index)
    }

    /// Makes a host known that has no route, so that its requests do not fall to a wildcard or the default (R15).
    public mutating func add(host: String) {
        _ = position(ofHost: Self.normalized(host))
    }

    /// Gives a host another name (R33). A name that is a host of its own, or an alias already, stays what it is.
    public mutating func add(alias: String, ofHost host: String) {
        aliases.append((Self.normalized(alias), Self.normalized(host)))
    }

    /// Redirects `/` of a host, which may have no route, to an absolute path.
    public mutating func redirectRoot(ofHost host: String, to path: String) {
        extras[extra(ofHost: host)].appRoot = Array(path.utf8)
    }

    /// Adds a path to the regular expressions of a host, which are tried in the order they are added in, instead of its
    /// plain paths (R35). A nil route is a path that leads nowhere.
    public mutating func add(pattern: Pattern, ofHost host: String, route: Int?) {
        precondition(route.map(routes.indices.contains) ?? true, "a pattern leads to a route that was added")
        extras[extra(ofHost: host)].patterns.append(RouteTable.PatternPath(pattern: pattern, route: route))
    }

    private mutating func extra(ofHost host: String) -> Int {
        let position = position(ofHost: Self.normalized(host))
        if hosts[position].extra < 0 {
            hosts[position].extra = Int32(extras.count)
            extras.append(RouteTable.Extra())
        }
        return Int(hosts[position].extra)
    }

    /// The table; `seed` is where the search for good hash seeds starts, any value will do.
    ///
    /// With `addsSlashToExact`, an exact path that ends with a slash answers 301 without it, as a prefix does and as nginx
    /// has it (R34).
    public func build(addsSlashToExact: Bool = false, seed: UInt64 = 0) -> RouteTable {
        var (hosts, hostPositions) = (hosts, hostPositions)
        var known: [RouteTable.Alias] = []
        for (alias, host) in aliases where hostPositions[alias] == nil {
            guard let original = hostPositions[host] else { continue }
            hostPositions[alias] = hosts.count
            hosts.append(hosts[original])
            known.append(RouteTable.Alias(name: alias, host: host))
        }
        known.sort { $0.name < $1.name }
        var hostKeys = Array(repeating: KeyTable.Key(group: 0, bytes: []), count: hosts.count)
        for (host, position) in hostPositions {
            // The default has no key of its own: a request cannot name it.
            if Self.isWildcard(host) {
                hostKeys[position] = KeyTable.Key(group: RouteTable.HostGroup.wildcard, bytes: Array(host.utf8.dropFirst()))
            } else {
                hostKeys[position] = KeyTable.Key(group: RouteTable.HostGroup.exact, bytes: Array(host.utf8))
            }
        }
        return RouteTable(
            routes: routes, hosts: hosts, hostKeys: hostKeys, defaultHost: hostPositions[""],
            stems: stems, stemKeys: stemKeys, extras: extras, aliases: known, hostsOfRoutes: hostsOfRoutes,
            addsSlashToExact: addsSlashToExact, seed: seed)
    }

    private mutating func position(ofHost host: String) -> Int {
        if let known = hostPositions[host] { return known }
        hostPositions[host] = hosts.count
        hosts.append(RouteTable.Host(group: UInt32(hosts.count)))
        return hosts.count - 1
    }

    private mutating func enter(_ path: [UInt8], _ type: PathType, route: Int32, host: Int) {
        let slashed = path.last == ASCII.slash
        let stem = slashed ? Array(path.dropLast()) : path
        if stem.isEmpty {
            Self.set(route, type, slashed: slashed, in: &hosts[host].root)
            return
        }
        hosts[host].longestStem = max(hosts[host].longestStem, stem.count)
        hosts[host].stemLengths |= RouteTable.Host.bit(stem.count)
        let place = StemPlace(host: host, stem: stem)
        if let known = stemPositions[place] {
            Self.set(route, type, slashed: slashed, in: &stems[known])
            return
        }
        stemPositions[place] = stems.count
        stemKeys.append(KeyTable.Key(group: UInt32(host), bytes: stem))
        stems.append(RouteTable.Stem())
        Self.set(route, type, slashed: slashed, in: &stems[stems.count - 1])
    }

    private static func set(_ route: Int32, _ type: PathType, slashed: Bool, in stem: inout RouteTable.Stem) {
        switch (type, slashed) {
        case (.exact, false): stem.exact = route
        case (.exact, true): stem.exactSlash = route
        case (.prefix, false): stem.prefix = route
        case (.prefix, true): stem.prefixSlash = route
        }
    }

    private static func normalized(_ host: String) -> String {
        if host == "_" { return "" }
        var bytes = host.utf8.map(ASCII.lowercase)
        if bytes.last == ASCII.dot { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isWildcard(_ host: String) -> Bool { host.utf8.starts(with: "*.".utf8) }
}
