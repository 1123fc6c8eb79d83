/// A block of IP addresses, as CIDR notation names it (RFC 4632).
public struct AddressRange: Hashable, Sendable {
    /// The first address: the bits behind the prefix are zero.
    public let base: IPAddress
    /// 0–32 for IPv4, 0–128 for IPv6.
    public let prefixLength: Int

    /// `10.0.0.0/8`, `2001:db8::/32`, or one address by itself.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        let width = if case .v4 = address { 32 } else { 128 }
        var length = width
        if parts.count == 2 {
            guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let written = Int(parts[1]), written <= width else { return nil }
            length = written
        }
        prefixLength = length
        base = Self.masked(address, length)
    }

    public func contains(_ address: IPAddress) -> Bool {
        switch (base, address) {
        case (.v4, .v4), (.v6, .v6): Self.masked(address, prefixLength) == base
        default: false
        }
    }

    private static func masked(_ address: IPAddress, _ length: Int) -> IPAddress {
        switch address {
        case .v4(let bits):
            return .v4(length == 0 ? 0 : bits & (.max << (32 - length)))
        case .v6(let high, let low):
            let highMask: UInt64 = length == 0 ? 0 : .max << UInt64(max(0, 64 - length))
            let lowMask: UInt64 = length <= 64 ? 0 : .max << UInt64(128 - length)
            return .v6(high: high & highMask, low: low & lowMask)
        }
    }
}
