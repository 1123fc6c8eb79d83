import Addressing
import Exchange
import Routing

/// A snapshot as one worker uses it: with its own balancers and its rows of the metrics. Both are made when they are first asked
/// for: a worker that gets a snapshot of thousands of routes goes on at once.
final class Installation {
    let snapshot: Snapshot
    /// By the snapshot's backend index.
    private var balancers: [Balancer?]
    /// By route index: the row that counts its requests, -1 while there is none.
    private var rows: [Int32]

    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
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
}

/// An installation that is gone when its last request has ended.
struct EarlierInstallation {
    weak var installation: Installation?

    init(_ installation: Installation) { self.installation = installation }
}

/// All that a snapshot names; made once, for all workers to find what of theirs it no longer does.
final class SnapshotInventory: Sendable {
    let addresses: Set<SocketAddress>
    /// Of the metrics' rows.
    let labels: Set<String>

    init(_ snapshot: Snapshot) {
        addresses = Set(snapshot.backends.lazy.flatMap { $0.endpoints.lazy.compactMap(\.address.socketAddress) })
        labels = Set(snapshot.routes.routes.lazy.map(Self.label))
    }

    /// What the metrics call a route.
    static func label(of route: Route) -> String { "\(route.label) \(route.host)\(route.path)" }
}
