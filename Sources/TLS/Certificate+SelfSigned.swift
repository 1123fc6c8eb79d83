internal import COpenSSL

extension Certificate {
    /// What a client gets that asks for a host without a certificate: a self-signed one, made once for the process, so that it
    /// stays the same over a reload. No client trusts it, and none should.
    public static let selfSigned = makeSelfSigned()

    public static let selfSignedName = "serin.invalid"

    private static func makeSelfSigned() -> Certificate {
        // Each call either succeeds or OpenSSL has no memory or no randomness: nothing could be served then.
        guard let key = unsafe openssl_new_key(), let certificate = unsafe X509_new() else {
            preconditionFailure("OpenSSL makes keys")
        }
        unsafe X509_set_version(certificate, 2)
        let serial = UInt64.random(in: 1...UInt64(Int64.max))
        unsafe ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial)
        // A clock that is an hour behind shall not make it invalid, nor a process that runs for years.
        unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), -3600)
        unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), 3650 * 86_400)
        let subject = unsafe X509_get_subject_name(certificate)
        let name = Array(selfSignedName.utf8)
        // OpenSSL copies the name.
        unsafe name.withUnsafeBufferPointer { name in
            _ = unsafe X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, name.baseAddress, CInt(name.count), -1, 0)
        }
        unsafe X509_set_issuer_name(certificate, subject)
        unsafe X509_set_pubkey(certificate, key)
        _ = unsafe openssl_add_extension(certificate, NID_subject_alt_name, "DNS:" + selfSignedName)
        _ = unsafe openssl_add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE")
        guard unsafe X509_sign(certificate, key, EVP_sha256()) > 0 else { preconditionFailure("OpenSSL signs") }
        return unsafe Certificate(adopting: [certificate], key: key)
    }
}
