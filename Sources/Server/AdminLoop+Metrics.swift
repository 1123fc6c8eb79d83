import Exchange
import Reactor
import Routing
import Telemetry

/// What the admin loop counts itself, and the workers' counts, collected for a scrape.
extension AdminLoop {
    /// A scrape that waits for the workers' counts.
    struct Scrape {
        var missing: Set<Int>
        /// By worker.
        var counts: [Int: WorkerCounts] = [:]
        var isHead: Bool
    }

    func scrape(_ connection: WholeAnswerConnection, isHead: Bool) {
        guard !workers.isEmpty else { return connection.answer(render([:]), isHead: isHead, closes: false) }
        let id = postpone(connection)
        scrapes[id] = Scrape(missing: Set(workers.keys), isHead: isHead)
        for worker in workers.values { worker.post(.count(start.inbox, scrape: id)) }
    }

    func counted(_ counts: WorkerCounts, _ worker: Int, _ scrape: UInt64) {
        scrapes[scrape]?.counts[worker] = counts
        advance(scrape, past: worker)
    }

    func loaded(_ nanoseconds: UInt64?) {
        process.lastReloadSuccessful = nanoseconds != nil
        if let nanoseconds {
            process.reloadsSucceeded &+= 1
            process.lastReloadNanoseconds = nanoseconds
            process.lastSuccessfulReload = UInt64(max(SystemClock.wallClockSeconds(), 0))
        } else {
            process.reloadsFailed &+= 1
        }
    }

    func workerEnded(_ worker: Int, _ counts: WorkerCounts) {
        workers[worker] = nil
        process.workers = workers.count
        // Its connections have ended with it.
        lastCounts[worker] = WorkerCounts(metrics: counts.metrics, upstreamsActive: 0, upstreamsIdle: 0, bufferBytes: 0)
        for scrape in Array(scrapes.keys) { advance(scrape, past: worker) }
    }

    /// The scrape waits for this worker no longer.
    private func advance(_ id: UInt64, past worker: Int) {
        scrapes[id]?.missing.remove(worker)
        guard let scrape = scrapes[id], scrape.missing.isEmpty else { return }
        scrapes[id] = nil
        finish(id, render(scrape.counts), isHead: scrape.isHead)
    }

    private func render(_ running: [Int: WorkerCounts]) -> WholeAnswer {
        let counts = running.merging(lastCounts) { _, last in last }.values
        var process = process
        process.clientConnections = start.counts.clientConnections
        process.nameAddressesIgnored = NameLookup.ignoredAddresses
        process.snapshots = start.counts.snapshots
        process.tlsHandshakes = start.counts.tlsHandshakes
        process.accessLinesLost = start.counts.accessLog.linesLost
        process.logLinesLost = start.logLinesLost() + start.counts.warningsLost
        process.accessLogReopenFailures = start.counts.accessLog.reopenFailures
        process.upstreamConnectionsActive = counts.reduce(0) { $0 + $1.upstreamsActive }
        process.upstreamConnectionsIdle = counts.reduce(0) { $0 + $1.upstreamsIdle }
        process.bufferBytes = counts.reduce(0) { $0 + $1.bufferBytes }
        let usage = ProcessUsage.current()
        process.certificates = snapshot.https.certificates.map {
            ProcessMetrics.Certificate(source: $0.source, keyType: $0.keyType, notAfter: $0.notAfter, responseEnd: $0.responseEnd)
        }
        process.revocationEnds = snapshot.https.revocationEnds
        process.endpoints = snapshot.checkedEndpoints.map {
            ProcessMetrics.Endpoint(service: $0.service, address: "\($0.address)", isWell: $0.isWell)
        }
        process.openDescriptors = usage.openDescriptors
        process.descriptorLimit = usage.descriptorLimit
        process.residentBytes = usage.residentBytes
        process.cpuNanoseconds = usage.cpuNanoseconds
        var metrics = Metrics(reasonLabels: Reason.labels)
        for count in counts { metrics.merge(count.metrics) }
        return WholeAnswer(
            status: 200, contentType: PrometheusText.contentType, body: PrometheusText.render(metrics, process: process))
    }
}
