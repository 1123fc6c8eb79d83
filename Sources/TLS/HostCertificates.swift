/// What one or more hosts are served with: certificates of different key types for the same names.
public struct HostCertificates: Sendable {
    /// Where they come from (`Secret default/shop-tls`); the same over a reload that brings new ones, so that sessions go on.
    public let source: String
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

    /// What sessions and requests on other connections are told by to be of the same certificates.
    public var identity: UInt64 { sessionIdentity.number }

    var sessionIdentity: SessionIdentity {
        // Sessions that were agreed on by other rules shall not get around these.
        SessionIdentity(
            source + (clients.map { " for clients of \($0.identity)" } ?? "") + (ciphers.map { " by \($0.identity)" } ?? ""))
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
