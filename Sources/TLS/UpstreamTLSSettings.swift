/// How connections to upstreams are secured; the name that their certificates must have comes with each endpoint.
public struct UpstreamTLSSettings: Sendable {
    public enum Trust: Sendable {
        /// Whatever the upstream shows is taken, as is ingress-nginx's default: safe from listeners, not from impostors.
        case anybody
        case those(Authorities)
        /// The authorities that the system trusts.
        case system
    }

    public var trust = Trust.anybody
    /// Certificates between the upstream's and an authority's, at most; only counts where any are checked.
    public var depth = 1
    /// What the upstream is shown if it asks.
    public var certificate: Certificate?
    public var minimumVersion = TLSVersion.tls12
    public var maximumVersion = TLSVersion.tls13
    /// For TLS 1.2, in OpenSSL's notation.
    public var ciphers = defaultCiphers

    public static let defaultCiphers = "DEFAULT"

    public init() {}

    public var isVerified: Bool {
        if case .anybody = trust { false } else { true }
    }

    /// Settings with the same text make the same connections.
    public var identity: String {
        let trust = switch trust {
        case .anybody: "anybody"
        case .those(let authorities): "\(authorities.fingerprint) \(depth)"
        case .system: "system \(depth)"
        }
        return "\(minimumVersion.rawValue)-\(maximumVersion.rawValue) \(ciphers) \(trust) \(certificate?.fingerprint ?? "")"
    }
}
