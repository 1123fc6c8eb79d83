/// Renders metrics in Prometheus' text exposition format 0.0.4.
///
/// Families come in a fixed order, each with one HELP and one TYPE line. Of the request table only cells that counted
/// something are written, and every label value stems from the configuration, so clients cannot make the text grow.
public struct PrometheusText {
    /// The `Content-Type` of the rendered text.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private var bytes: [UInt8] = []

    private init() {}

    /// - Parameter metrics: the merged counts of all workers.
    public static func render(_ metrics: Metrics, process: ProcessMetrics) -> [UInt8] {
        var text = PrometheusText()
        text.bytes.reserveCapacity(16 * 1024)
        text.writeBuild(process)
        text.writeConfiguration(process)
        text.writeRequests(metrics)
        text.writeCanaries(metrics.canaries)
        text.writeDurations(metrics)
        text.writeCopies(metrics)
        text.writeClients(metrics, process)
        text.writeBounds(metrics, process)
        text.writeTLS(metrics.tls, refused: metrics.handshakesRefused, process)
        text.writeUpstreams(metrics)
        text.writeHealth(process)
        text.writeCompression(metrics)
        text.writeLog(metrics, process)
        text.writeProcess(process)
        return text.bytes
    }

    // MARK: Families

    private mutating func writeBuild(_ process: ProcessMetrics) {
        family("serin_build_info", "gauge", "Always 1; the label tells the version that runs.")
        series("serin_build_info", [("version", process.version)], 1)
        single("serin_workers", "gauge", "Event loops, one thread each.", UInt64(clamping: process.workers))
        single("serin_snapshots", "gauge", "Configurations in memory: the one in force, and those that requests under way began with.",
               UInt64(clamping: process.snapshots))
    }

    private mutating func writeConfiguration(_ process: ProcessMetrics) {
        single("serin_config_last_reload_successful", "gauge",
               "1 if the last configuration that was read is in force, 0 if it was refused.",
               process.lastReloadSuccessful ? 1 : 0)
        single("serin_config_last_reload_successful_timestamp_seconds", "gauge",
               "When the configuration in force was loaded, in seconds since 1970.", process.lastSuccessfulReload)
        family("serin_config_last_reload_duration_seconds", "gauge",
               "How long the last successful reload took, until every worker served by it.")
        bytes.append(contentsOf: "serin_config_last_reload_duration_seconds ".utf8)
        bytes.appendSeconds(nanoseconds: process.lastReloadNanoseconds)
        endLine()
        family("serin_config_reloads_total", "counter", "Reloads of the configuration, by result.")
        series("serin_config_reloads_total", [("result", "success")], process.reloadsSucceeded)
        series("serin_config_reloads_total", [("result", "failure")], process.reloadsFailed)
    }

    private mutating func writeRequests(_ metrics: Metrics) {
        let name = "serin_requests_total"
        family(name, "counter", "Finished requests, by route, version, reason of the decision and class of the status.")
        let labels = metrics.routeLabels
        for row in rowsInOrder(labels, where: { !metrics.isUntouched(row: $0) }) {
            for version in VersionLabel.allCases {
                for (reason, reasonLabel) in metrics.reasonLabels.enumerated() {
                    for statusClass in 0..<Metrics.statusClassCount {
                        let count = metrics.requests(row: row, version: version, reason: reason, statusClass: statusClass)
                        guard count > 0 else { continue }
                        series(name, [("route", labels[row]), ("version", version.text), ("reason", reasonLabel),
                                      ("code", PrometheusText.codeText(statusClass))], count)
                    }
                }
            }
        }
    }

    private mutating func writeCanaries(_ canaries: CanaryCounts) {
        let name = "serin_canary_requests_total"
        family(name, "counter", "Finished requests that a canary got, by route, canary Ingress and class of the status.")
        for pair in canaries.pairs {
            for statusClass in 0..<Metrics.statusClassCount {
                let count = canaries.requests(row: pair.row, statusClass: statusClass)
                guard count > 0 else { continue }
                series(name, [("route", pair.route), ("canary", pair.canary), ("code", PrometheusText.codeText(statusClass))], count)
            }
        }
    }

    private mutating func writeCopies(_ metrics: Metrics) {
        let name = "serin_mirrored_requests_total"
        family(name, "counter", "Copies of requests for canaries, by route and outcome.")
        let labels = metrics.routeLabels
        let copied = Set(metrics.copiedRows)
        for row in rowsInOrder(labels, where: copied.contains) {
            for outcome in CopyOutcome.allCases {
                let count = metrics.copies(row: row, outcome: outcome)
                guard count > 0 else { continue }
                series(name, [("route", labels[row]), ("outcome", outcome.label)], count)
            }
        }
    }

    /// Sorted by their labels.
    private func rowsInOrder(_ labels: [String], where hasCounted: (Int) -> Bool) -> [Int] {
        labels.indices.filter(hasCounted).sorted { labels[$0].utf8.lexicographicallyPrecedes(labels[$1].utf8) }
    }

    private mutating func writeDurations(_ metrics: Metrics) {
        let name = "serin_request_duration_seconds"
        family(name, "histogram", "Time from a request's first byte to the end of its answer, by version.")
        for version in VersionLabel.allCases {
            let histogram = metrics.durations(of: version)
            var cumulative: UInt64 = 0
            for index in 0...Histogram.boundCount {
                cumulative &+= histogram.countInBucket(index)
                beginSeries(name + "_bucket", [("version", version.text)])
                bytes.append(contentsOf: ",le=\"".utf8)
                if index < Histogram.boundCount {
                    bytes.appendSeconds(nanoseconds: Histogram.bounds[index])
                } else {
                    bytes.append(contentsOf: "+Inf".utf8)
                }
                bytes.append(contentsOf: "\"} ".utf8)
                bytes.appendDecimal(cumulative)
                endLine()
            }
            beginSeries(name + "_sum", [("version", version.text)])
            bytes.append(contentsOf: "} ".utf8)
            bytes.appendSeconds(nanoseconds: histogram.sumNanoseconds)
            endLine()
            series(name + "_count", [("version", version.text)], cumulative)
        }
    }

    private mutating func writeClients(_ metrics: Metrics, _ process: ProcessMetrics) {
        family("serin_connections", "gauge", "Open connections, by side and use.")
        series("serin_connections", [("state", "client")], UInt64(clamping: process.clientConnections))
        series("serin_connections", [("state", "upstream_active")], UInt64(clamping: process.upstreamConnectionsActive))
        series("serin_connections", [("state", "upstream_idle")], UInt64(clamping: process.upstreamConnectionsIdle))
        single("serin_buffer_bytes", "gauge", "Buffers of requests under way.", UInt64(clamping: process.bufferBytes))
        single("serin_connections_accepted_total", "counter", "Client connections accepted.", metrics.connectionsAccepted)
        let refused = "serin_connections_refused_total"
        family(refused, "counter", "Client connections closed unserved: over a limit, or nothing was left for them.")
        series(refused, [("reason", "limit")], metrics.connectionsRefused)
        series(refused, [("reason", "exhausted")], metrics.connectionsUnaffordable)
        single("serin_accept_pauses_total", "counter",
               "Times accepting paused because descriptors ran out or connections kept failing.", metrics.acceptPauses)
        single("serin_memory_shortages_total", "counter",
               "Reads and writes of sockets that failed because the kernel had no memory.", metrics.memoryShortages)
        let errors = "serin_client_errors_total"
        family(errors, "counter", "Malformed or too large requests, by the status of the answer.")
        for index in ClientErrorCounts.statuses.indices {
            let status = ClientErrorCounts.statuses[index]
            series(errors, [("code", String(status))], metrics.clientErrors[status])
        }
        series(errors, [("code", "other")], metrics.clientErrors.other)
        let headers = "serin_proxy_protocol_failures_total"
        family(headers, "counter", "Connections closed because of their PROXY header, by reason.")
        for failure in ProxyHeaderFailure.allCases {
            series(headers, [("reason", failure.label)], metrics.proxyHeaders[failure])
        }
        single("serin_pattern_failures_total", "counter",
               "Searches for patterns of canaries and paths that were given up, since they hit a limit.", metrics.patternFailures)
        single("serin_tunnels_opened_total", "counter", "Connections turned into a tunnel by a 101.", metrics.tunnelsOpened)
        single("serin_requests_cut_total", "counter", "Requests cut by the deadline of a shutdown.", metrics.requestsCut)
        single("serin_client_received_bytes_total", "counter", "Bytes read from clients.", metrics.bytesFromClients)
        single("serin_client_sent_bytes_total", "counter", "Bytes written to clients.", metrics.bytesToClients)
    }

    private mutating func writeBounds(_ metrics: Metrics, _ process: ProcessMetrics) {
        let timeouts = "serin_timeouts_total"
        family(timeouts, "counter", "Connections ended by a timeout, by kind.")
        for kind in TimeoutKind.allCases { series(timeouts, [("kind", kind.label)], metrics.timeouts[kind]) }
        single("serin_linger_overflows_total", "counter",
               "Connections cut because they sent too much after their last answer.", metrics.lingerOverflows)
        let admin = "serin_admin_connections_closed_total"
        family(admin, "counter", "Connections of the admin address closed because there were too many, by reason.")
        series(admin, [("reason", "evicted")], process.adminEvictions)
        series(admin, [("reason", "refused")], process.adminRefusals)
        single("serin_name_addresses_ignored_total", "counter",
               "Addresses of names that were not used because a name had too many.", UInt64(clamping: process.nameAddressesIgnored))
    }

    private mutating func writeHealth(_ process: ProcessMetrics) {
        let name = "serin_endpoint_healthy"
        family(name, "gauge", "1 if an endpoint passes its health check, 0 if it fails.")
        for endpoint in process.endpoints {
            series(name, [("service", endpoint.service), ("endpoint", endpoint.address)], endpoint.isWell ? 1 : 0)
        }
    }

    private mutating func writeTLS(_ tls: TLSCounts, refused: UInt64, _ process: ProcessMetrics) {
        single("serin_tls_handshakes_under_way", "gauge", "TLS handshakes with clients under way.", UInt64(clamping: process.tlsHandshakes))
        single("serin_tls_handshakes_refused_total", "counter",
               "Client connections closed unserved because too many TLS handshakes were under way.", refused)
        writeTLS(tls, "serin_tls", with: "clients")
        let expiry = "serin_tls_cert_not_after_seconds"
        family(expiry, "gauge", "When a certificate in force expires, in seconds since 1970.")
        for certificate in process.certificates {
            series(expiry, [("certificate", certificate.source), ("type", certificate.keyType)], UInt64(clamping: certificate.notAfter))
        }
        if !process.revocationEnds.isEmpty {
            let end = "serin_tls_crl_next_update_seconds"
            family(end, "gauge", "When the first revocation list of a Secret is out of date, in seconds since 1970.")
            for (source, seconds) in process.revocationEnds.sorted(by: { $0.key < $1.key }) {
                series(end, [("secret", source)], UInt64(clamping: seconds))
            }
        }
        guard process.certificates.contains(where: { $0.responseEnd != nil }) else { return }
        let update = "serin_tls_ocsp_next_update_seconds"
        family(update, "gauge", "When the OCSP response of a certificate in force is out of date, in seconds since 1970.")
        for certificate in process.certificates {
            guard let end = certificate.responseEnd else { continue }
            series(update, [("certificate", certificate.source), ("type", certificate.keyType)], UInt64(clamping: end))
        }
    }

    private mutating func writeTLS(_ tls: TLSCounts, _ prefix: String, with others: String) {
        let handshakes = prefix + "_handshakes_total"
        family(handshakes, "counter", "TLS handshakes with \(others) that were completed.")
        for (version, isTLS13) in [("1.2", false), ("1.3", true)] {
            for isResumed in [false, true] {
                series(handshakes, [("version", version), ("resumed", String(isResumed))],
                       tls.handshakes(isTLS13: isTLS13, isResumed: isResumed))
            }
        }
        let failures = prefix + "_failures_total"
        family(failures, "counter", "TLS handshakes and connections with \(others) that failed, by reason.")
        for (index, label) in TLSCounts.failureLabels.enumerated() {
            series(failures, [("reason", label)], tls.failures(index))
        }
        let alerts = prefix + "_alerts_total"
        family(alerts, "counter", "TLS alerts received from \(others) and sent to them, by name, close_notify left out.")
        for row in tls.alerts.rows {
            series(alerts, [("direction", row.direction), ("alert", row.alert)], row.count)
        }
    }

    private mutating func writeUpstreams(_ metrics: Metrics) {
        single("serin_upstream_connects_total", "counter", "Connections established to endpoints.", metrics.upstreamConnects)
        single("serin_upstream_connect_failures_total", "counter",
               "Connections to endpoints that could not be established.", metrics.upstreamConnectFailures)
        single("serin_upstream_reuses_total", "counter",
               "Requests sent over a kept-alive upstream connection.", metrics.upstreamReuses)
        single("serin_upstream_evictions_total", "counter",
               "Idle upstream connections closed to make room.", metrics.upstreamEvictions)
        single("serin_upstream_retries_total", "counter",
               "Attempts of requests after their first one.", metrics.upstreamRetries)
        single("serin_upstream_resets_total", "counter",
               "Upstream connections that broke off during a request.", metrics.upstreamResets)
        writeTLS(metrics.upstreamTLS, "serin_upstream_tls", with: "upstreams")
        single("serin_upstream_timeouts_total", "counter",
               "Attempts that an endpoint was too slow for.", metrics.upstreamTimeouts)
        writeUpstreamFailures(metrics)
        single("serin_upstream_waits_total", "counter",
               "Requests that waited for a connection to be free.", metrics.upstreamWaits)
        single("serin_upstream_overflows_total", "counter",
               "Requests refused because too many waited already.", metrics.upstreamOverflows)
        single("serin_upstream_received_bytes_total", "counter", "Bytes read from endpoints.", metrics.bytesFromUpstreams)
        single("serin_upstream_sent_bytes_total", "counter", "Bytes written to endpoints.", metrics.bytesToUpstreams)
    }

    private mutating func writeCompression(_ metrics: Metrics) {
        single("serin_gzip_responses_total", "counter", "Responses that were compressed.", metrics.gzipResponses)
        single("serin_gzip_overflows_total", "counter",
               "Responses passed as they were because too many were being compressed.", metrics.gzipOverflows)
        single("serin_gzip_input_bytes_total", "counter",
               "Bytes of compressed responses' bodies, before compression.", metrics.gzipBytesIn)
        single("serin_gzip_output_bytes_total", "counter",
               "Bytes of compressed responses' bodies, after compression.", metrics.gzipBytesOut)
    }

    private mutating func writeUpstreamFailures(_ metrics: Metrics) {
        let name = "serin_upstream_failures_total"
        family(name, "counter", "Attempts of requests that failed at an upstream, or before it, by route, version and reason.")
        let labels = metrics.routeLabels
        for row in rowsInOrder(labels, where: { metrics.hasUpstreamFailures(row: $0) }) {
            for version in VersionLabel.allCases {
                for failure in UpstreamFailure.allCases {
                    let count = metrics.upstreamFailures(row: row, version: version, failure)
                    guard count > 0 else { continue }
                    series(name, [("route", labels[row]), ("version", version.text), ("reason", failure.text)], count)
                }
            }
        }
    }

    private mutating func writeLog(_ metrics: Metrics, _ process: ProcessMetrics) {
        let dropped = "serin_log_dropped_total"
        family(dropped, "counter", "Access log lines that are lost: the writer lagged behind, or they could not be written.")
        series(dropped, [("reason", "backlog")], metrics.accessLogDropped)
        series(dropped, [("reason", "write_failed")], UInt64(clamping: process.accessLinesLost))
        single("serin_log_reopen_failures_total", "counter",
               "Times the access log could not be opened again.", UInt64(clamping: process.accessLogReopenFailures))
        single("serin_stderr_dropped_total", "counter",
               "Lines of the log on stderr that are lost: the reader lagged behind, or they could not be written.",
               UInt64(clamping: process.logLinesLost))
    }

    /// The names that Prometheus' client libraries share.
    private mutating func writeProcess(_ process: ProcessMetrics) {
        family("process_cpu_seconds_total", "counter", "User and system CPU time spent, in seconds.")
        bytes.append(contentsOf: "process_cpu_seconds_total ".utf8)
        bytes.appendSeconds(nanoseconds: process.cpuNanoseconds)
        endLine()
        single("process_open_fds", "gauge", "Open file descriptors.", UInt64(clamping: process.openDescriptors))
        single("process_max_fds", "gauge", "Limit of open file descriptors.", UInt64(clamping: process.descriptorLimit))
        single("process_resident_memory_bytes", "gauge", "Resident memory in bytes.", process.residentBytes)
        single("process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.", process.startTime)
    }

    // MARK: Lines

    private mutating func family(_ name: String, _ type: String, _ help: String) {
        bytes.append(contentsOf: "# HELP ".utf8)
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: help.utf8)
        bytes.append(contentsOf: "\n# TYPE ".utf8)
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: type.utf8)
        endLine()
    }

    /// A family of one series without labels.
    private mutating func single(_ name: String, _ type: String, _ help: String, _ value: UInt64) {
        family(name, type, help)
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: " "))
        bytes.appendDecimal(value)
        endLine()
    }

    private mutating func series(_ name: String, _ labels: [(name: String, value: String)], _ value: UInt64) {
        beginSeries(name, labels)
        bytes.append(contentsOf: "} ".utf8)
        bytes.appendDecimal(value)
        endLine()
    }

    /// Writes `name{a="b",c="d"` and leaves the brace open.
    private mutating func beginSeries(_ name: String, _ labels: [(name: String, value: String)]) {
        bytes.append(contentsOf: name.utf8)
        var separator = UInt8(ascii: "{")
        for label in labels {
            bytes.append(separator)
            separator = UInt8(ascii: ",")
            bytes.append(contentsOf: label.name.utf8)
            bytes.append(contentsOf: "=\"".utf8)
            appendEscaped(label.value)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// A label value may hold anything; backslash, quote and line feed are escaped.
    private mutating func appendEscaped(_ value: String) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            default: bytes.append(byte)
            }
        }
    }

    private mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func codeText(_ statusClass: Int) -> String {
        statusClass == 0 ? "none" : "\(statusClass)xx"
    }
}
