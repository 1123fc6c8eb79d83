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

extension EndpointAddress: CustomStringConvertible {
    /// `10.0.0.1:80`, `[2001:db8::1]:80`, `unix:/run/app.sock`, `app.internal:80`.
    public var description: String {
        switch self {
        case .ipv4(let address, let port):
            let bytes = [24, 16, 8, 0].map { String(address >> $0 & 0xFF) }
            return bytes.joined(separator: ".") + ":\(port)"
        case .ipv6(let high, let low, let port):
            return "[\(Self.text(high: high, low: low))]:\(port)"
        case .unix(let path):
            return "unix:" + path
        case .name(let host, let port):
            return "\(host):\(port)"
        }
    }

    /// RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) as `::`.
    private static func text(high: UInt64, low: UInt64) -> String {
        let groups = [high, low].flatMap { half in [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> $0) } }
        var longest = 0..<0
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start > max(1, longest.count) { longest = start..<end }
            start = max(end, start + 1)
        }
        func joined(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if longest.isEmpty { return joined(groups[...]) }
        return joined(groups[..<longest.lowerBound]) + "::" + joined(groups[longest.upperBound...])
    }
}
