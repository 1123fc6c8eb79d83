/// A block of addresses in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3).
public struct AddressRange: Hashable, Sendable {
    /// The first address of the block: all bits behind the prefix are zero.
    public let base: IPAddress
    /// 0...32 for IPv4, 0...128 for IPv6.
    public let prefixLength: Int

    /// Bits of `base` behind the prefix are cleared. Nil for a prefix longer than the address.
    public init?(_ base: IPAddress, prefixLength: Int) {
        guard prefixLength >= 0, prefixLength <= base.bitCount else { return nil }
        self.base = base.keeping(prefixLength)
        self.prefixLength = prefixLength
    }

    /// From `10.0.0.0/8`, `2001:db8::/32`, or a single address. Nil for all else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        guard parts.count == 2 else {
            self.init(address, prefixLength: address.bitCount)
            return
        }
        guard parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let length = Int(parts[1]) else {
            return nil
        }
        self.init(address, prefixLength: length)
    }

    /// Whether the address lies in the block; one that is IPv4 in an IPv6 form counts as IPv4.
    public func contains(_ address: IPAddress) -> Bool {
        let address = address.unmapped
        return address.bitCount == base.bitCount && address.keeping(prefixLength) == base
    }
}

extension AddressRange: CustomStringConvertible {
    public var description: String { "\(base)/\(prefixLength)" }
}

extension IPAddress {
    /// 32 or 128.
    public var bitCount: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    /// The address with all but its first `count` bits cleared; `count` in 0...`bitCount`.
    public func keeping(_ count: Int) -> IPAddress {
        switch self {
        case .v4(let address): .v4(address & ~(UInt32.max >> UInt32(count)))
        case .v6(let high, let low):
            .v6(high: high & ~(UInt64.max >> UInt64(min(count, 64))), low: low & ~(UInt64.max >> UInt64(max(count - 64, 0))))
        }
    }
}
