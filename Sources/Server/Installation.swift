import Addressing
import Exchange
import Routing
import TLS
import Telemetry

/// A snapshot as one worker uses it: with its own balancers and its rows of the metrics. Both are made when they are first asked
/// for: a worker that gets a snapshot of thousands of routes goes on at once.
final class Installation {
    let snapshot: Snapshot
    /// By the numbers of its backends.
    let upstreams: [UpstreamTLSContext]
    /// By the snapshot's backend index.
    private var balancers: [Balancer?]
    /// By route index: the row that counts its requests, -1 while there is none.
    private var rows: [Int32]
    /// By the canary's place among all canaries that there could be: the row that counts its requests.
    private var canaryRows: [Int: Int] = [:]

    init(_ snapshot: Snapshot, _ upstreams: [UpstreamTLSContext] = []) {
        self.snapshot = snapshot
        self.upstreams = upstreams
        balancers = Array(repeating: nil, count: snapshot.backends.count)
        rows = Array(repeating: -1, count: snapshot.routes.routes.count)
    }

    func balancer(of backend: Int) -> Balancer? { balancers[backend] }

    func keep(_ balancer: Balancer, of backend: Int) { balancers[backend] = balancer }

    func metricRow(of route: Int, orMake make: (String) -> Int) -> Int {
        if rows[route] >= 0 { return Int(rows[route]) }
        let row = make(SnapshotInventory.label(of: snapshot.routes.routes[route]))
        rows[route] = Int32(row)
        return row
    }

    /// Those that count requests so far.
    var metricRows: [Int] { rows.lazy.filter { $0 >= 0 }.map(Int.init) }

    func canaryRow(of canary: Int, on route: Int, orMake make: (String) -> Int) -> Int {
        let place = route * Route.maximumCanaries + canary
        if let row = canaryRows[place] { return row }
        let routes = snapshot.routes.routes
        let row = make(SnapshotInventory.label(of: routes[route].canaries[canary], on: routes[route]))
        canaryRows[place] = row
        return row
    }

    /// Those of canaries that count requests so far.
    var usedCanaryRows: [Int] { Array(canaryRows.values) }
}

/// An installation that is gone when its last request has ended.
struct EarlierInstallation {
    weak var installation: Installation?

    init(_ installation: Installation) { self.installation = installation }
}

/// All that a snapshot names; made once, for all workers to find what of theirs it no longer does.
final class SnapshotInventory: Sendable {
    let endpoints: Set<EndpointKey>
    let rings: Set<RingShelf.Key>
    /// Of the metrics' rows, and of the rows of canaries.
    let labels: Set<String>

    init(_ snapshot: Snapshot, _ tls: TLSContexts) {
        endpoints = Set(snapshot.backends.lazy.flatMap { backend in
            backend.endpoints.lazy.compactMap(\.address.socketAddress).map { EndpointKey($0, backend.tls, tls.upstreams) }
        })
        rings = Set(snapshot.backends.lazy.filter(\.isPlaced).map(RingShelf.Key.init))
        let routes = snapshot.routes.routes
        let canaries = routes.lazy.flatMap { route in route.canaries.lazy.map { Self.label(of: $0, on: route) } }
        labels = Set(routes.lazy.map(Self.label)).union(canaries)
    }

    /// What the metrics call a route.
    static func label(of route: Route) -> String { "\(route.label) \(route.host)\(route.path)" }

    /// What they call a canary of it.
    static func label(of canary: Canary, on route: Route) -> String {
        CanaryCounts.label(route: label(of: route), canary: canary.name)
    }
}
