import Addressing
import Exchange
import HTTP1
import Routing

/// The snapshot the tests run on, and the knobs they turn.
struct World: Sendable {
    /// Backends of the first generation: 0 and 1 have endpoints, 2 has none.
    static let stable = 0, canary = 1, empty = 2

    /// Of reloads. In every second one all backends and routes have other numbers, and the backends' ports tell the generation.
    var generation = 0
    var bodyLimit = 1 << 20
    var requestLine = 8 << 10
    var headerBytes = 32 << 10
    var headerFields = 100
    var trustsClient = false
    var underscores = false
    var http10KeepAlive = false
    var via: String?
    var requestDeadline: TimeSpan?
    var failover = Failover.canaryToStable
    var isTLS = false
    /// What a PROXY header has said.
    var announcedPort: UInt16?
    var https = HTTPSPolicy()
    /// Of `a.test` and `canary.test`.
    var retry = RetryRule.standard
    /// Of all routes.
    var gzip: GzipPolicy.Rule?
    var gzipMemory = 64 << 20
    /// Names of further fields that the canary of `edited.test/shop` joins a `j` to, in requests and responses.
    var joins: [String] = []
    /// And of those that it removes from responses.
    var removes: [String] = []
    /// Of the backends with endpoints.
    var proxyProtocol: ProxyHeader.Version?

    static let peer = "192.0.2.1"

    var client: ClientIdentity {
        ClientIdentity(peer: IPAddress(Self.peer), localPort: announcedPort ?? 80, isTLS: isTLS, isAnnounced: announcedPort != nil)
    }

    /// Backends and routes that an odd generation has in front.
    private var more: Int { generation % 2 * 2 }
    private var stable: Int { more + Self.stable }
    private var canary: Int { more + Self.canary }
    private var empty: Int { more + Self.empty }

    /// Routes: `a.test/`, `a.test/app/`, `canary.test/` with a canary by header and half of the rest, `empty.test/` without
    /// endpoints, `half.test/` whose canary has none, `marked.test/` where the decision shows everywhere; `app.test/` leads to
    /// `/start?x=1`, and upstreams of `app.test/old…` are asked for `/new…`; `edited.test/shop` whose canary changes fields, query and path; `shield.test/` whose
    /// canary is shielded, as is that of `safe.test/` for half of the requests; `mirror.test/`, all of whose requests are copied. `bare.test` leads to `/start`, and has no route.
    func snapshot() -> Snapshot {
        var routes = RouteTableBuilder()
        let always = [ValueKey.header("x-canary")]
        func route(_ host: String, _ path: String, stable: Int, canary: Int? = nil, shield: Shield? = nil) {
            _ = routes.add(host: host, path: path, type: .prefix) { index in
                let canaries = canary.map { backend in
                    Canary(
                        name: "shop/next", backend: backend, header: HeaderRule(key: 0, match: .alwaysNever),
                        weight: 50, shield: shield, sequence: 0)
                }
                return Route(
                    index: index, label: "shop/web", host: host, path: path, pathType: .prefix, stable: stable,
                    canaries: canaries.map { [$0] } ?? [], keys: canary == nil ? [] : always, retry: retry)
            }
        }
        for number in 0..<more { route("more\(number).test", "/", stable: 0) }
        route("a.test", "/", stable: self.stable)
        route("a.test", "/app/", stable: self.stable)
        route("canary.test", "/", stable: self.stable, canary: self.canary)
        route("empty.test", "/", stable: self.empty)
        route("half.test", "/", stable: self.stable, canary: self.empty)
        route("safe.test", "/", stable: self.stable, canary: self.canary, shield: Shield(more: [500]))
        addMarked(to: &routes)
        addEdited(to: &routes)
        addShielded(to: &routes)
        addRewritten(to: &routes)
        addMirrored(to: &routes)
        routes.redirectRoot(ofHost: "app.test", to: "/start?x=1")
        routes.redirectRoot(ofHost: "bare.test", to: "/start")
        let old = try? Pattern("/old(.*)", ignoringCase: true)
        _ = routes.add(host: "app.test", path: "/old", type: .prefix) { index in
            Route(
                index: index, label: "shop/web", host: "app.test", path: "/old", pathType: .prefix, stable: self.stable, isPattern: true,
                rewrite: old.map { Rewrite($0, target: "/new/$1") })
        }
        if let old { routes.add(pattern: old, ofHost: "app.test", route: routes.nextIndex - 1) }
        var timeouts = Timeouts()
        timeouts.request = requestDeadline
        var limits = Limits()
        limits.body = bodyLimit
        limits.requestLine = requestLine
        limits.headerBytes = headerBytes
        limits.headerFields = headerFields
        var forwarding = Forwarding()
        if trustsClient, let range = AddressRange("192.0.2.0/24") { forwarding.trustedProxies = [range] }
        forwarding.underscoresInHeaders = underscores
        forwarding.http10KeepAlive = http10KeepAlive
        forwarding.via = via
        let gzip = gzip.map { GzipPolicy(Array(repeating: $0, count: routes.nextIndex), memory: gzipMemory) }
        let endpoint = Endpoint(address: .ipv4(0x7F00_0001, port: 9001))
        let port = 80 + generation
        let others = (0..<more).map { Backend(name: "shop/more\($0):\(port)", endpoints: [endpoint]) }
        return Snapshot(
            routes: routes.build(),
            backends: others + [
                Backend(name: "shop/old:\(port)", endpoints: [endpoint, endpoint, endpoint], proxyProtocol: proxyProtocol),
                Backend(name: "shop/new:\(port)", endpoints: [endpoint], proxyProtocol: proxyProtocol),
                Backend(name: "shop/none:\(port)", endpoints: []),
            ],
            sequences: ["shop/next", "shop/next mirror"], timeouts: timeouts, limits: limits, forwarding: forwarding,
            failover: failover, https: https, gzip: gzip)
    }

    private func add(
        _ canary: Canary, on host: String, path: String = "/", keys: [ValueKey] = [.header("x-canary")], to routes: inout RouteTableBuilder
    ) {
        _ = routes.add(host: host, path: path, type: .prefix) { index in
            Route(
                index: index, label: "shop/web", host: host, path: path, pathType: .prefix, stable: self.stable, canaries: [canary],
                keys: keys)
        }
    }

    /// Its canary is chosen by header or by half of the clients, who are told apart by the cookie `uid`.
    private func addMarked(to routes: inout RouteTableBuilder) {
        var marks = DecisionMarks()
        marks.requestHeader = DecisionMark(name: "X-Release", value: "next")
        marks.responseHeader = DecisionMark(name: "X-Version")
        marks.responseCookie = DecisionMark(name: "version")
        let canary = Canary(
            name: "shop/next", backend: self.canary, header: HeaderRule(key: 0, match: .alwaysNever), weight: 50, hashKeys: [1],
            hashCookie: HashCookie(name: "uid", maxAge: 60, sameSite: .lax), marks: marks, sequence: 0)
        add(canary, on: "marked.test", keys: [.header("x-canary"), .cookie("uid")], to: &routes)
    }

    /// Its canary is chosen by header, and changes what it gets and says.
    private func addEdited(to routes: inout RouteTableBuilder) {
        var edits = CanaryEdits()
        edits.request.removed = ["X-Debug"]
        edits.request.set = [FieldEdits.Field(name: "User-Agent", value: "canary")]
        edits.request.added = [FieldEdits.Field(name: "X-Tag", value: "new")]
        edits.request.appended = [FieldEdits.Field(name: "X-Hops", value: "serin")]
            + (joins.map { FieldEdits.Field(name: $0, value: "j") })
        edits.query = "release=2"
        edits.response.removed = ["Server"] + removes
        edits.response.set = [FieldEdits.Field(name: "Cache-Tag", value: "next")]
        edits.response.added = [FieldEdits.Field(name: "X-Tag", value: "seen")]
        edits.response.appended = [FieldEdits.Field(name: "Vary", value: "X-Canary")]
            + (joins.map { FieldEdits.Field(name: $0, value: "j") })
        let canary = Canary(
            name: "shop/next", backend: self.canary, header: HeaderRule(key: 0, match: .alwaysNever), edits: edits,
            rewrite: (try? Pattern("^/shop(.*)$")).map { Rewrite($0, target: "/v2$1") }, sequence: 0)
        add(canary, on: "edited.test", path: "/shop", to: &routes)
    }

    /// Its canary is chosen by header, and asks for other paths and more queries.
    private func addRewritten(to routes: inout RouteTableBuilder) {
        var edits = CanaryEdits()
        edits.query = "q=1"
        let canary = Canary(
            name: "shop/next", backend: self.canary, header: HeaderRule(key: 0, match: .alwaysNever), edits: edits,
            rewrite: (try? Pattern("^(.*)$")).map { Rewrite($0, target: "/v2$1") }, sequence: 0)
        add(canary, on: "rewritten.test", to: &routes)
    }

    /// Its canary is chosen by header, asks for other paths, and counts 500 as a failure.
    private func addShielded(to routes: inout RouteTableBuilder) {
        var marks = DecisionMarks()
        marks.requestHeader = DecisionMark(name: "X-Release", value: "next")
        let canary = Canary(
            name: "shop/next", backend: self.canary, header: HeaderRule(key: 0, match: .alwaysNever), marks: marks,
            rewrite: (try? Pattern("^(.*)$")).map { Rewrite($0, target: "/v2$1") }, shield: Shield(more: [500]), sequence: 0)
        add(canary, on: "shield.test", to: &routes)
    }

    /// Its canary is chosen by header, and gets copies of the rest; that of `/none` has no endpoint.
    private func addMirrored(to routes: inout RouteTableBuilder) {
        for (path, backend) in [("/", self.canary), ("/none", self.empty)] {
            let canary = Canary(
                name: "shop/next", backend: backend, header: HeaderRule(key: 0, match: .alwaysNever),
                mirror: Mirror(share: 100, sequence: 1), sequence: 0)
            _ = routes.add(host: "mirror.test", path: path, type: .prefix) { index in
                Route(
                    index: index, label: "shop/web", host: "mirror.test", path: path, pathType: .prefix, stable: self.stable,
                    canaries: [canary], keys: [.header("x-canary")])
            }
        }
    }

    func context() -> ExchangeContext {
        ExchangeContext(
            pool: BufferPool(), rolls: RollSource(names: ["shop/next", "shop/next mirror"], random: { 0 }),
            date: HTTPDate(secondsSinceEpoch: 784_111_777), seed: (1, 2))
    }
}
