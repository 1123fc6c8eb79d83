/// A field name the proxy treats specially, recognised once while the head is parsed.
public enum KnownHeader: UInt8, Sendable {
    /// Any name that is not listed.
    case other
    // Framing and connection.
    case host, connection, contentLength, transferEncoding, expect, upgrade, te, trailer, keepAlive, proxyConnection
    case http2Settings
    // Who asks, and through whom.
    case forwarded, via, xForwardedFor, xForwardedHost, xForwardedPort, xForwardedProto, xForwardedScheme, xScheme
    case xRealIP, xRequestID, maxForwards
    // What is asked and answered.
    case acceptEncoding, authorization, contentEncoding, contentType, cookie, date, location, origin, referer, server
    case userAgent

    /// Recognises a field name, in any case. `name` consists of token bytes.
    ///
    /// Names of up to sixteen bytes are told by their first and last eight; only longer ones are compared byte by byte.
    public init(name: Span<UInt8>) {
        self = .other
        let count = name.count
        if count < 8 {
            self.init(short: ByteWord(short: name).foldedToken(count: count))
        } else if count <= 18 {
            let first = ByteWord(name, at: 0).foldedToken
            let last = ByteWord(name, at: count &- 8).foldedToken
            self.init(count: count, first: first, last: last)
            if count > 16, self != .other, !isSpelled(by: name) { self = .other }
        }
    }

    private init(short word: ByteWord) {
        switch word {
        case "te": self = .te
        case "via": self = .via
        case "host": self = .host
        case "date": self = .date
        case "cookie": self = .cookie
        case "expect": self = .expect
        case "origin": self = .origin
        case "server": self = .server
        case "referer": self = .referer
        case "trailer": self = .trailer
        case "upgrade": self = .upgrade
        default: self = .other
        }
    }

    @inline(__always)
    private init(count: Int, first: ByteWord, last: ByteWord) {
        self = .other
        switch count {
        case 8:
            if first == "location" { self = .location } else if first == "x-scheme" { self = .xScheme }
        case 9:
            if first == "forwarde", last == "orwarded" { self = .forwarded }
            if first == "x-real-i", last == "-real-ip" { self = .xRealIP }
        case 10:
            if first == "connecti", last == "nnection" { self = .connection }
            if first == "user-age", last == "er-agent" { self = .userAgent }
            if first == "keep-ali", last == "ep-alive" { self = .keepAlive }
        case 12:
            if first == "content-", last == "ent-type" { self = .contentType }
            if first == "x-reques", last == "quest-id" { self = .xRequestID }
            if first == "max-forw", last == "forwards" { self = .maxForwards }
        case 13:
            if first == "authoriz", last == "rization" { self = .authorization }
        case 14:
            if first == "content-", last == "t-length" { self = .contentLength }
            if first == "http2-se", last == "settings" { self = .http2Settings }
        case 15:
            if first == "accept-e", last == "encoding" { self = .acceptEncoding }
            if first == "x-forwar", last == "rded-for" { self = .xForwardedFor }
        case 16:
            if first == "content-", last == "encoding" { self = .contentEncoding }
            if first == "proxy-co", last == "nnection" { self = .proxyConnection }
            if first == "x-forwar", last == "ded-host" { self = .xForwardedHost }
            if first == "x-forwar", last == "ded-port" { self = .xForwardedPort }
        case 17:
            if first == "transfer", last == "encoding" { self = .transferEncoding }
            if first == "x-forwar", last == "ed-proto" { self = .xForwardedProto }
        case 18:
            if first == "x-forwar", last == "d-scheme" { self = .xForwardedScheme }
        default: break
        }
    }

    /// The bytes in the middle of a long name, which its two words leave out.
    private func isSpelled(by name: Span<UInt8>) -> Bool {
        switch self {
        case .transferEncoding: name.equalsIgnoringCase("transfer-encoding")
        case .xForwardedProto: name.equalsIgnoringCase("x-forwarded-proto")
        case .xForwardedScheme: name.equalsIgnoringCase("x-forwarded-scheme")
        default: false
        }
    }
}
