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

    /// Recognises a field name, in any case.
    ///
    /// Names are told by their first and last eight bytes; only the longest have any between them.
    public init(name: Span<UInt8>) {
        self = .other
        let count = name.count
        if count < 8 {
            self.init(short: ByteWord(short: name).folded.ended(by: UInt8(ascii: ":"), at: count))
        } else if count <= 18 {
            self.init(long: name)
        }
    }

    /// Recognises the name in the first `count` bytes of a `line`, which is not shorter than eight; a colon follows it.
    @inline(__always)
    init(count: Int, of line: Span<UInt8>) {
        self = .other
        if count < 8 {
            self.init(short: ByteWord(line).first(count &+ 1).folded)
        } else if count <= 18 {
            self.init(long: line.extracting(first: count))
        }
    }

    /// Of less than eight bytes, with the colon that ends it.
    private init(short word: ByteWord) {
        switch word {
        case "te:": self = .te
        case "via:": self = .via
        case "host:": self = .host
        case "date:": self = .date
        case "cookie:": self = .cookie
        case "expect:": self = .expect
        case "origin:": self = .origin
        case "server:": self = .server
        case "referer:": self = .referer
        case "trailer:": self = .trailer
        case "upgrade:": self = .upgrade
        default: self = .other
        }
    }

    /// Of 8...18 bytes.
    private init(long name: Span<UInt8>) {
        self = .other
        let first = ByteWord(name).folded
        let last = ByteWord(name.extracting(last: 8)).folded
        switch name.count {
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
            if first == "transfer", last == "encoding", name[8] == UInt8(ascii: "-") { self = .transferEncoding }
            if first == "x-forwar", last == "ed-proto", name[8].lowercased == UInt8(ascii: "d") { self = .xForwardedProto }
        case 18:
            let second = ByteWord(name, at: 8).folded
            if first == "x-forwar", second == "ded-sche", last == "d-scheme" { self = .xForwardedScheme }
        default: break
        }
    }
}
