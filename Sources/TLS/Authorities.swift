internal import COpenSSL

/// Certificates of authorities, which others' certificates are checked against: `ca.crt` of a Secret.
@safe
public final class Authorities: @unchecked Sendable {
    // Not Sendable by themselves only because they are pointers: OpenSSL counts their references atomically, and nothing changes
    // them.
    let certificates: [OpaquePointer]
    /// What tells them from others.
    let fingerprint: String
    /// When the first of them ends, in seconds since 1970 (UTC).
    public let notAfter: Int64
    /// What they have taken back; nil: nobody looks.
    public let revocations: RevocationLists?

    /// - Parameter pem: one certificate or more.
    public init(pem: [UInt8], revocations: RevocationLists? = nil) throws(CertificateFault) {
        ERR_clear_error()
        unsafe certificates = try PEM.certificates(pem, atMost: Self.maximum)
        var text = unsafe DigestText(of: certificates[0])
        for unsafe certificate in unsafe certificates.dropFirst() { unsafe text.append(certificate) }
        fingerprint = text.value + (revocations.map { "-" + $0.fingerprint } ?? "")
        self.revocations = revocations
        notAfter = unsafe certificates.map { unsafe Int64(openssl_seconds(X509_get0_notAfter($0))) }.min() ?? 0
    }

    deinit {
        for unsafe certificate in unsafe certificates { unsafe X509_free(certificate) }
    }

    /// All that a system trusts are about 150.
    private static let maximum = 1000

    /// Makes a context check against them; it takes references of its own.
    func install(in context: OpaquePointer) -> Bool {
        let store = unsafe SSL_CTX_get_cert_store(context)
        for unsafe certificate in unsafe certificates {
            guard unsafe X509_STORE_add_cert(store, certificate) == 1 else { return false }
        }
        return unsafe revocations?.install(in: store) ?? true
    }

    /// The subjects of those that have no list although lists are looked into, as RFC 2253 writes them.
    public var withoutList: [String] {
        guard let revocations else { return [] }
        return unsafe certificates.filter { unsafe !revocations.isThere(of: $0) }.map { certificate in
            unsafe String(decoding: PeerCertificate.text { unsafe openssl_print_name($0, X509_get_subject_name(certificate)) == 1 }, as: UTF8.self)
        }
    }
}
