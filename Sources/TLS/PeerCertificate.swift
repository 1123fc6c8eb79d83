internal import COpenSSL

/// What a client has shown where a certificate was asked for. Its parts are written out when somebody asks, each time anew: of most clients
/// nobody does, and they can be long. One thread only.
@safe
public final class PeerCertificate {
    public enum Verdict: Equatable, Sendable {
        /// None was shown.
        case none
        case good
        /// In OpenSSL's words. `isOnlyUnknown`: nothing is wrong with it but that no authority is known that vouches for it.
        case bad(String, isOnlyUnknown: Bool)
    }

    public let verdict: Verdict
    /// The session has it, too: as long as that lives it costs nothing.
    private let certificate: OpaquePointer?

    init(of session: OpaquePointer) {
        unsafe certificate = SSL_get1_peer_certificate(session)
        verdict = unsafe certificate == nil ? .none : Self.verdict(SSL_get_verify_result(session))
    }

    deinit { unsafe X509_free(certificate) }

    /// Names as RFC 2253 writes them; empty if none was shown. Other bytes than printable ASCII are escaped.
    public var subject: [UInt8] {
        guard let certificate = unsafe certificate else { return [] }
        return unsafe Self.text { unsafe openssl_print_name($0, X509_get_subject_name(certificate)) == 1 }
    }

    public var issuer: [UInt8] {
        guard let certificate = unsafe certificate else { return [] }
        return unsafe Self.text { unsafe openssl_print_name($0, X509_get_issuer_name(certificate)) == 1 }
    }

    /// PEM.
    public var pem: [UInt8] {
        guard let certificate = unsafe certificate else { return [] }
        return unsafe Self.text { unsafe PEM_write_bio_X509($0, certificate) == 1 }
    }

    private static func verdict(_ result: Int) -> Verdict {
        if result == X509_V_OK { return .good }
        // A constant of OpenSSL's.
        let text = unsafe String(cString: X509_verify_cert_error_string(result))
        switch Int32(truncatingIfNeeded: result) {
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
             X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED:
            return .bad(text, isOnlyUnknown: true)
        default:
            return .bad(text, isOnlyUnknown: false)
        }
    }

    /// What a function of OpenSSL's writes; empty if it fails.
    static func text(_ write: (OpaquePointer?) -> Bool) -> [UInt8] {
        let bio = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(bio) }
        guard unsafe write(bio) else { return [] }
        var bytes = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(bio))
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe BIO_read(bio, $0.baseAddress, CInt(clamping: $0.count)) }
        return Array(bytes.prefix(max(0, Int(count))))
    }
}
