extension PrometheusTextTests {
    /// What `Fixtures.busyWorker` and `Fixtures.process` look like to Prometheus; the last line ends with a line feed.
    static let document: [String] = (#"""
        # HELP serin_build_info Always 1; the label tells the version that runs.
        # TYPE serin_build_info gauge
        serin_build_info{version="0.1.0"} 1
        # HELP serin_workers Event loops, one thread each.
        # TYPE serin_workers gauge
        serin_workers 2
        # HELP serin_snapshots Configurations in memory: the one in force, and those that requests under way began with.
        # TYPE serin_snapshots gauge
        serin_snapshots 12
        # HELP serin_config_last_reload_successful 1 if the last configuration that was read is in force, 0 if it was refused.
        # TYPE serin_config_last_reload_successful gauge
        serin_config_last_reload_successful 0
        # HELP serin_config_last_reload_successful_timestamp_seconds When the configuration in force was loaded, in seconds since 1970.
        # TYPE serin_config_last_reload_successful_timestamp_seconds gauge
        serin_config_last_reload_successful_timestamp_seconds 1795217500
        # HELP serin_config_last_reload_duration_seconds How long the last successful reload took, until every worker served by it.
        # TYPE serin_config_last_reload_duration_seconds gauge
        serin_config_last_reload_duration_seconds 1.42
        # HELP serin_config_reloads_total Reloads of the configuration, by result.
        # TYPE serin_config_reloads_total counter
        serin_config_reloads_total{result="success"} 3
        serin_config_reloads_total{result="failure"} 1
        # HELP serin_requests_total Finished requests, by route, version, reason of the decision and class of the status.
        # TYPE serin_requests_total counter
        serin_requests_total{route="",version="none",reason="no-route",code="4xx"} 1
        serin_requests_total{route="shop/api \"a\\b\".example /\n",version="stable",reason="stable",code="3xx"} 1
        serin_requests_total{route="shop/web z.example /",version="stable",reason="stable",code="none"} 1
        serin_requests_total{route="shop/web z.example /",version="stable",reason="stable",code="2xx"} 2
        serin_requests_total{route="shop/web z.example /",version="canary",reason="header",code="1xx"} 1
        serin_requests_total{route="shop/web z.example /",version="canary",reason="weight",code="5xx"} 1
        # HELP serin_canary_requests_total Finished requests that a canary got, by route, canary Ingress and class of the status.
        # TYPE serin_canary_requests_total counter
        serin_canary_requests_total{route="shop/web z.example /",canary="shop/other",code="2xx"} 1
        serin_canary_requests_total{route="shop/web z.example /",canary="shop/web-canary",code="none"} 1
        serin_canary_requests_total{route="shop/web z.example /",canary="shop/web-canary",code="5xx"} 2
        # HELP serin_request_duration_seconds Time from a request's first byte to the end of its answer, by version.
        # TYPE serin_request_duration_seconds histogram
        serin_request_duration_seconds_bucket{version="none",le="0.0005"} 1
        serin_request_duration_seconds_bucket{version="none",le="0.001"} 1
        serin_request_duration_seconds_bucket{version="none",le="0.0025"} 1
        serin_request_duration_seconds_bucket{version="none",le="0.005"} 1
        serin_request_duration_seconds_bucket{version="none",le="0.01"} 1
        serin_request_duration_seconds_bucket{version="none",le="0.025"} 1
        serin_request_duration_seconds_bucket{version="none",le="0.05"} 1
        serin_request_duration_seconds_bucket{version="none",le="0.1"} 1
        serin_request_duration_seconds_bucket{version="none",le="0.25"} 1
        serin_request_duration_seconds_bucket{version="none",le="0.5"} 1
        serin_request_duration_seconds_bucket{version="none",le="1"} 1
        serin_request_duration_seconds_bucket{version="none",le="2.5"} 1
        serin_request_duration_seconds_bucket{version="none",le="5"} 1
        serin_request_duration_seconds_bucket{version="none",le="10"} 1
        serin_request_duration_seconds_bucket{version="none",le="+Inf"} 1
        serin_request_duration_seconds_sum{version="none"} 0.0004
        serin_request_duration_seconds_count{version="none"} 1
        serin_request_duration_seconds_bucket{version="stable",le="0.0005"} 2
        serin_request_duration_seconds_bucket{version="stable",le="0.001"} 2
        serin_request_duration_seconds_bucket{version="stable",le="0.0025"} 3
        serin_request_duration_seconds_bucket{version="stable",le="0.005"} 3
        serin_request_duration_seconds_bucket{version="stable",le="0.01"} 3
        serin_request_duration_seconds_bucket{version="stable",le="0.025"} 3
        serin_request_duration_seconds_bucket{version="stable",le="0.05"} 3
        serin_request_duration_seconds_bucket{version="stable",le="0.1"} 3
        serin_request_duration_seconds_bucket{version="stable",le="0.25"} 3
        serin_request_duration_seconds_bucket{version="stable",le="0.5"} 3
        serin_request_duration_seconds_bucket{version="stable",le="1"} 3
        serin_request_duration_seconds_bucket{version="stable",le="2.5"} 3
        serin_request_duration_seconds_bucket{version="stable",le="5"} 3
        serin_request_duration_seconds_bucket{version="stable",le="10"} 3
        serin_request_duration_seconds_bucket{version="stable",le="+Inf"} 4
        serin_request_duration_seconds_sum{version="stable"} 12.001500008
        serin_request_duration_seconds_count{version="stable"} 4
        serin_request_duration_seconds_bucket{version="canary",le="0.0005"} 0
        serin_request_duration_seconds_bucket{version="canary",le="0.001"} 0
        serin_request_duration_seconds_bucket{version="canary",le="0.0025"} 0
        serin_request_duration_seconds_bucket{version="canary",le="0.005"} 0
        serin_request_duration_seconds_bucket{version="canary",le="0.01"} 0
        serin_request_duration_seconds_bucket{version="canary",le="0.025"} 0
        serin_request_duration_seconds_bucket{version="canary",le="0.05"} 1
        serin_request_duration_seconds_bucket{version="canary",le="0.1"} 1
        serin_request_duration_seconds_bucket{version="canary",le="0.25"} 1
        serin_request_duration_seconds_bucket{version="canary",le="0.5"} 1
        serin_request_duration_seconds_bucket{version="canary",le="1"} 1
        serin_request_duration_seconds_bucket{version="canary",le="2.5"} 2
        serin_request_duration_seconds_bucket{version="canary",le="5"} 2
        serin_request_duration_seconds_bucket{version="canary",le="10"} 2
        serin_request_duration_seconds_bucket{version="canary",le="+Inf"} 2
        serin_request_duration_seconds_sum{version="canary"} 2.03
        serin_request_duration_seconds_count{version="canary"} 2
        # HELP serin_mirrored_requests_total Copies of requests for canaries, by route and outcome.
        # TYPE serin_mirrored_requests_total counter
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="2xx"} 1
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="3xx"} 2
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="4xx"} 3
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="5xx"} 4
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="connect-failed"} 5
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="closed"} 6
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="timed-out"} 7
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="bad-response"} 8
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="dropped-busy"} 9
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="dropped-body"} 10
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="dropped-head"} 11
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="dropped-unfinished"} 12
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="dropped-no-endpoint"} 13
        serin_mirrored_requests_total{route="shop/web z.example /",outcome="dropped-stop"} 14
        # HELP serin_connections Open connections, by side and use.
        # TYPE serin_connections gauge
        serin_connections{state="client"} 64
        serin_connections{state="upstream_active"} 8
        serin_connections{state="upstream_idle"} 56
        # HELP serin_buffer_bytes Buffers of requests under way.
        # TYPE serin_buffer_bytes gauge
        serin_buffer_bytes 58
        # HELP serin_connections_accepted_total Client connections accepted.
        # TYPE serin_connections_accepted_total counter
        serin_connections_accepted_total 101
        # HELP serin_connections_refused_total Client connections closed unserved: over a limit, or nothing was left for them.
        # TYPE serin_connections_refused_total counter
        serin_connections_refused_total{reason="limit"} 102
        serin_connections_refused_total{reason="exhausted"} 141
        # HELP serin_accept_pauses_total Times accepting paused because descriptors ran out or connections kept failing.
        # TYPE serin_accept_pauses_total counter
        serin_accept_pauses_total 103
        # HELP serin_memory_shortages_total Reads and writes of sockets that failed because the kernel had no memory.
        # TYPE serin_memory_shortages_total counter
        serin_memory_shortages_total 124
        # HELP serin_client_errors_total Malformed or too large requests, by the status of the answer.
        # TYPE serin_client_errors_total counter
        serin_client_errors_total{code="400"} 1
        serin_client_errors_total{code="408"} 2
        serin_client_errors_total{code="413"} 3
        serin_client_errors_total{code="414"} 4
        serin_client_errors_total{code="417"} 5
        serin_client_errors_total{code="431"} 6
        serin_client_errors_total{code="501"} 7
        serin_client_errors_total{code="505"} 8
        serin_client_errors_total{code="other"} 9
        # HELP serin_proxy_protocol_failures_total Connections closed because of their PROXY header, by reason.
        # TYPE serin_proxy_protocol_failures_total counter
        serin_proxy_protocol_failures_total{reason="untrusted"} 5
        serin_proxy_protocol_failures_total{reason="malformed"} 0
        serin_proxy_protocol_failures_total{reason="disconnected"} 0
        serin_proxy_protocol_failures_total{reason="timeout"} 1
        # HELP serin_pattern_failures_total Searches for patterns of canaries and paths that were given up, since they hit a limit.
        # TYPE serin_pattern_failures_total counter
        serin_pattern_failures_total 139
        # HELP serin_tunnels_opened_total Connections turned into a tunnel by a 101.
        # TYPE serin_tunnels_opened_total counter
        serin_tunnels_opened_total 104
        # HELP serin_requests_cut_total Requests cut by the deadline of a shutdown.
        # TYPE serin_requests_cut_total counter
        serin_requests_cut_total 105
        # HELP serin_client_received_bytes_total Bytes read from clients.
        # TYPE serin_client_received_bytes_total counter
        serin_client_received_bytes_total 106
        # HELP serin_client_sent_bytes_total Bytes written to clients.
        # TYPE serin_client_sent_bytes_total counter
        serin_client_sent_bytes_total 107
        # HELP serin_timeouts_total Connections ended by a timeout, by kind.
        # TYPE serin_timeouts_total counter
        serin_timeouts_total{kind="client_header"} 0
        serin_timeouts_total{kind="client_body"} 0
        serin_timeouts_total{kind="client_keep_alive"} 0
        serin_timeouts_total{kind="client_write"} 3
        serin_timeouts_total{kind="upstream_keep_alive"} 0
        serin_timeouts_total{kind="tunnel_idle"} 0
        serin_timeouts_total{kind="linger"} 1
        # HELP serin_linger_overflows_total Connections cut because they sent too much after their last answer.
        # TYPE serin_linger_overflows_total counter
        serin_linger_overflows_total 125
        # HELP serin_admin_connections_closed_total Connections of the admin address closed because there were too many, by reason.
        # TYPE serin_admin_connections_closed_total counter
        serin_admin_connections_closed_total{reason="evicted"} 3
        serin_admin_connections_closed_total{reason="refused"} 4
        # HELP serin_name_addresses_ignored_total Addresses of names that were not used because a name had too many.
        # TYPE serin_name_addresses_ignored_total counter
        serin_name_addresses_ignored_total 11
        # HELP serin_tls_handshakes_under_way TLS handshakes with clients under way.
        # TYPE serin_tls_handshakes_under_way gauge
        serin_tls_handshakes_under_way 65
        # HELP serin_tls_handshakes_refused_total Client connections closed unserved because too many TLS handshakes were under way.
        # TYPE serin_tls_handshakes_refused_total counter
        serin_tls_handshakes_refused_total 123
        # HELP serin_tls_handshakes_total TLS handshakes with clients that were completed.
        # TYPE serin_tls_handshakes_total counter
        serin_tls_handshakes_total{version="1.2",resumed="false"} 1
        serin_tls_handshakes_total{version="1.2",resumed="true"} 0
        serin_tls_handshakes_total{version="1.3",resumed="false"} 0
        serin_tls_handshakes_total{version="1.3",resumed="true"} 2
        # HELP serin_tls_failures_total TLS handshakes and connections with clients that failed, by reason.
        # TYPE serin_tls_failures_total counter
        serin_tls_failures_total{reason="disconnected"} 0
        serin_tls_failures_total{reason="version"} 1
        serin_tls_failures_total{reason="parameters"} 0
        serin_tls_failures_total{reason="application_protocol"} 0
        serin_tls_failures_total{reason="certificate_refused"} 0
        serin_tls_failures_total{reason="alert"} 0
        serin_tls_failures_total{reason="plain_text"} 0
        serin_tls_failures_total{reason="timeout"} 0
        serin_tls_failures_total{reason="malformed"} 3
        serin_tls_failures_total{reason="flooded"} 0
        serin_tls_failures_total{reason="untrusted"} 0
        serin_tls_failures_total{reason="expired"} 0
        serin_tls_failures_total{reason="not_yet_valid"} 0
        serin_tls_failures_total{reason="wrong_name"} 0
        serin_tls_failures_total{reason="revoked"} 0
        serin_tls_failures_total{reason="message_too_long"} 0
        # HELP serin_tls_alerts_total TLS alerts received from clients and sent to them, by name, close_notify left out.
        # TYPE serin_tls_alerts_total counter
        serin_tls_alerts_total{direction="received",alert="unknown_ca"} 2
        serin_tls_alerts_total{direction="received",alert="other"} 2
        serin_tls_alerts_total{direction="sent",alert="no_application_protocol"} 5
        # HELP serin_tls_cert_not_after_seconds When a certificate in force expires, in seconds since 1970.
        # TYPE serin_tls_cert_not_after_seconds gauge
        serin_tls_cert_not_after_seconds{certificate="Secret default/shop-tls",type="ecdsa"} 1800000000
        # HELP serin_upstream_connects_total Connections established to endpoints.
        # TYPE serin_upstream_connects_total counter
        serin_upstream_connects_total 108
        # HELP serin_upstream_connect_failures_total Connections to endpoints that could not be established.
        # TYPE serin_upstream_connect_failures_total counter
        serin_upstream_connect_failures_total 109
        # HELP serin_upstream_reuses_total Requests sent over a kept-alive upstream connection.
        # TYPE serin_upstream_reuses_total counter
        serin_upstream_reuses_total 110
        # HELP serin_upstream_evictions_total Idle upstream connections closed to make room.
        # TYPE serin_upstream_evictions_total counter
        serin_upstream_evictions_total 126
        # HELP serin_upstream_retries_total Attempts of requests after their first one.
        # TYPE serin_upstream_retries_total counter
        serin_upstream_retries_total 111
        # HELP serin_upstream_resets_total Upstream connections that broke off during a request.
        # TYPE serin_upstream_resets_total counter
        serin_upstream_resets_total 112
        # HELP serin_upstream_tls_handshakes_total TLS handshakes with upstreams that were completed.
        # TYPE serin_upstream_tls_handshakes_total counter
        serin_upstream_tls_handshakes_total{version="1.2",resumed="false"} 0
        serin_upstream_tls_handshakes_total{version="1.2",resumed="true"} 1
        serin_upstream_tls_handshakes_total{version="1.3",resumed="false"} 0
        serin_upstream_tls_handshakes_total{version="1.3",resumed="true"} 0
        # HELP serin_upstream_tls_failures_total TLS handshakes and connections with upstreams that failed, by reason.
        # TYPE serin_upstream_tls_failures_total counter
        serin_upstream_tls_failures_total{reason="disconnected"} 0
        serin_upstream_tls_failures_total{reason="version"} 0
        serin_upstream_tls_failures_total{reason="parameters"} 0
        serin_upstream_tls_failures_total{reason="application_protocol"} 0
        serin_upstream_tls_failures_total{reason="certificate_refused"} 0
        serin_upstream_tls_failures_total{reason="alert"} 0
        serin_upstream_tls_failures_total{reason="plain_text"} 0
        serin_upstream_tls_failures_total{reason="timeout"} 0
        serin_upstream_tls_failures_total{reason="malformed"} 0
        serin_upstream_tls_failures_total{reason="flooded"} 0
        serin_upstream_tls_failures_total{reason="untrusted"} 0
        serin_upstream_tls_failures_total{reason="expired"} 0
        serin_upstream_tls_failures_total{reason="not_yet_valid"} 0
        serin_upstream_tls_failures_total{reason="wrong_name"} 4
        serin_upstream_tls_failures_total{reason="revoked"} 0
        serin_upstream_tls_failures_total{reason="message_too_long"} 0
        # HELP serin_upstream_tls_alerts_total TLS alerts received from upstreams and sent to them, by name, close_notify left out.
        # TYPE serin_upstream_tls_alerts_total counter
        # HELP serin_upstream_timeouts_total Attempts that an endpoint was too slow for.
        # TYPE serin_upstream_timeouts_total counter
        serin_upstream_timeouts_total 113
        # HELP serin_upstream_failures_total Attempts of requests that failed at an upstream, or before it, by route, version and reason.
        # TYPE serin_upstream_failures_total counter
        serin_upstream_failures_total{route="shop/idle i.example /",version="stable",reason="connect_refused"} 1
        serin_upstream_failures_total{route="shop/web z.example /",version="stable",reason="request_timeout"} 2
        serin_upstream_failures_total{route="shop/web z.example /",version="canary",reason="no_endpoint"} 1
        # HELP serin_upstream_waits_total Requests that waited for a connection to be free.
        # TYPE serin_upstream_waits_total counter
        serin_upstream_waits_total 117
        # HELP serin_upstream_overflows_total Requests refused because too many waited already.
        # TYPE serin_upstream_overflows_total counter
        serin_upstream_overflows_total 118
        # HELP serin_upstream_received_bytes_total Bytes read from endpoints.
        # TYPE serin_upstream_received_bytes_total counter
        serin_upstream_received_bytes_total 114
        # HELP serin_upstream_sent_bytes_total Bytes written to endpoints.
        # TYPE serin_upstream_sent_bytes_total counter
        serin_upstream_sent_bytes_total 115
        # HELP serin_endpoint_healthy 1 if an endpoint passes its health check, 0 if it fails.
        # TYPE serin_endpoint_healthy gauge
        serin_endpoint_healthy{service="default/new:80",endpoint="10.0.0.1:8080"} 1
        serin_endpoint_healthy{service="default/new:80",endpoint="10.0.0.2:8080"} 0
        # HELP serin_gzip_responses_total Responses that were compressed.
        # TYPE serin_gzip_responses_total counter
        serin_gzip_responses_total 119
        # HELP serin_gzip_overflows_total Responses passed as they were because too many were being compressed.
        # TYPE serin_gzip_overflows_total counter
        serin_gzip_overflows_total 120
        # HELP serin_gzip_input_bytes_total Bytes of compressed responses' bodies, before compression.
        # TYPE serin_gzip_input_bytes_total counter
        serin_gzip_input_bytes_total 121
        # HELP serin_gzip_output_bytes_total Bytes of compressed responses' bodies, after compression.
        # TYPE serin_gzip_output_bytes_total counter
        serin_gzip_output_bytes_total 122
        # HELP serin_log_dropped_total Access log lines that are lost: the writer lagged behind, or they could not be written.
        # TYPE serin_log_dropped_total counter
        serin_log_dropped_total{reason="backlog"} 116
        serin_log_dropped_total{reason="write_failed"} 7
        # HELP serin_log_reopen_failures_total Times the access log could not be opened again.
        # TYPE serin_log_reopen_failures_total counter
        serin_log_reopen_failures_total 2
        # HELP serin_stderr_dropped_total Lines of the log on stderr that are lost: the reader lagged behind, or they could not be written.
        # TYPE serin_stderr_dropped_total counter
        serin_stderr_dropped_total 9
        # HELP process_cpu_seconds_total User and system CPU time spent, in seconds.
        # TYPE process_cpu_seconds_total counter
        process_cpu_seconds_total 1.25
        # HELP process_open_fds Open file descriptors.
        # TYPE process_open_fds gauge
        process_open_fds 140
        # HELP process_max_fds Limit of open file descriptors.
        # TYPE process_max_fds gauge
        process_max_fds 1048576
        # HELP process_resident_memory_bytes Resident memory in bytes.
        # TYPE process_resident_memory_bytes gauge
        process_resident_memory_bytes 12582912
        # HELP process_start_time_seconds When the process started, in seconds since 1970.
        # TYPE process_start_time_seconds gauge
        process_start_time_seconds 1795217405
        """# + "\n").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}
