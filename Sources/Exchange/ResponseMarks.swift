import HTTP1
import Routing

/// What a response tells its client about the decision: the route's marks, and the hash cookie of a client that had none.
struct ResponseMarks {
    let route: Route
    let version: Version
    let newClient: ClientID?
    /// The weight decided: a release pins its clients.
    let isWeighed: Bool
    let isTLS: Bool

    /// Room that `write` may need.
    var room: Int {
        var room = 0
        if let lines = route.marks?.lines(for: version) { room += lines.response.count + lines.cookies.count + lines.pin.count + 16 }
        if newClient != nil, let cookie = route.hashCookie { room += cookie.name.utf8.count + 160 }
        return room
    }

    func replaces(_ name: Span<UInt8>) -> Bool { route.marks?.ownsResponseField(name) ?? false }

    /// Cookies only go with a response that no cache would hand to other clients.
    func write(_ head: borrowing ResponseHead, in bytes: Span<UInt8>, to output: inout ByteBuffer) {
        let lines = route.marks?.lines(for: version)
        if let lines { output.append(lines.response.span) }
        // A 304 is merged into what a cache holds (RFC 9111 section 4.3.4).
        guard head.status != 304, !SharedCaching.allows(head, in: bytes) else { return }
        if let lines {
            output.append(lines.cookies.span)
            if isWeighed, !lines.pin.isEmpty {
                output.append(lines.pin.span)
                output.append(isTLS ? "; Secure\r\n" : "\r\n")
            }
        }
        if let newClient, let cookie = route.hashCookie { write(cookie, of: newClient, to: &output) }
    }

    private func write(_ cookie: HashCookie, of client: ClientID, to output: inout ByteBuffer) {
        output.append("Set-Cookie: ")
        output.append(cookie.name.utf8.span)
        output.append("=")
        output.append(hexDigitsOf: client.high)
        output.append(hexDigitsOf: client.low)
        output.append("; Path=/")
        if let maxAge = cookie.maxAge {
            output.append("; Max-Age=")
            output.append(decimal: maxAge)
        }
        switch cookie.sameSite {
        case .strict: output.append("; SameSite=Strict")
        case .lax: output.append("; SameSite=Lax")
        case .none: output.append("; SameSite=None")
        }
        // Browsers refuse a SameSite=None that is not Secure.
        if isTLS || cookie.sameSite == .none { output.append("; Secure") }
        output.append("; HttpOnly\r\n")
    }
}
