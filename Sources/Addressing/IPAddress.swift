/// An IP address in host byte order.
public enum IPAddress: Hashable, Sendable {
    case v4(UInt32)
    /// The first eight bytes in `high`.
    case v6(high: UInt64, low: UInt64)

    /// Parses dotted decimal without leading zeros, or the text forms of RFC 4291 section 2.2 without a zone.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        if let address = Self.v4(bytes[...]) {
            self = .v4(address)
        } else if let (high, low) = Self.v6(bytes[...]) {
            self = .v6(high: high, low: low)
        } else {
            return nil
        }
    }

    private static func v4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (0x30...0x39).contains($0) }),
                part.count == 1 || part.first != 0x30 else { return nil }
            let value = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - 0x30) }
            guard value <= 255 else { return nil }
            address = address << 8 | value
        }
        return address
    }

    private static func v6(_ text: ArraySlice<UInt8>) -> (UInt64, UInt64)? {
        let colon = UInt8(ascii: ":")
        var gap: (before: ArraySlice<UInt8>, after: ArraySlice<UInt8>)?
        for index in text.indices.dropLast() where text[index] == colon && text[index + 1] == colon {
            guard gap == nil else { return nil }
            gap = (text[..<index], text[(index + 2)...])
        }
        guard let gap else {
            guard let groups = groups(text), groups.count == 8 else { return nil }
            return halves(groups)
        }
        guard let before = groups(gap.before), let after = groups(gap.after), before.count + after.count < 8 else { return nil }
        return halves(before + Array(repeating: 0, count: 8 - before.count - after.count) + after)
    }

    /// The 16-bit groups between colons; the last may be an IPv4 address, which is two.
    private static func groups(_ text: ArraySlice<UInt8>) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, let address = v4(part) {
                groups += [UInt16(truncatingIfNeeded: address >> 16), UInt16(truncatingIfNeeded: address)]
            } else {
                guard (1...4).contains(part.count), part.first != UInt8(ascii: "+"),
                    let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16) else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func halves(_ groups: [UInt16]) -> (UInt64, UInt64) {
        func half(_ part: ArraySlice<UInt16>) -> UInt64 { part.reduce(0) { $0 << 16 | UInt64($1) } }
        return (half(groups[..<4]), half(groups[4...]))
    }
}
