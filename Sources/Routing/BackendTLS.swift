/// That a backend is spoken to by TLS. What its connections are made with goes beside the snapshot.
public struct BackendTLS: Hashable, Sendable {
    /// A position in that list.
    public let context: Int
    /// What a certificate of it must be for, if that is checked, and the name that it is asked for, if one is sent; empty if neither.
    public let name: String
    public let isVerified: Bool
    public let sendsName: Bool

    public init(context: Int, name: String, isVerified: Bool, sendsName: Bool) {
        self.context = context
        self.name = name
        self.isVerified = isVerified
        self.sendsName = sendsName
    }
}

extension BackendTLS: CustomStringConvertible {
    /// `HTTPS, verified as app.test`.
    public var description: String {
        isVerified ? "HTTPS, verified as \(name)" : sendsName ? "HTTPS, not verified, asked for \(name)" : "HTTPS, not verified"
    }
}
