public import Addressing

/// Where an endpoint listens.
public enum EndpointAddress: Hashable, Sendable {
    /// The address in host byte order: 127.0.0.1 is 0x7F000001.
    case ipv4(UInt32, port: UInt16)
    /// The address as two halves in host byte order, the first eight bytes in `high`.
    case ipv6(high: UInt64, low: UInt64, port: UInt16)
    case unix(path: String)
    /// A DNS name, resolved later.
    case name(host: String, port: UInt16)
}

extension EndpointAddress {
    public init(_ address: SocketAddress) {
        switch address {
        case .ipv4(let address, let port): self = .ipv4(address, port: port)
        case .ipv6(let high, let low, let port, _): self = .ipv6(high: high, low: low, port: port)
        case .unix(let path): self = .unix(path: path)
        }
    }

    /// What a socket connects to; nil for a name that is still to be resolved.
    public var socketAddress: SocketAddress? {
        switch self {
        case .ipv4(let address, let port): .ipv4(address: address, port: port)
        case .ipv6(let high, let low, let port): .ipv6(high: high, low: low, port: port, scope: 0)
        case .unix(let path): .unix(path: path)
        case .name: nil
        }
    }
}

extension EndpointAddress: CustomStringConvertible {
    /// `10.0.0.1:80`, `[2001:db8::1]:80`, `unix:/run/app.sock`, `app.internal:80`.
    public var description: String {
        if case .name(let host, let port) = self { return "\(host):\(port)" }
        return socketAddress.map(\.description) ?? ""
    }
}
