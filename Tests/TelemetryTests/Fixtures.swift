import Telemetry

enum Fixtures {
    /// A worker on which every counter has moved, each to another value.
    static func busyWorker() -> Metrics {
        var metrics = Metrics(reasonLabels: ["no-route", "stable", "header", "weight"])
        metrics.connectionsAccepted = 101
        metrics.connectionsRefused = 102
        metrics.handshakesRefused = 123
        metrics.acceptPauses = 103
        metrics.connectionsUnaffordable = 141
        metrics.memoryShortages = 124
        metrics.lingerOverflows = 125
        for _ in 0..<3 { metrics.timeouts.record(.clientWrite) }
        metrics.timeouts.record(.linger)
        metrics.patternFailures = 139
        metrics.tunnelsOpened = 104
        metrics.requestsCut = 105
        metrics.bytesFromClients = 106
        metrics.bytesToClients = 107
        metrics.upstreamConnects = 108
        metrics.upstreamConnectFailures = 109
        metrics.upstreamReuses = 110
        metrics.upstreamEvictions = 126
        metrics.upstreamRetries = 111
        metrics.upstreamResets = 112
        metrics.upstreamTimeouts = 113
        metrics.bytesFromUpstreams = 114
        metrics.bytesToUpstreams = 115
        metrics.accessLogDropped = 116
        metrics.upstreamWaits = 117
        metrics.upstreamOverflows = 118
        for _ in 0..<5 { metrics.proxyHeaders.record(.untrusted) }
        metrics.proxyHeaders.record(.timeout)
        metrics.gzipResponses = 119
        metrics.gzipOverflows = 120
        metrics.gzipBytesIn = 121
        metrics.gzipBytesOut = 122
        metrics.tls.recordHandshake(isTLS13: false, isResumed: false)
        for _ in 0..<2 { metrics.tls.recordHandshake(isTLS13: true, isResumed: true) }
        metrics.upstreamTLS.recordHandshake(isTLS13: false, isResumed: true)
        for _ in 0..<4 { metrics.upstreamTLS.recordFailure(13) }
        metrics.tls.recordFailure(1)
        for _ in 0..<3 { metrics.tls.recordFailure(8) }
        metrics.tls.alerts.add(48, received: 2, sent: 0)
        for number: UInt8 in [3, 255] { metrics.tls.alerts.add(number, received: 1, sent: 0) }
        metrics.tls.alerts.add(120, received: 0, sent: 5)
        for (index, status) in [400, 408, 413, 414, 417, 431, 501, 505, 421].enumerated() {
            for _ in 0...index { metrics.clientErrors.record(status: status) }
        }
        // Bound in an order that is not the order of their labels.
        let rows = metrics.rows(of: ["shop/web z.example /", "shop/api \"a\\b\".example /\n", "shop/idle i.example /"])
        metrics.recordRequest(row: 0, version: .none, reason: 0, statusClass: 4, durationNanoseconds: 400_000)
        metrics.recordRequest(row: rows[0], version: .stable, reason: 1, statusClass: 2, durationNanoseconds: 500_000)
        metrics.recordRequest(row: rows[0], version: .stable, reason: 1, statusClass: 2, durationNanoseconds: 1_000_001)
        metrics.recordRequest(row: rows[0], version: .stable, reason: 1, statusClass: 0, durationNanoseconds: 12_000_000_000)
        metrics.recordRequest(row: rows[0], version: .canary, reason: 3, statusClass: 5, durationNanoseconds: 30_000_000)
        metrics.recordRequest(row: rows[0], version: .canary, reason: 2, statusClass: 1, durationNanoseconds: 2_000_000_000)
        metrics.recordRequest(row: rows[1], version: .stable, reason: 1, statusClass: 3, durationNanoseconds: 7)
        metrics.recordUpstreamFailure(row: rows[0], version: .canary, .noEndpoint)
        for _ in 0..<2 { metrics.recordUpstreamFailure(row: rows[0], version: .stable, .requestTimeout) }
        let canaries = ["shop/web-canary", "shop/other", "shop/idle"].map {
            metrics.canaries.row(of: CanaryCounts.label(route: "shop/web z.example /", canary: $0))
        }
        for statusClass in [5, 0, 9] { metrics.canaries.record(row: canaries[0], statusClass: statusClass) }
        metrics.canaries.record(row: canaries[1], statusClass: 2)
        // Its request has not ended yet.
        metrics.recordUpstreamFailure(row: rows[2], version: .stable, .connectRefused)
        for (index, outcome) in CopyOutcome.allCases.enumerated() {
            for _ in 0...index { metrics.recordCopy(row: rows[0], outcome: outcome) }
        }
        return metrics
    }

    static func process() -> ProcessMetrics {
        var process = ProcessMetrics()
        process.version = "0.1.0"
        process.startTime = 1_795_217_405
        process.workers = 2
        process.snapshots = 12
        process.clientConnections = 64
        process.tlsHandshakes = 65
        process.upstreamConnectionsActive = 8
        process.upstreamConnectionsIdle = 56
        process.accessLinesLost = 7
        process.logLinesLost = 9
        process.adminEvictions = 3
        process.adminRefusals = 4
        process.nameAddressesIgnored = 11
        process.accessLogReopenFailures = 2
        process.bufferBytes = 58
        process.reloadsSucceeded = 3
        process.reloadsFailed = 1
        process.lastReloadSuccessful = false
        process.lastSuccessfulReload = 1_795_217_500
        process.lastReloadNanoseconds = 1_420_000_000
        process.certificates = [.init(source: "Secret default/shop-tls", keyType: "ecdsa", notAfter: 1_800_000_000)]
        process.endpoints = [
            .init(service: "default/new:80", address: "10.0.0.1:8080", isWell: true), .init(service: "default/new:80", address: "10.0.0.2:8080", isWell: false),
        ]
        process.openDescriptors = 140
        process.descriptorLimit = 1_048_576
        process.residentBytes = 12_582_912
        process.cpuNanoseconds = 1_250_000_000
        return process
    }
}

extension Metrics {
    mutating func rows(of labels: [String]) -> [Int] { labels.map { row(ofRoute: $0) } }
}
