import Exchange

/// A snapshot as one worker uses it: with its own balancers and its rows of the metrics.
final class Installation {
    let snapshot: Snapshot
    /// By the snapshot's backend index.
    let balancers: [Balancer]
    /// By route index: the row that counts its requests.
    let metricRows: [Int]

    init(_ snapshot: Snapshot, balancers: [Balancer], metricRows: [Int]) {
        self.snapshot = snapshot
        self.balancers = balancers
        self.metricRows = metricRows
    }
}

/// An installation that is gone when its last request has ended.
struct EarlierInstallation {
    weak var installation: Installation?

    init(_ installation: Installation) { self.installation = installation }
}
