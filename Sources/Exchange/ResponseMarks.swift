import HTTP1
import Routing

/// What a response tells its client about the decision: the route's marks, and the hash cookie of a client that had none.
final class ResponseMarks {
    /// Nil if there is nothing to say but the hash cookie.
    let marks: VersionMarks?
    /// The cookie that the weight sticks to.
    let hashCookie: HashCookie?
    let newClient: ClientID?
    /// The weight decided: a release pins its clients.
    let isWeighed: Bool
    let isTLS: Bool
    /// The session cookie that the client is given.
    var session: SessionMark?

    init(_ target: RequestDecider.Target, _ route: Route, isTLS: Bool) {
        marks = route.marks?.marks(of: target.version)
        hashCookie = target.newClient == nil ? nil : route.hashCookie
        newClient = target.newClient
        // That a canary failed is no reason to keep its client from it.
        isWeighed = target.choice.reason == .weight && target.reason != .shield
        self.isTLS = isTLS
    }

    /// Room that `write` may need beside that of the head as it came.
    var room: Int {
        var room = 0
        if let marks { room += marks.responseRoom + marks.cookies.count + marks.pin.count + 16 }
        if let hashCookie { room += hashCookie.name.utf8.count + 160 }
        if let session { room += session.room }
        return room
    }

    @inline(never)
    func replaces(_ name: Span<UInt8>) -> Bool { marks?.ownsResponseField(name) ?? false }

    /// Cookies only go with a response that no cache would hand to other clients.
    @inline(never)
    func write(_ head: borrowing ResponseHead, in bytes: Span<UInt8>, to output: inout ByteBuffer) {
        if let marks {
            output.append(marks.response)
            for index in marks.responseJoins.indices { write(marks.responseJoins[index], head, in: bytes, to: &output) }
        }
        // A 304 is merged into what a cache holds (RFC 9111 section 4.3.4).
        let isPersonal = head.status != 304 && !SharedCaching.allows(head, in: bytes)
        if isPersonal { writeCookies(to: &output) }
        // ingress-nginx sets it on every response.
        if let session, isPersonal || session.isAlwaysSet { session.write(isTLS: isTLS, to: &output) }
    }

    /// With a 101, which is the only answer that the client of a tunnel gets.
    func writeSession(to output: inout ByteBuffer) { session?.write(isTLS: isTLS, to: &output) }

    fileprivate func writeCookies(to output: inout ByteBuffer) {
        if let marks {
            output.append(marks.cookies)
            if isWeighed, !marks.pin.isEmpty {
                output.append(marks.pin)
                output.append(isTLS ? "; Secure\r\n" : "\r\n")
            }
        }
        if let newClient, let hashCookie { write(hashCookie, of: newClient, to: &output) }
    }

    private func write(_ join: FieldJoin, _ head: borrowing ResponseHead, in bytes: Span<UInt8>, to output: inout ByteBuffer) {
        output.append(join.start)
        for index in head.fields.indices where !head.fields[index].isNominated && join.joins(bytes[head.fields[index].name]) {
            output.append(bytes[head.fields[index].value])
            output.append(", ")
        }
        output.append(join.end)
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
        let marks = ResponseMarks(self, snapshot.routes.routes[route], isTLS: false)
        var output = ByteBuffer(capacity: marks.room + 1)
        if let marks = marks.marks {
            output.append(marks.response)
            for join in marks.responseJoins { Self.write(join, to: &output) }
        }
        marks.writeCookies(to: &output)
        return (marks.marks.map { Self.requestLines($0) } ?? [], Self.lines(output.bytes))
    }

    private static func requestLines(_ marks: VersionMarks) -> [String] {
        var output = ByteBuffer(capacity: 2 * marks.requestRoom + 64)
        output.append(marks.request)
        for join in marks.requestJoins { write(join, to: &output) }
        return lines(output.bytes) + (marks.query.isEmpty ? [] : ["the query with " + String(decoding: marks.query, as: UTF8.self)])
    }

    /// What is there already is not known.
    private static func write(_ join: FieldJoin, to output: inout ByteBuffer) {
        output.append(join.start)
        output.append(join.end)
    }

    private static func lines(_ bytes: Span<UInt8>) -> [String] {
        var copy: [UInt8] = []
        for index in bytes.indices where bytes[index] != UInt8(ascii: "\r") { copy.append(bytes[index]) }
        return copy.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension ByteBuffer {
    /// A class lends no span of its arrays out of a statement.
    mutating func append(_ bytes: [UInt8]) { append(bytes.span) }
}
