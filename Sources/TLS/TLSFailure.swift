internal import COpenSSL

/// Why a handshake or a connection failed, in the few words that a metric counts by.
public enum TLSFailure: UInt8, Error, Sendable, CaseIterable {
    /// The other side went away.
    case disconnected
    /// No version of TLS in common.
    case version
    /// No cipher, curve or signature in common.
    case parameters
    /// The client wants another protocol than HTTP/1.1 (RFC 7301 section 3.2).
    case applicationProtocol
    /// The other side does not accept the certificate, or wants one, and says so by an alert.
    case certificateRefused
    /// The other side ended it by another alert.
    case alert
    /// HTTP without TLS.
    case plainText
    /// It took too long.
    case timeout
    /// The other side broke the protocol.
    case malformed
    /// It sent record after record without text (changes of keys, attempts to negotiate again).
    case flooded
    /// The upstream's certificate is not by an authority that counts, or does not lead to one.
    case untrusted
    case expired
    case notYetValid
    /// The upstream's certificate is for another name.
    case wrongName
    /// The upstream's certificate has been taken back.
    case revoked
    /// A message of the handshake is longer than it may be; of those with a bound that somebody could come upon, certificates.
    case messageTooLong

    public var label: String {
        switch self {
        case .disconnected: "disconnected"
        case .version: "version"
        case .parameters: "parameters"
        case .applicationProtocol: "application_protocol"
        case .certificateRefused: "certificate_refused"
        case .alert: "alert"
        case .plainText: "plain_text"
        case .timeout: "timeout"
        case .malformed: "malformed"
        case .flooded: "flooded"
        case .untrusted: "untrusted"
        case .expired: "expired"
        case .notYetValid: "not_yet_valid"
        case .wrongName: "wrong_name"
        case .revoked: "revoked"
        case .messageTooLong: "message_too_long"
        }
    }

    /// From the oldest error that OpenSSL has noted on this thread, which is the cause of the others. Forgets them all.
    /// - Parameter result: what came of checking the other side's certificate.
    static func takeFromQueue(verified result: Int) -> TLSFailure {
        let code = ERR_peek_error()
        ERR_clear_error()
        guard code != 0, openssl_library(code) == ERR_LIB_SSL else { return .malformed }
        let reason = openssl_reason(code)
        return reason == SSL_R_CERTIFICATE_VERIFY_FAILED ? TLSFailure(verification: Int32(truncatingIfNeeded: result)) : TLSFailure(reason: reason)
    }

    private init(verification result: Int32) {
        self = switch result {
        case X509_V_ERR_CERT_HAS_EXPIRED: .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .wrongName
        case X509_V_ERR_CERT_REVOKED: .revoked
        default: .untrusted
        }
    }

    private init(reason: Int32) {
        self = switch reason {
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_WRONG_VERSION_NUMBER, SSL_R_UNKNOWN_PROTOCOL,
             SSL_R_WRONG_SSL_VERSION, SSL_AD_REASON_OFFSET + 70:
            .version
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
             SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_GROUPS:
            .parameters
        case SSL_R_NO_APPLICATION_PROTOCOL:
            .applicationProtocol
        // RFC 8446 section 6.2: bad_certificate 42 to unknown_ca 48; certificate_required 116.
        case SSL_AD_REASON_OFFSET + 42...SSL_AD_REASON_OFFSET + 46, SSL_AD_REASON_OFFSET + 48, SSL_AD_REASON_OFFSET + 116:
            .certificateRefused
        case SSL_R_EXCESSIVE_MESSAGE_SIZE:
            .messageTooLong
        case SSL_R_UNEXPECTED_EOF_WHILE_READING:
            .disconnected
        case SSL_AD_REASON_OFFSET...SSL_AD_REASON_OFFSET + 255:
            .alert
        default:
            .malformed
        }
    }
}
