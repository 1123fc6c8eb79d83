/// Why a response about a certificate is not passed on to clients.
public enum OCSPFault: Error, Equatable, Sendable {
    /// It is none (RFC 6960 section 4.2.1, DER).
    case malformed
    /// The authority says that it has no answer: its status in OpenSSL's words.
    case unsuccessful(String)
    /// It is about others.
    case otherCertificate
    /// Whoever has signed it was not to.
    case untrusted(String)
    case revoked
    /// The authority knows nothing of the certificate.
    case unknown
    /// Since then it may not be used any more: seconds since 1970.
    case expired(Int64)
    /// From then on it may be used: seconds since 1970.
    case notYetValid(Int64)
}

extension OCSPFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed: "holds no OCSP response (DER)"
        case .unsuccessful(let status): "holds no answer, but `\(status)`"
        case .otherCertificate: "is about another certificate"
        case .untrusted(let reason): "is not signed by the certificate's issuer: \(reason)"
        case .revoked: "says that the certificate is revoked: clients that ask its authority refuse it; replace it"
        case .unknown: "says that the authority does not know the certificate"
        case .expired: "is out of date"
        case .notYetValid: "does not count yet"
        }
    }
}
