/// How an attempt to get an answer from an upstream failed: the label `reason` of `serin_upstream_failures_total`.
public enum UpstreamFailure: Int, Sendable, CaseIterable {
    // No endpoint could be asked.
    case noEndpoint, queueFull, queueTimeout, exhausted, noLocalPort
    // It could not be connected to.
    case connectRefused, connectUnreachable, connectTimeout, tlsFailed
    // It did not answer, or not well.
    case closed, reset, responseTimeout, badResponse, requestTimeout

    /// The label's text.
    public var text: String {
        switch self {
        case .noEndpoint: "no_endpoint"
        case .queueFull: "queue_full"
        case .queueTimeout: "queue_timeout"
        case .exhausted: "exhausted"
        case .noLocalPort: "no_local_port"
        case .connectRefused: "connect_refused"
        case .connectUnreachable: "connect_unreachable"
        case .connectTimeout: "connect_timeout"
        case .tlsFailed: "tls_failed"
        case .closed: "closed"
        case .reset: "reset"
        case .responseTimeout: "response_timeout"
        case .badResponse: "bad_response"
        case .requestTimeout: "request_timeout"
        }
    }
}
