internal import COpenSSL

/// Why a handshake or a connection failed, in the few words that a metric counts by.
public enum TLSFailure: UInt8, Error, Sendable, CaseIterable {
    /// The client went away.
    case disconnected
    /// No version of TLS in common.
    case version
    /// No cipher, curve or signature in common.
    case parameters
    /// The client wants another protocol than HTTP/1.1 (RFC 7301 section 3.2).
    case applicationProtocol
    /// The client does not accept the certificate, and says so by an alert.
    case certificateRefused
    /// The client ended it by another alert.
    case clientAlert
    /// HTTP without TLS.
    case plainText
    /// It took too long.
    case timeout
    /// The client broke the protocol.
    case malformed

    public var label: String {
        switch self {
        case .disconnected: "disconnected"
        case .version: "version"
        case .parameters: "parameters"
        case .applicationProtocol: "application_protocol"
        case .certificateRefused: "certificate_refused"
        case .clientAlert: "client_alert"
        case .plainText: "plain_text"
        case .timeout: "timeout"
        case .malformed: "malformed"
        }
    }

    /// From the oldest error that OpenSSL has noted on this thread, which is the cause of the others. Forgets them all.
    static func takeFromQueue() -> TLSFailure {
        let code = ERR_peek_error()
        ERR_clear_error()
        guard code != 0, openssl_library(code) == ERR_LIB_SSL else { return .malformed }
        return TLSFailure(reason: openssl_reason(code))
    }

    private init(reason: Int32) {
        self = switch reason {
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_WRONG_VERSION_NUMBER, SSL_R_UNKNOWN_PROTOCOL,
             SSL_R_WRONG_SSL_VERSION:
            .version
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
             SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_GROUPS:
            .parameters
        case SSL_R_NO_APPLICATION_PROTOCOL:
            .applicationProtocol
        // RFC 8446 section 6.2: bad_certificate 42 to unknown_ca 48.
        case SSL_AD_REASON_OFFSET + 42...SSL_AD_REASON_OFFSET + 46, SSL_AD_REASON_OFFSET + 48:
            .certificateRefused
        case SSL_AD_REASON_OFFSET...SSL_AD_REASON_OFFSET + 255:
            .clientAlert
        default:
            .malformed
        }
    }
}
