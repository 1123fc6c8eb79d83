public import HTTP1

/// Where a request by HTTP is sent: to its own URL by HTTPS. The slices are those of the head.
public struct HTTPSLocation {
    /// The one that was asked for, or that a trusted proxy was asked for (`X-Forwarded-Host`). Empty if none was named.
    public let host: Slice
    /// Nil is 443, which is not written.
    public let port: UInt16?
    /// Path and query.
    public let rest: Slice

    public init(
        _ head: borrowing RequestHead, in bytes: Span<UInt8>, of client: ClientIdentity, by rule: HTTPSPolicy.Rule, _ snapshot: Snapshot
    ) {
        host = (client.isTrusted(by: snapshot) ? Self.statedHost(head, in: bytes) : nil) ?? head.hostName
        port = snapshot.https.redirectPort == 443 ? nil : snapshot.https.redirectPort
        var rest = head.path
        if head.hasQuery {
            let start = rest.isEmpty ? head.query.start - 1 : rest.start
            rest = Slice(start: start, count: head.query.end - start)
        }
        // An absolute URL without a path is what means `*` (RFC 9112 section 3.2.4).
        if head.form == .asterisk { rest = .empty }
        if rule.contains(.dropsSlash), rest.count > 0, bytes[rest.end - 1] == UInt8(ascii: "/") {
            rest = Slice(start: rest.start, count: rest.count - 1)
        }
        self.rest = rest
    }

    /// The first of the list in the field that upstreams get, too; nil if that is no host.
    private static func statedHost(_ head: borrowing RequestHead, in bytes: Span<UInt8>) -> Slice? {
        guard let index = head.fields.lastIndex(where: { $0.known == .xForwardedHost }) else { return nil }
        let field = head.fields[index].value
        let end = bytes[field].firstIndex(of: UInt8(ascii: ",")) ?? field.count
        return RequestHead.hostName(of: bytes.trimmedOWS(field.start..<field.start + end), in: bytes)
    }
}
