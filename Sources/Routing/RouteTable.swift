/// All routes of a snapshot, immutable, looked up by host and path at a cost that depends neither on the number of routes
/// nor on the number of paths of a host.
///
/// Paths are kept as *stems*, that is without a last slash: `/a` and `/a/`, exact and prefix, share one entry. A lookup
/// walks the request's path once, hashing as it goes, and asks for a stem only at a slash or the end, only up to the
/// host's longest stem, and only if the host has a stem of that length.
public final class RouteTable: Sendable {
    /// In the order they were added; a route's `index` is its position.
    public let routes: [Route]

    /// Other names of hosts (R33), in the order of the names.
    public let aliases: [Alias]

    public struct Alias: Sendable {
        public let name: String
        public let host: String
    }

    /// Routes of one stem, positions in `routes` or -1.
    struct Stem {
        var exact: Int32 = -1
        var exactSlash: Int32 = -1
        var prefix: Int32 = -1
        var prefixSlash: Int32 = -1
    }

    /// What a host's paths look like, so that most lookups ask little.
    struct Host {
        /// The stem of `/`.
        var root = Stem()
        var longestStem = 0
        /// Bit n: there is a stem of n bytes; bit 63: of 63 or more.
        var stemLengths: UInt64 = 0
        /// The group of its stems: its own position, or that of the host it is an alias of.
        var group: UInt32 = 0
        /// Position in `extras`, or -1.
        var extra: Int32 = -1

        static func bit(_ length: Int) -> UInt64 { 1 << UInt64(min(length, 63)) }
    }

    /// What few hosts have.
    struct Extra: Sendable {
        /// Where `/` is redirected to.
        var appRoot: [UInt8]?
        /// Not empty: the paths of the host are regular expressions, tried in this order (R35).
        var patterns: [PatternPath] = []
    }

    /// A path in regex mode.
    struct PatternPath: Sendable {
        let pattern: Pattern
        /// Position in `routes`; nil is a path that leads nowhere.
        let route: Int?
    }

    /// The groups of the host table.
    enum HostGroup {
        static let exact: UInt32 = 0
        /// The key is what follows the star, from its dot.
        static let wildcard: UInt32 = 1
    }

    let hostTable: KeyTable
    let hosts: [Host]
    private let longestHost: Int
    let hasWildcards: Bool
    let defaultHost: Int?
    private let stemTable: KeyTable
    private let stems: [Stem]
    let extras: [Extra]
    /// By the route's index.
    private let hostsOfRoutes: [Int]
    private let addsSlashToExact: Bool

    init(
        routes: [Route], hosts: [Host], hostKeys: [KeyTable.Key], defaultHost: Int?,
        stems: [Stem], stemKeys: [KeyTable.Key], extras: [Extra], aliases: [Alias], hostsOfRoutes: [Int],
        addsSlashToExact: Bool, seed: UInt64
    ) {
        self.routes = routes
        self.addsSlashToExact = addsSlashToExact
        self.aliases = aliases
        self.hosts = hosts
        self.extras = extras
        self.hostsOfRoutes = hostsOfRoutes
        self.defaultHost = defaultHost
        self.stems = stems
        hostTable = KeyTable(hostKeys, seed: seed, hashing: .wholeFolded)
        stemTable = KeyTable(stemKeys, seed: seed)
        longestHost = hostKeys.lazy.map(\.bytes.count).max() ?? 0
        hasWildcards = hostKeys.contains { $0.group == HostGroup.wildcard }
    }

    /// The route of a request. `host` is without a port, `path` is normal (see `PathNormalizer`).
    ///
    /// The host is chosen first: exact, else a wildcard with exactly one label, else the default (R33). A host without a
    /// matching path does not fall through to another one (R15). Then an exact path beats a prefix, and the longest
    /// prefix wins (R34).
    public func match(host: Span<UInt8>, path: Span<UInt8>) -> RouteMatch {
        guard let index = find(host: host) else { return .noHost }
        if hosts[index].extra >= 0, let match = matchExtra(Int(hosts[index].extra), path) { return match }
        return match(path, hostIndex: index)
    }

    private func matchExtra(_ extra: Int, _ path: Span<UInt8>) -> RouteMatch? {
        if path.count == 1, path[0] == ASCII.slash, extras[extra].appRoot != nil { return .appRoot(extra) }
        return extras[extra].patterns.isEmpty ? nil : .patterns(extra)
    }

    /// Where `RouteMatch.appRoot` leads: an absolute path.
    public func appRoot(_ extra: Int) -> [UInt8] { extras[extra].appRoot ?? [] }

    /// What `RouteMatch.patterns` comes to: the first path whose expression fits the beginning of the request's path (R35).
    /// A search that hits its limit ends it without a path: the next one must not be had by wearing out the one before it.
    public func search(_ extra: Int, path: Span<UInt8>, with values: borrowing RequestValues) -> RouteMatch {
        for index in extras[extra].patterns.indices {
            switch extras[extra].patterns[index].pattern.matches(path, scratch: values.scratch) {
            case .match: return extras[extra].patterns[index].route.map { .route(routes[$0]) } ?? .noPath
            case .noMatch: continue
            case .error: return .noPath
            }
        }
        return .noPath
    }

    /// `host(of:)` is less than this.
    public var hostCount: Int { hosts.count }

    /// The number of the host whose paths a request for `host` is matched against, which its other names share; nil: there is none.
    public func host(of host: Span<UInt8>) -> Int? { find(host: host).map { Int(hosts[$0].group) } }

    /// The same of a host by its name in the table: exact, `*.` and a name, or empty for the default; in lower case, without a last dot.
    public func host(named name: String) -> Int? {
        guard !name.isEmpty else { return defaultHost.map { Int(hosts[$0].group) } }
        let isWildcard = name.utf8.starts(with: "*.".utf8)
        let key = Array(isWildcard ? name.utf8.dropFirst() : name.utf8[...])
        let found = hostTable.find(folding: key.span, group: isWildcard ? HostGroup.wildcard : HostGroup.exact)
        return found.map { Int(hosts[$0].group) }
    }

    /// The same of a route.
    public func host(ofRoute index: Int) -> Int { hostsOfRoutes[index] }

    func find(host: Span<UInt8>) -> Int? {
        var host = host
        if host.count > 0, host[host.count &- 1] == ASCII.dot { host = host.extracting(droppingLast: 1) }
        guard host.count > 0 else { return defaultHost }
        if host.count <= longestHost, let found = hostTable.find(folding: host, group: HostGroup.exact) { return found }
        if hasWildcards, let found = findWildcard(host) { return found }
        return defaultHost
    }

    func findWildcard(_ host: Span<UInt8>) -> Int? {
        var label = 0
        while label < host.count, ASCII.isLabel(host[label]) { label &+= 1 }
        guard label > 0, label < host.count, host[label] == ASCII.dot, host.count &- label <= longestHost else { return nil }
        return hostTable.find(folding: host.extracting(droppingFirst: label), group: HostGroup.wildcard)
    }

    private func match(_ path: Span<UInt8>, hostIndex: Int) -> RouteMatch {
        let root = hosts[hostIndex].root
        if path.count <= 1 {
            guard path.count == 0 || path[0] == ASCII.slash else { return .noPath }
            return found(root.exactSlash >= 0 ? root.exactSlash : root.prefixSlash)
        }
        guard path[0] == ASCII.slash else { return .noPath }
        let endsWithSlash = path[path.count &- 1] == ASCII.slash
        let whole = endsWithSlash ? path.count &- 1 : path.count
        let last = min(whole, hosts[hostIndex].longestStem)
        let lengths = hosts[hostIndex].stemLengths
        let group = hosts[hostIndex].group
        var best = root.prefixSlash
        var hash = stemTable.hash(group: group)
        var length = 0
        while length < last {
            hash.update(path[length])
            length &+= 1
            guard length == whole || path[length] == ASCII.slash, lengths & Host.bit(length) != 0,
                  let position = stemTable.find(path.extracting(first: length), group: group, hash, folding: false)
            else { continue }
            let stem = stems[position]
            if length < whole {
                if stem.prefixSlash >= 0 { best = stem.prefixSlash } else if stem.prefix >= 0 { best = stem.prefix }
            } else if endsWithSlash {
                if let route = firstOf(stem.exactSlash, stem.prefixSlash, stem.prefix) { return found(route) }
            } else {
                if let route = firstOf(stem.exact, stem.prefix, -1) { return found(route) }
                if stem.prefixSlash >= 0 || stem.exactSlash >= 0 && addsSlashToExact { return .addSlash }
            }
        }
        return found(best)
    }

    @inline(always)
    private func firstOf(_ a: Int32, _ b: Int32, _ c: Int32) -> Int32? {
        if a >= 0 { return a }
        if b >= 0 { return b }
        return c >= 0 ? c : nil
    }

    private func found(_ route: Int32) -> RouteMatch {
        route >= 0 ? .route(routes[Int(route)]) : .noPath
    }
}
