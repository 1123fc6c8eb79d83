/// What became of TLS handshakes and connections, with clients or with upstreams.
public struct TLSCounts: Sendable {
    /// What a failure is counted by, in the order of their numbers.
    public static let failureLabels = [
        "disconnected", "version", "parameters", "application_protocol", "certificate_refused", "alert", "plain_text",
        "timeout", "malformed", "flooded", "untrusted", "expired", "not_yet_valid", "wrong_name",
        "revoked", "message_too_long",
    ]

    /// TLS 1.2, then 1.3; of each the full handshakes, then the resumed ones.
    private var handshakes = InlineArray<4, UInt64>(repeating: 0)
    private var failures = InlineArray<16, UInt64>(repeating: 0)

    public var alerts = TLSAlertCounts()

    public init() {}

    public mutating func recordHandshake(isTLS13: Bool, isResumed: Bool) {
        handshakes[Self.index(isTLS13: isTLS13, isResumed: isResumed)] &+= 1
    }

    /// - Parameter reason: a position in `failureLabels`.
    public mutating func recordFailure(_ reason: Int) {
        precondition(failures.indices.contains(reason), "a failure has a label")
        failures[reason] &+= 1
    }

    public func handshakes(isTLS13: Bool, isResumed: Bool) -> UInt64 {
        handshakes[Self.index(isTLS13: isTLS13, isResumed: isResumed)]
    }

    public func failures(_ reason: Int) -> UInt64 { failures[reason] }

    public mutating func merge(_ other: TLSCounts) {
        for index in handshakes.indices { handshakes[index] &+= other.handshakes[index] }
        for index in failures.indices { failures[index] &+= other.failures[index] }
        alerts.merge(other.alerts)
    }

    private static func index(isTLS13: Bool, isResumed: Bool) -> Int { (isTLS13 ? 2 : 0) + (isResumed ? 1 : 0) }
}
