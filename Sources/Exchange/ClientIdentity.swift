public import Addressing
public import HTTP1

/// Whose request it is: the peer of the connection, or the client that a trusted peer names.
public struct ClientIdentity: Equatable, Sendable {
    /// The address of the connection's other end; nil on a unix socket.
    public var peer: IPAddress?
    /// The port that the client connected to.
    public var localPort: UInt16
    public var isTLS: Bool
    /// By the PROXY protocol, which says where the client connected to: `localPort` is no port of ours.
    public var isAnnounced: Bool
    /// Whose certificate a TLS connection has; only looked at where `HTTPSPolicy.owners` is.
    public var certificate: UInt64

    public init(peer: IPAddress?, localPort: UInt16, isTLS: Bool = false, certificate: UInt64 = 0, isAnnounced: Bool = false) {
        self.peer = peer
        self.localPort = localPort
        self.isTLS = isTLS
        self.certificate = certificate
        self.isAnnounced = isAnnounced
    }

    /// Whether what the peer says about its own clients is believed.
    func isTrusted(by snapshot: Snapshot) -> Bool {
        guard !snapshot.forwarding.trustedProxies.isEmpty, let peer else { return false }
        return snapshot.forwarding.trustedProxies.contains { $0.contains(peer) }
    }

    /// The client's address: the peer's, or, if the peer is trusted, the first untrusted address of X-Forwarded-For
    /// from the right. A malformed entry makes it the peer's.
    public func clientAddress(_ head: borrowing RequestHead, in bytes: Span<UInt8>, _ snapshot: Snapshot) -> IPAddress? {
        guard isTrusted(by: snapshot) else { return peer }
        var field = head.fields.count
        while field > 0 {
            field -= 1
            guard head.fields[field].known == .xForwardedFor else { continue }
            let value = bytes[head.fields[field].value]
            var end = value.count
            while end > 0 {
                var start = end
                while start > 0, value[start - 1] != UInt8(ascii: ",") { start -= 1 }
                let entry = value.extracting(start..<end)
                guard let address = IPAddress(entry[entry.trimmedOWS]) else { return peer }
                if !snapshot.forwarding.trustedProxies.contains(where: { $0.contains(address) }) { return address }
                end = max(start - 1, 0)
            }
        }
        return peer
    }
}
