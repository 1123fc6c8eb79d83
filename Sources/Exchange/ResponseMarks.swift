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
        if let lines = route.marks?.lines(for: version) { output.append(lines.response.span) }
        // A 304 is merged into what a cache holds (RFC 9111 section 4.3.4).
        if head.status != 304, !SharedCaching.allows(head, in: bytes) { writeCookies(to: &output) }
    }

    fileprivate func writeCookies(to output: inout ByteBuffer) {
        if let lines = route.marks?.lines(for: version) {
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

extension RequestDecider.Target {
    /// The field lines that the decision adds to the request and to a response without `Cache-Control` over plain HTTP, without
    /// their line ends: for `explain`.
    public func shownLines(_ snapshot: Snapshot) -> (request: [String], response: [String]) {
        guard isMarked else { return ([], []) }
        let route = snapshot.routes.routes[self.route]
        let lines = route.marks?.lines(for: version)
        let marks = ResponseMarks(
            route: route, version: version, newClient: newClient, isWeighed: choice.reason == .weight, isTLS: false)
        var output = ByteBuffer(capacity: marks.room + 1)
        if let lines { output.append(lines.response.span) }
        marks.writeCookies(to: &output)
        return (lines.map { Self.lines($0.request.span) } ?? [], Self.lines(output.bytes))
    }

    private static func lines(_ bytes: Span<UInt8>) -> [String] {
        var copy: [UInt8] = []
        for index in bytes.indices where bytes[index] != UInt8(ascii: "\r") { copy.append(bytes[index]) }
        return copy.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }
}
