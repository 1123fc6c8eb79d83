/// Why a certificate and its key can't be used. Never quotes what is in them.
public enum CertificateFault: Error, Equatable, Sendable {
    case noCertificate
    case malformedCertificate(String)
    case noKey
    case malformedKey(String)
    case encryptedKey
    /// The key belongs to another certificate.
    case mismatch
    /// Too weak for the security level in force, for instance.
    case refused(String)
    case noRevocationList
    case malformedRevocationList(String)

    /// Whether what is wrong is in the key's file or entry, not in the certificate's.
    public var concernsKey: Bool {
        switch self {
        case .noCertificate, .malformedCertificate, .refused, .noRevocationList, .malformedRevocationList: false
        case .noKey, .malformedKey, .encryptedKey, .mismatch: true
        }
    }
}

extension CertificateFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noCertificate: "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"
        case .malformedCertificate(let reason): "holds a certificate that can't be read: \(reason)"
        case .noKey: "holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)"
        case .malformedKey(let reason): "holds a private key that can't be read: \(reason)"
        case .encryptedKey: "holds a private key with a passphrase; remove it with `openssl pkey`"
        case .mismatch: "holds the private key of another certificate: the first certificate must be that of the key"
        case .refused(let reason): "holds a certificate that OpenSSL refuses to serve: \(reason)"
        case .noRevocationList: "holds no revocation list in PEM form (-----BEGIN X509 CRL-----)"
        case .malformedRevocationList(let reason): "holds a revocation list that can't be read: \(reason)"
        }
    }
}
