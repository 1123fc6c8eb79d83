/// What one or more hosts are served with: certificates of different key types for the same names.
public struct HostCertificates: Sendable {
    /// Where they come from (`Secret default/shop-tls`); the same over a reload that brings new ones, so that sessions go on.
    public var source: String
    /// Names and wildcards (`*.example.com`, one label), in lower case.
    public var hosts: [String]
    /// At most one of each key type; clients that can get the ECDSA one.
    public var certificates: [Certificate]
    /// What goes with them to clients that ask, at most one for each.
    public var responses: [OCSPResponse]

    /// How their clients' certificates are checked; nil: none is asked for.
    public var clients: ClientVerification?

    /// What is agreed on with them in another way than with others.
    public var ciphers: CipherPreference?

    /// The `identity` of others whose requests may come on these hosts' connections, too, and the other way round; nil: nobody's.
    public var sharedIdentity: UInt64?

    /// What requests on other connections are told by to be of the same certificates.
    public var identity: UInt64 { sharedIdentity ?? sessionNumber }

    /// Only where it is the same, sessions go on.
    public var sessionNumber: UInt64 { sessionIdentity.number }

    var sessionIdentity: SessionIdentity { SessionIdentity(sessionText) }

    /// Sessions that were agreed on by other rules shall not get around these.
    var sessionText: String {
        source + (clients.map { " for clients of \($0.identity)" } ?? "") + (ciphers.map { " by \($0.identity)" } ?? "")
    }

    /// Whether the same certificates are shown, wherever they come from.
    func showsSame(as other: HostCertificates) -> Bool {
        certificates.elementsEqual(other.certificates, by: ===)
            || Set(certificates.map(\.fingerprint)) == Set(other.certificates.map(\.fingerprint))
    }

    public init(
        source: String, hosts: [String], certificates: [Certificate], responses: [OCSPResponse] = [], clients: ClientVerification? = nil,
        ciphers: CipherPreference? = nil
    ) {
        self.ciphers = ciphers
        self.clients = clients
        self.source = source
        self.hosts = hosts
        self.certificates = certificates
        self.responses = responses
    }
}
