internal import COpenSSL

/// What authorities say of certificates that they have taken back (RFC 5280 section 5): `ca.crl` of a Secret.
@safe
public final class RevocationLists: @unchecked Sendable {
    // Not Sendable by themselves only because they are pointers: OpenSSL counts their references atomically, and nothing changes
    // them.
    let lists: [OpaquePointer]
    /// What tells them from others.
    let fingerprint: String
    /// From when on all of them count, in seconds since 1970 (UTC).
    public let thisUpdate: Int64
    /// When the first of them is out of date; nil if none says so.
    public let nextUpdate: Int64?

    /// - Parameter pem: one list or more, by one authority or more.
    public init(pem: [UInt8]) throws(CertificateFault) {
        ERR_clear_error()
        unsafe lists = try PEM.revocationLists(pem, atMost: Self.maximum)
        var text = DigestText()
        for unsafe list in unsafe lists { unsafe text.append(list: list) }
        fingerprint = text.value
        unsafe thisUpdate = lists.map { unsafe Int64(openssl_seconds(X509_CRL_get0_lastUpdate($0))) }.max() ?? 0
        unsafe nextUpdate = lists.compactMap { list in
            unsafe X509_CRL_get0_nextUpdate(list).map { unsafe Int64(openssl_seconds($0)) }
        }.min()
    }

    deinit {
        for unsafe list in unsafe lists { unsafe X509_CRL_free(list) }
    }

    /// As many as there may be authorities.
    private static let maximum = 1000

    /// Whether one of them is by the owner of a certificate.
    func isThere(of authority: OpaquePointer) -> Bool {
        defer { ERR_clear_error() }
        let key = unsafe X509_get0_pubkey(authority)
        return unsafe lists.contains { list in
            unsafe X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(authority)) == 0 && X509_CRL_verify(list, key) == 1
        }
    }

    /// Makes a store look into them, for the whole chain of a certificate, as nginx has it: what is not on a list that counts is not
    /// trusted. The store takes references of its own.
    func install(in store: OpaquePointer?) -> Bool {
        for unsafe list in unsafe lists {
            guard unsafe X509_STORE_add_crl(store, list) == 1 else { return false }
        }
        return unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL)) == 1
    }
}
