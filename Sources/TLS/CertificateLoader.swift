internal import COpenSSL

/// Reads the certificates of one configuration, each content once. What the configuration before had as well is not read again: that
/// takes OpenSSL more than a millisecond each, and there may be thousands.
@safe
public final class CertificateLoader {
    private let former: KnownCertificates
    /// What was asked for here; anything else that was known is forgotten.
    public private(set) var known = KnownCertificates()
    /// What new certificates are tried in; nil as long as there were none.
    private var context: OpaquePointer?

    /// - Parameter former: of the configuration before.
    public init(after former: KnownCertificates = KnownCertificates()) {
        self.former = former
        unsafe context = nil
    }

    deinit { unsafe SSL_CTX_free(context) }

    /// - Parameters:
    ///   - chain: PEM; the server's certificate first, then those between it and the root.
    ///   - key: PEM, without a passphrase.
    ///   - isShown: to clients or upstreams; else it is only looked at, and its key is not kept.
    public func certificate(chain: [UInt8], key: [UInt8], isShown: Bool) throws(CertificateFault) -> Certificate {
        let digest = KnownCertificates.Digest(chain: chain, key: key)
        if let certificate = known.certificates[digest], !isShown || certificate.hasKey { return certificate }
        var certificate: Certificate
        if let found = former.certificates[digest], !isShown || found.hasKey {
            certificate = found
        } else {
            certificate = unsafe try Certificate(chain: chain, key: key, triedIn: contextForTrials())
        }
        if !isShown, certificate.hasKey { certificate = Certificate(withoutKey: certificate) }
        known.certificates[digest] = certificate
        return certificate
    }

    private func contextForTrials() -> OpaquePointer? {
        if unsafe context == nil { unsafe context = SSL_CTX_new(TLS_server_method()) }
        return unsafe context
    }
}
