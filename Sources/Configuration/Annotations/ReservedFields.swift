/// Fields that a canary has no say about, however they are spelt: what is not a letter or a digit counts as a hyphen. Serin takes
/// `Content_Length` for `Content-Length` in what a canary names (R22), and programs that know fields as variables take `X_Real_IP` for
/// `X-Real-IP` (http-edge duty 25).
struct ReservedFields {
    /// Those that say how a message is sent, or where it came from.
    static let ofMessages = ReservedFields([
        "connection", "content-length", "cookie", "date", "expect", "forwarded", "host", "http2-settings", "keep-alive",
        "max-forwards", "proxy", "proxy-connection", "set-cookie", "ssl-client-cert", "ssl-client-issuer-dn", "ssl-client-subject-dn",
        "ssl-client-verify", "te", "trailer", "transfer-encoding", "upgrade", "via", "x-forwarded-for", "x-forwarded-host",
        "x-forwarded-port", "x-forwarded-proto", "x-forwarded-scheme", "x-real-ip", "x-request-id", "x-scheme",
    ])

    private let names: Set<String>

    init(_ names: Set<String>) { self.names = names }

    func with(_ more: Set<String>) -> ReservedFields { ReservedFields(names.union(more)) }

    /// The field that `name` would be taken for; nil if it is none of these.
    func field(spelt name: String) -> String? {
        let plain = String(name.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" })
        return names.contains(plain) ? plain : nil
    }
}
