/// The cookie that a weight sticks to, and how a client that lacks it is given one.
public struct HashCookie: Equatable, Sendable {
    /// RFC 6265bis section 5.6.7.
    public enum SameSite: String, CaseIterable, Sendable {
        case strict = "Strict", lax = "Lax", none = "None"
    }

    /// As it is set; looked up in any case (R25).
    public let name: String
    /// Seconds; nil lets the cookie end with the browser's session.
    public let maxAge: Int?
    public let sameSite: SameSite

    public init(name: String, maxAge: Int?, sameSite: SameSite) {
        self.name = name
        self.maxAge = maxAge
        self.sameSite = sameSite
    }
}
