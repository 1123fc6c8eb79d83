/// Something of a request that a route's rules look at.
///
/// The name is kept as bytes in the form it is compared in, so that the request path needs no text.
public struct ValueKey: Hashable, Sendable {
    public enum Kind: UInt8, Sendable {
        case header, cookie, query, clientAddress
    }

    public let kind: Kind
    /// Header: folded (R22). Cookie: lower case (R25). Query: as written. Client address: empty.
    public let name: [UInt8]
    /// How many bits of the client's address count, for IPv4 (at most 32) and IPv6 (at most 128).
    public let prefix: Prefix

    public struct Prefix: Hashable, Sendable {
        public let v4: UInt8
        public let v6: UInt8

        public static let whole = Prefix(v4: 32, v6: 128)
    }

    private init(_ kind: Kind, _ name: [UInt8], prefix: Prefix = .whole) {
        self.kind = kind
        self.name = name
        self.prefix = prefix
    }

    /// A request field; its name is folded here: lower case, `-` and `_` are the same (R22).
    public static func header(_ name: String) -> ValueKey {
        ValueKey(.header, HeaderName.folded(name.utf8))
    }

    /// A cookie; its name ignores case, `-` and `_` are different (R25).
    public static func cookie(_ name: String) -> ValueKey {
        ValueKey(.cookie, name.utf8.map(ASCII.lowercase))
    }

    /// A parameter of the query; looked up without regard to case (`QueryString.find`), and shown as written.
    public static func query(_ name: String) -> ValueKey {
        ValueKey(.query, Array(name.utf8))
    }

    public static let clientAddress = ValueKey(.clientAddress, [])

    /// The network of the client's address. Longer prefixes than there are count as whole.
    public static func clientNetwork(v4: Int, v6: Int) -> ValueKey {
        let prefix = Prefix(v4: UInt8(min(max(v4, 0), 32)), v6: UInt8(min(max(v6, 0), 128)))
        return ValueKey(.clientAddress, [], prefix: prefix)
    }

    /// Whether a name met in a request is this key's, by the rule of its kind.
    public func matches(_ candidate: Span<UInt8>) -> Bool {
        if kind == .header { return HeaderName.matches(candidate, folded: name) }
        guard candidate.count == name.count else { return false }
        var i = 0
        while i < candidate.count {
            let byte = kind == .cookie ? ASCII.lowercase(candidate[i]) : candidate[i]
            if byte != name[i] { return false }
            i &+= 1
        }
        return true
    }
}

extension ValueKey: CustomStringConvertible {
    /// `header x_user`, `cookie uid`, `query version`, `client address`,
    /// `client address /24 /64`.
    public var description: String {
        switch kind {
        case .header: "header " + String(decoding: name, as: UTF8.self)
        case .cookie: "cookie " + String(decoding: name, as: UTF8.self)
        case .query: "query " + String(decoding: name, as: UTF8.self)
        case .clientAddress where prefix == .whole: "client address"
        case .clientAddress: "client address /\(prefix.v4) /\(prefix.v6)"
        }
    }
}
