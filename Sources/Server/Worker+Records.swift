import Addressing
import Exchange
import HTTP1
import Routing
import Telemetry

/// What is remembered of a request: counters and a line in the access log.
extension Worker {
    func record(_ summary: Summary, _ exchange: ActiveExchange) {
        let row = summary.route.map { metricRow(of: $0, exchange.installation) } ?? Metrics.noRouteRow
        let version = VersionLabel(summary.version)
        let statusClass = summary.isAnswered ? Int(summary.status) / 100 : 0
        metrics.recordRequest(
            row: row, version: version, reason: Int(summary.reason.rawValue), statusClass: statusClass,
            durationNanoseconds: summary.duration.nanoseconds)
        if case .canary(let canary)? = summary.version { recordCanary(canary, summary, statusClass, exchange) }
        if let shielded = summary.shielded {
            record(shielded, row)
            recordCanary(shielded.canary, summary, Int(shielded.status) / 100, exchange)
            // No connection was asked for after it.
            if let setback = exchange.machine.takeSetback() { record(setback, exchange) }
        }
        if summary.attempts > 1 { metrics.upstreamRetries &+= UInt64(summary.attempts - 1) }
        if summary.status == 101 { metrics.tunnelsOpened &+= 1 }
        guard let failure = summary.failure else { return }
        switch failure {
        // What it did not read is counted as a timeout.
        case .clientTooSlow where summary.isAnswered && summary.status < 400: break
        case .malformedRequest, .requestTooLarge, .clientTooSlow, .methodRefused, .pathRefused, .misdirected,
             .certificateMissing, .certificateRefused, .forbidden:
            metrics.clientErrors.record(status: Int(summary.status))
        default:
            recordTimeout(of: failure)
        }
        recordFailure(failure, version, summary, exchange)
    }

    /// Which of its route's canaries it was.
    @inline(never)
    private func recordCanary(_ canary: Int, _ summary: Summary, _ statusClass: Int, _ exchange: ActiveExchange) {
        guard let route = summary.route else { return }
        let row = exchange.installation.canaryRow(of: canary, on: route) { metrics.canaries.row(of: $0) }
        metrics.canaries.record(row: row, statusClass: statusClass)
    }

    /// The canary's failure counts as the request would have without the shield.
    @inline(never)
    private func record(_ shielded: ShieldedFailure, _ row: Int) {
        metrics.recordRequest(
            row: row, version: .canary, reason: Int(shielded.reason.rawValue), statusClass: Int(shielded.status) / 100,
            durationNanoseconds: shielded.duration.nanoseconds)
    }

    /// Of an endpoint, be it the last that the request asked or not.
    func recordTimeout(of failure: Failure) {
        switch failure {
        case .connectTimedOut, .upstreamTimedOut, .requestTimedOut: metrics.upstreamTimeouts &+= 1
        default: break
        }
    }

    /// What the deadline of a request ended, if that is counted nowhere else.
    /// - Parameters:
    ///   - phase: that it was in.
    ///   - failure: that it had, if this is not the first timeout: what is left of its answer is not read in time, either.
    ///   - hadOutput: there was something that the client had not read.
    func recordTimeout(_ machine: ExchangeMachine, since phase: Phase, _ failure: Failure?, hadOutput: Bool) {
        guard machine.phase != phase, failure != .clientTooSlow else { return }
        switch phase {
        case .readingHead: metrics.timeouts.record(.clientHeader)
        case .tunnelling: metrics.timeouts.record(.tunnelIdle)
        case .forwarding, .answering:
            if machine.summary.failure == .clientTooSlow { metrics.timeouts.record(hadOutput ? .clientWrite : .clientBody) }
        case .connecting, .finished: break
        }
    }

    func metricRow(of route: Int, _ installation: Installation) -> Int {
        installation.metricRow(of: route) { metrics.row(ofRoute: $0) }
    }

    // MARK: Access log

    @inline(never)
    func appendAccessLine(_ client: ClientConnection, _ exchange: ActiveExchange, _ summary: Summary) {
        var address = InlineArray<48, UInt8>(repeating: 0)
        let count = Self.write(client.peer, into: &address)
        exchange.machine.withRequestLine { line in
            exchange.machine.withRequestField(.referer) { referer in
                exchange.machine.withRequestField(.userAgent) { agent in
                    AccessLine(
                        remoteAddress: address.span.extracting(first: count), requestLine: line,
                        status: Int(summary.status), bodyBytesSent: UInt64(summary.responseBodyBytes),
                        referer: referer, userAgent: agent
                    ).appendCombined(to: &accessLines, at: accessClock)
                }
            }
        }
        if accessLines.count >= Self.accessBatch { flushAccessLines() }
    }

    private static let accessBatch = 32 << 10

    /// Hands the lines over to the writer's thread; when it lags too far behind, they are dropped and counted.
    func flushAccessLines() {
        guard !accessLines.isEmpty else { return }
        if !accessLog.write(accessLines) {
            metrics.accessLogDropped &+= UInt64(accessLines.lazy.filter { $0 == UInt8(ascii: "\n") }.count)
        }
        accessLines.removeAll(keepingCapacity: true)
    }

    private static func write(_ address: IPAddress?, into text: inout InlineArray<48, UInt8>) -> Int {
        var space = text.mutableSpan
        if let address { return address.write(into: &space) }
        // What nginx says of a peer on a unix socket.
        let unix: StaticString = "unix:"
        unix.withUTF8Buffer { bytes in
            for index in bytes.indices { space[index] = unsafe bytes[index] }
        }
        return unix.utf8CodeUnitCount
    }
}
