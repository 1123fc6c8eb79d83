/// What became of a copy of a request that a canary was to get.
public enum CopyOutcome: Int, CaseIterable, Sendable {
    // Sent, and answered with a status of this class.
    case success, redirection, clientError, serverError
    // Not answered.
    case connectFailed, closed, timedOut, badResponse
    // Not sent.
    case droppedBusy, droppedBody, droppedHead, droppedUnfinished, droppedNoEndpoint, droppedStop

    /// By a final status; a class that does not exist is 5xx (RFC 9110, section 15).
    public init(status: UInt16) {
        self = switch status / 100 {
        case 2: .success
        case 3: .redirection
        case 4: .clientError
        default: .serverError
        }
    }

    /// The value of the label.
    public var label: String {
        switch self {
        case .success: "2xx"
        case .redirection: "3xx"
        case .clientError: "4xx"
        case .serverError: "5xx"
        case .connectFailed: "connect-failed"
        case .closed: "closed"
        case .timedOut: "timed-out"
        case .badResponse: "bad-response"
        case .droppedBusy: "dropped-busy"
        case .droppedBody: "dropped-body"
        case .droppedHead: "dropped-head"
        case .droppedUnfinished: "dropped-unfinished"
        case .droppedNoEndpoint: "dropped-no-endpoint"
        case .droppedStop: "dropped-stop"
        }
    }
}

/// Copies of one route, by what became of them.
struct CopyCounts: Sendable {
    private var counts = InlineArray<14, UInt64>(repeating: 0)

    subscript(outcome: CopyOutcome) -> UInt64 { counts[outcome.rawValue] }

    mutating func count(_ outcome: CopyOutcome) { counts[outcome.rawValue] &+= 1 }

    mutating func merge(_ other: CopyCounts) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
    }
}
