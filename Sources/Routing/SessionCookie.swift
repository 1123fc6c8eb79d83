/// The cookie by which a client stays with its endpoint, as the annotations describe it (R28).
public struct SessionCookie: Equatable, Sendable {
    public static let defaultName = "INGRESSCOOKIE"

    /// As it is set; looked up in any case (R25).
    public var name = SessionCookie.defaultName
    public var path = "/"
    public var domain: String?
    /// Seconds from now, for Expires.
    public var expires: Int?
    /// Seconds.
    public var maxAge: Int?
    public var sameSite: HashCookie.SameSite?
    /// SameSite=None is left out for browsers that would misread it.
    public var isConditional = false
    /// Otherwise only over TLS.
    public var isAlwaysSecure = false
    public var isPartitioned = false

    public init() {}
}
