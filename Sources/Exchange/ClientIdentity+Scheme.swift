public import HTTP1

/// By what, and at which port, the client came.
extension ClientIdentity {
    /// What a proxy says of its client's scheme (`X-Forwarded-Proto`).
    enum StatedScheme {
        case nothing
        case scheme(Slice)
        /// Several, not all the same. Somebody on the way is wrong or lies: counts as `http`, by which nobody gains anything.
        case contradiction
    }

    /// A longer word is not believed, which also bounds what is written of it.
    static let longestStatement = 32

    /// Of all fields and all elements of a list in one of them. Whoever is to be believed, see `isTrusted`.
    static func statedScheme(_ head: borrowing RequestHead, in bytes: Span<UInt8>) -> StatedScheme {
        var stated: Slice?
        for index in head.fields.indices where head.fields[index].known == .xForwardedProto {
            let field = head.fields[index].value
            var start = field.start
            while start < field.end {
                var end = start
                while end < field.end, bytes[end] != UInt8(ascii: ",") { end += 1 }
                let word = bytes.trimmedOWS(start..<end)
                start = end + 1
                guard (1...longestStatement).contains(word.count) else { continue }
                if let stated, !bytes[stated].equalsIgnoringCase(bytes[word]) { return .contradiction }
                stated = stated ?? word
            }
        }
        return stated.map(StatedScheme.scheme) ?? .nothing
    }

    /// Whether TLS ends here, or has ended in a load balancer which says that its client connected to port 443: as in ingress-nginx.
    var isSecured: Bool { isTLS || isAnnounced && localPort == 443 }

    /// The port of the client's URL: of HTTPS the one that redirects name, whichever the listener's own is, as in ingress-nginx.
    func port(_ snapshot: Snapshot) -> UInt16 { isTLS && !isAnnounced ? snapshot.https.redirectPort : localPort }

    /// Whether the client came by HTTPS, to this proxy or to the trusted one before it that says so.
    public func cameByHTTPS(_ head: borrowing RequestHead, in bytes: Span<UInt8>, _ snapshot: Snapshot) -> Bool {
        guard isTrusted(by: snapshot) else { return isSecured }
        switch Self.statedScheme(head, in: bytes) {
        case .nothing: return isSecured
        // Of a WebSocket some proxies name the scheme that browsers have for it.
        case .scheme(let scheme): return bytes[scheme].equalsIgnoringCase("https") || bytes[scheme].equalsIgnoringCase("wss")
        case .contradiction: return false
        }
    }
}
