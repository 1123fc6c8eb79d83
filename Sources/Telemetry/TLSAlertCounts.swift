/// Alerts of TLS connections, by direction and name. Telemetry knows no TLS but these names.
public struct TLSAlertCounts: Sendable {
    /// Those of TLS 1.3 (RFC 8446 section 6) but `close_notify`, and the one that only TLS 1.2 has (RFC 5246 section 7.2).
    static let names: [(number: UInt8, name: String)] = [
        (10, "unexpected_message"), (20, "bad_record_mac"), (22, "record_overflow"), (40, "handshake_failure"),
        (42, "bad_certificate"), (43, "unsupported_certificate"), (44, "certificate_revoked"), (45, "certificate_expired"),
        (46, "certificate_unknown"), (47, "illegal_parameter"), (48, "unknown_ca"), (49, "access_denied"), (50, "decode_error"),
        (51, "decrypt_error"), (70, "protocol_version"), (71, "insufficient_security"), (80, "internal_error"),
        (86, "inappropriate_fallback"), (90, "user_canceled"), (100, "no_renegotiation"), (109, "missing_extension"),
        (110, "unsupported_extension"), (112, "unrecognized_name"), (113, "bad_certificate_status_response"),
        (115, "unknown_psk_identity"), (116, "certificate_required"), (120, "no_application_protocol"),
    ]

    /// By the order of `names`; the last one is of all other numbers.
    private var received = InlineArray<28, UInt64>(repeating: 0)
    private var sent = InlineArray<28, UInt64>(repeating: 0)

    public init() {}

    public mutating func add(_ number: UInt8, received more: UInt64, sent alsoSent: UInt64) {
        let index = Self.names.firstIndex { $0.number == number } ?? Self.names.count
        received[index] &+= more
        sent[index] &+= alsoSent
    }

    mutating func merge(_ other: TLSAlertCounts) {
        for index in received.indices {
            received[index] &+= other.received[index]
            sent[index] &+= other.sent[index]
        }
    }

    /// Those that have occurred: of what others may make up there are few enough to list all, but most are never seen.
    var rows: [(direction: String, alert: String, count: UInt64)] {
        [("received", received), ("sent", sent)].flatMap { direction, counts in
            counts.indices.filter { counts[$0] > 0 }.map { index in
                (direction, index < Self.names.count ? Self.names[index].name : "other", counts[index])
            }
        }
    }
}
