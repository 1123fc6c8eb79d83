/// A cookie that names the Service a client was sent to, and keeps it there: Alibaba ACK's release cookie. It beats every rule.
public struct VersionPin: Equatable, Sendable {
    /// Index into the route's keys of the cookie.
    public let key: Int
    public let cookie: String
    /// What the cookie says of either version; anything else says nothing.
    public let canary: [UInt8]
    public let stable: [UInt8]
    /// The cookie's path.
    public let path: String

    /// Eight hours, in seconds.
    static let maxAge = 28_800

    public init(key: Int, cookie: String, canary: String, stable: String, path: String) {
        self.key = key
        self.cookie = cookie
        self.canary = Array(canary.utf8)
        self.stable = Array(stable.utf8)
        self.path = path
    }

    /// The field that pins a client to one version, up to its last attribute.
    func line(pinningToCanary: Bool) -> [UInt8] {
        Array("Set-Cookie: \(cookie)=".utf8) + (pinningToCanary ? canary : stable)
            + Array("; Path=\(path); Max-Age=\(Self.maxAge); HttpOnly".utf8)
    }
}
