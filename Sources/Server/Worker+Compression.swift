import Exchange
import Telemetry

/// Responses that leave compressed.
extension Worker {
    /// Nothing moves now: what the compression keeps back in the hope of more goes out once the others have had a turn and nothing more
    /// has come. Returns whether the connection will have another turn.
    func flushes(_ client: ClientConnection, _ exchange: ActiveExchange) -> Bool {
        switch exchange.machine.flush(now: now) {
        case .idle: return false
        case .later, .done:
            enqueue(client)
            return true
        }
    }

    /// With what the exchanges and the TLS connections have counted themselves.
    var metricsSoFar: Metrics {
        var metrics = metrics
        metrics.patternFailures = context.patternFailures
        let counts = context.gzip.counts
        metrics.gzipResponses = counts.responses
        metrics.gzipOverflows = counts.overflows
        metrics.gzipBytesIn = counts.bytesIn
        metrics.gzipBytesOut = counts.bytesOut
        metrics.tls.alerts = TLSAlertCounts(clientAlerts)
        metrics.upstreamTLS.alerts = TLSAlertCounts(upstreamAlerts)
        return metrics
    }
}
