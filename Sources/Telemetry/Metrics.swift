/// What one worker counts: plain integers that only this worker touches.
///
/// A scrape takes a copy of each worker's value, merges the copies and renders the result with `PrometheusText`. The copy
/// shares storage with the worker until the worker counts again, so let go of it when it has been rendered.
/// Counts wrap around at 2^64, which Prometheus reads as a restart.
public struct Metrics: Sendable {
    // MARK: Clients

    public var connectionsAccepted: UInt64 = 0
    /// Connections closed unserved because a connection limit was reached.
    public var connectionsRefused: UInt64 = 0
    /// Those of them that TLS handshakes under way left no room for.
    public var handshakesRefused: UInt64 = 0
    /// Connections closed unserved because the process or the system had nothing left for them.
    public var connectionsUnaffordable: UInt64 = 0
    /// Times accepting stopped for a while because descriptors ran out, or nothing but failed connections came.
    public var acceptPauses: UInt64 = 0
    /// Reads and writes that failed for want of the kernel's memory.
    public var memoryShortages: UInt64 = 0
    public var timeouts = KindCounts<TimeoutKind>()
    /// Connections cut because they went on sending for too long after their last answer.
    public var lingerOverflows: UInt64 = 0
    /// Malformed or too large requests, by the status of the answer.
    public var clientErrors = ClientErrorCounts()
    public var tls = TLSCounts()
    public var proxyHeaders = KindCounts<ProxyHeaderFailure>()
    /// Searches for patterns that were given up, since they hit a limit.
    public var patternFailures: UInt64 = 0
    /// Connections that became a tunnel after a 101.
    public var tunnelsOpened: UInt64 = 0
    /// Requests that the deadline of a shutdown cut.
    public var requestsCut: UInt64 = 0
    public var bytesFromClients: UInt64 = 0
    public var bytesToClients: UInt64 = 0

    // MARK: Upstreams

    /// Connections established to endpoints.
    public var upstreamConnects: UInt64 = 0
    public var upstreamConnectFailures: UInt64 = 0
    /// Requests sent over a connection taken from the keep-alive pool.
    public var upstreamReuses: UInt64 = 0
    /// Idle connections closed because there was no room for them.
    public var upstreamEvictions: UInt64 = 0
    /// Further attempts after the first one of a request.
    public var upstreamRetries: UInt64 = 0
    /// Connections that an endpoint broke off during a request.
    public var upstreamResets: UInt64 = 0
    public var upstreamTLS = TLSCounts()
    public var upstreamTimeouts: UInt64 = 0
    private var failures = UpstreamFailureCounts()
    /// Requests that had to wait for a connection, since an endpoint's are limited.
    public var upstreamWaits: UInt64 = 0
    /// Requests that were refused, since too many waited.
    public var upstreamOverflows: UInt64 = 0
    public var bytesFromUpstreams: UInt64 = 0
    public var bytesToUpstreams: UInt64 = 0

    // MARK: Compression

    public var gzipResponses: UInt64 = 0
    /// Responses that passed as they were, because too many were being compressed.
    public var gzipOverflows: UInt64 = 0
    /// Bytes of bodies before and after; of those that are over.
    public var gzipBytesIn: UInt64 = 0
    public var gzipBytesOut: UInt64 = 0

    // MARK: The worker itself

    /// Lines of the access log given up because its writer lagged behind.
    public var accessLogDropped: UInt64 = 0

    // MARK: Requests

    /// The row of requests that matched no route; its label is empty.
    public static let noRouteRow = 0
    /// Number of status classes: 0 for "no answer was sent", 1 to 5 for 1xx to 5xx.
    public static let statusClassCount = 6

    /// Rows of routes that are gone that are kept for the case that they come back.
    public static let maximumGoneRows = 1000

    /// Label texts of the decision's reasons, in the order of their indices.
    public let reasonLabels: [String]
    private var rows = RouteRows()
    /// Per row the counts by version, reason and status class, in one block; empty until the row counts its first request.
    private var blocks: [[UInt64]]
    /// Per row; most routes have none.
    private var copies: [Int: CopyCounts] = [:]
    public var canaries = CanaryCounts()
    private var durations = InlineArray<3, Histogram>(repeating: Histogram())

    /// - Parameter reasonLabels: unique texts; the position of each is the `reason` of `recordRequest`.
    public init(reasonLabels: [String]) {
        self.reasonLabels = reasonLabels
        blocks = [[]]
    }

    /// The row of a route, which is a new one if it has none.
    public mutating func row(ofRoute label: String) -> Int {
        let row = rows.row(of: label)
        while blocks.count < rows.labels.count { blocks.append([]) }
        return row
    }

    /// Rows of routes that are gone stay, so that no counter goes backwards when a route comes back, but only the
    /// `maximumGoneRows` latest: routes that come and go for ever shall not take memory for ever. To Prometheus the series of
    /// the others end.
    /// - Parameters:
    ///   - used: rows under which requests may still be counted.
    ///   - usedCanaries: such rows of `canaries`.
    ///   - isGone: whether there is no such route, or no such pair of route and canary, any more.
    public mutating func forget(used: [[Int]] = [], usedCanaries: [[Int]] = [], isGone: (String) -> Bool) {
        canaries.forget(used: usedCanaries, isGone: isGone)
        for row in rows.forget(beyond: Self.maximumGoneRows, used: used, isGone: isGone) {
            blocks[row] = []
            failures.forget(row: row)
            copies[row] = nil
        }
    }

    /// Route label of each row; empty for the first, and for rows that are free.
    public var routeLabels: [String] { rows.labels }

    /// Counts one finished request: in constant time, without an allocation once its row has been used.
    ///
    /// - Parameters:
    ///   - row: one that `row(ofRoute:)` returned, or `noRouteRow`.
    ///   - reason: index into `reasonLabels`.
    ///   - statusClass: the answer's status divided by 100, 0 if none was sent. A class that does not exist counts as 5xx,
    ///     as RFC 9110, section 15, has clients read such a status.
    ///   - durationNanoseconds: from the head's first byte to the end of the answer.
    public mutating func recordRequest(
        row: Int, version: VersionLabel, reason: Int, statusClass: Int, durationNanoseconds: UInt64
    ) {
        let cell = cell(version: version, reason: reason, statusClass: statusClass)
        if blocks[row].isEmpty { blocks[row] = emptyBlock() }
        blocks[row][cell] &+= 1
        durations[version.rawValue].record(nanoseconds: durationNanoseconds)
    }

    /// Counts one copy of a request, which is over.
    public mutating func recordCopy(row: Int, outcome: CopyOutcome) { copies[row, default: CopyCounts()].count(outcome) }

    /// Copies of a route's requests that ended so.
    public func copies(row: Int, outcome: CopyOutcome) -> UInt64 { copies[row]?[outcome] ?? 0 }

    /// Rows that have counted copies.
    public var copiedRows: [Int] { Array(copies.keys) }

    /// Requests counted in one cell of the table.
    public func requests(row: Int, version: VersionLabel, reason: Int, statusClass: Int) -> UInt64 {
        let cell = cell(version: version, reason: reason, statusClass: statusClass)
        return blocks[row].isEmpty ? 0 : blocks[row][cell]
    }

    /// Counts one attempt that failed at an upstream, or before it.
    public mutating func recordUpstreamFailure(row: Int, version: VersionLabel, _ failure: UpstreamFailure) {
        failures.record(row: row, version: version, failure)
    }

    public func upstreamFailures(row: Int, version: VersionLabel, _ failure: UpstreamFailure) -> UInt64 {
        failures.count(row: row, version: version, failure)
    }

    public func hasUpstreamFailures(row: Int) -> Bool { failures.hasCounted(row: row) }

    /// True as long as the row has not counted a request.
    public func isUntouched(row: Int) -> Bool { blocks[row].isEmpty }

    /// Durations of all requests that went to a version.
    public func durations(of version: VersionLabel) -> Histogram { durations[version.rawValue] }

    /// Adds what another worker counted. Rows are matched by their labels; the reasons must be the same.
    public mutating func merge(_ other: Metrics) {
        precondition(reasonLabels == other.reasonLabels, "workers of one process share the list of reasons")
        mergeCounters(other)
        clientErrors.merge(other.clientErrors)
        tls.merge(other.tls)
        proxyHeaders.merge(other.proxyHeaders)
        timeouts.merge(other.timeouts)
        upstreamTLS.merge(other.upstreamTLS)
        canaries.merge(other.canaries)
        for index in durations.indices { durations[index].merge(other.durations[index]) }
        for otherRow in other.failures.rows {
            failures.merge(other.failures, row: otherRow, into: row(ofRoute: other.routeLabels[otherRow]))
        }
        for (otherRow, block) in other.blocks.enumerated() where !block.isEmpty {
            let row = row(ofRoute: other.routeLabels[otherRow])
            guard !blocks[row].isEmpty else {
                blocks[row] = block
                continue
            }
            for cell in block.indices { blocks[row][cell] &+= block[cell] }
        }
        for (otherRow, counts) in other.copies {
            copies[row(ofRoute: other.routeLabels[otherRow]), default: CopyCounts()].merge(counts)
        }
    }

    private mutating func mergeCounters(_ other: Metrics) {
        connectionsAccepted &+= other.connectionsAccepted
        connectionsRefused &+= other.connectionsRefused
        connectionsUnaffordable &+= other.connectionsUnaffordable
        handshakesRefused &+= other.handshakesRefused
        acceptPauses &+= other.acceptPauses
        memoryShortages &+= other.memoryShortages
        lingerOverflows &+= other.lingerOverflows
        patternFailures &+= other.patternFailures
        tunnelsOpened &+= other.tunnelsOpened
        requestsCut &+= other.requestsCut
        bytesFromClients &+= other.bytesFromClients
        bytesToClients &+= other.bytesToClients
        upstreamConnects &+= other.upstreamConnects
        upstreamConnectFailures &+= other.upstreamConnectFailures
        upstreamReuses &+= other.upstreamReuses
        upstreamEvictions &+= other.upstreamEvictions
        upstreamRetries &+= other.upstreamRetries
        upstreamWaits &+= other.upstreamWaits
        upstreamOverflows &+= other.upstreamOverflows
        upstreamResets &+= other.upstreamResets
        upstreamTimeouts &+= other.upstreamTimeouts
        bytesFromUpstreams &+= other.bytesFromUpstreams
        bytesToUpstreams &+= other.bytesToUpstreams
        gzipResponses &+= other.gzipResponses
        gzipOverflows &+= other.gzipOverflows
        gzipBytesIn &+= other.gzipBytesIn
        gzipBytesOut &+= other.gzipBytesOut
        accessLogDropped &+= other.accessLogDropped
    }

    private func cell(version: VersionLabel, reason: Int, statusClass: Int) -> Int {
        precondition(reason >= 0 && reason < reasonLabels.count, "a reason is an index into reasonLabels")
        // The class may stem from an upstream's status line, so it must not be able to trap.
        let known = statusClass >= 0 && statusClass < Metrics.statusClassCount ? statusClass : 5
        return (version.rawValue &* reasonLabels.count &+ reason) &* Metrics.statusClassCount &+ known
    }

    private func emptyBlock() -> [UInt64] {
        [UInt64](repeating: 0, count: VersionLabel.allCases.count * reasonLabels.count * Metrics.statusClassCount)
    }
}
