/// Where to listen or connect.
public enum SocketAddress: Hashable, Sendable {
    /// The address in host order: 127.0.0.1 is 0x7F00_0001.
    case ipv4(address: UInt32, port: UInt16)
    /// The address's first and last eight bytes in host order; `scope` is the interface's index for link-local addresses,
    /// otherwise 0.
    case ipv6(high: UInt64, low: UInt64, port: UInt16, scope: UInt32)
    /// A socket in the file system; the empty path is the other end of one that has no name.
    case unix(path: String)

    public init(_ address: IPAddress, port: UInt16) {
        switch address {
        case .v4(let address): self = .ipv4(address: address, port: port)
        case .v6(let high, let low): self = .ipv6(high: high, low: low, port: port, scope: 0)
        }
    }

    /// The numeric address; nil for unix sockets.
    public var ipAddress: IPAddress? {
        switch self {
        case .ipv4(let address, _): .v4(address)
        case .ipv6(let high, let low, _, _): .v6(high: high, low: low)
        case .unix: nil
        }
    }

    /// nil for unix sockets.
    public var port: UInt16? {
        switch self {
        case .ipv4(_, let port), .ipv6(_, _, let port, _): port
        case .unix: nil
        }
    }

    public var isUnix: Bool {
        if case .unix = self { true } else { false }
    }

    /// Only this machine can reach it: 127.0.0.0/8, ::1, unix sockets.
    public var isLoopback: Bool {
        switch self {
        case .ipv4(let address, _): address >> 24 == 127
        case .ipv6(let high, let low, _, _): high == 0 && low == 1
        case .unix: true
        }
    }

    /// Bytes that the path of a unix socket may have: what `sockaddr_un` holds on Linux, less the final NUL.
    public static let maximumPathLength = 107
}

// MARK: Text

extension SocketAddress: CustomStringConvertible {
    /// From `127.0.0.1:80`, `[::1]:80`, `[fe80::1%2]:80` or `unix:/path`. Strict: no names, no blanks, the port always
    /// there and without leading zeros, the path absolute. Nil for all else.
    public init?(_ text: String) {
        let bytes = text.utf8.span
        if text.utf8.starts(with: "unix:".utf8) {
            let path = String(text.dropFirst(5))
            guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= Self.maximumPathLength,
                  !path.utf8.contains(0)
            else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.utf8.reversed().firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let host = text.utf8.distance(from: text.utf8.startIndex, to: colon.base) - 1
        var position = host + 1
        guard let port = parseDecimal(bytes, at: &position, to: bytes.count, digits: 5), port <= UInt16.max,
              position == bytes.count
        else { return nil }
        self.init(host: bytes.extracting(0..<host), port: UInt16(truncatingIfNeeded: port))
    }

    private init?(host: Span<UInt8>, port: UInt16) {
        if let address = parseIPv4(host, from: 0, to: host.count) {
            self = .ipv4(address: address, port: port)
            return
        }
        guard host.count > 2, host[0] == UInt8(ascii: "["), host[host.count - 1] == UInt8(ascii: "]") else { return nil }
        var end = host.count - 1
        var scope: UInt32 = 0
        if let percent = host.indices.first(where: { host[$0] == UInt8(ascii: "%") }) {
            var position = percent + 1
            guard let number = parseDecimal(host, at: &position, to: end, digits: 10), number > 0,
                  number <= UInt32.max, position == end
            else { return nil }
            scope = UInt32(truncatingIfNeeded: number)
            end = percent
        }
        guard let groups = parseIPv6(host.extracting(1..<end)) else { return nil }
        self = .ipv6(high: groups.high, low: groups.low, port: port, scope: scope)
    }

    /// The form that `init(_:)` reads; IPv6 as RFC 5952 writes it.
    public var description: String {
        switch self {
        case .ipv4(let address, let port): "\(IPAddress.v4(address)):\(port)"
        case .ipv6(let high, let low, let port, scope: 0): "[\(IPAddress.v6(high: high, low: low))]:\(port)"
        case .ipv6(let high, let low, let port, let scope): "[\(IPAddress.v6(high: high, low: low))%\(scope)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
