/// An IPv4 or IPv6 address, as numbers.
public enum IPAddress: Hashable, Sendable {
    /// In host order: 127.0.0.1 is 0x7F00_0001.
    case v4(UInt32)
    /// The address's first and last eight bytes, in host order.
    case v6(high: UInt64, low: UInt64)

    /// Space that `write(into:)` needs at most: eight groups of four digits and seven colons.
    public static let maximumTextLength = 39

    /// Strict: dotted decimal without leading zeros, or RFC 4291 section 2.2 (any form, no zone). Nil for all else.
    public init?(_ text: String) {
        self.init(text.utf8.span)
    }

    public init?(_ text: Span<UInt8>) {
        if let address = parseIPv4(text, from: 0, to: text.count) {
            self = .v4(address)
        } else if let groups = parseIPv6(text) {
            self = .v6(high: groups.high, low: groups.low)
        } else {
            return nil
        }
    }

    /// An IPv4 address that travels as IPv6 (`::ffff:0:0/96`) becomes IPv4 again; any other stays as it is.
    public var unmapped: IPAddress {
        if case .v6(high: 0, let low) = self, low >> 32 == 0xFFFF { return .v4(UInt32(truncatingIfNeeded: low)) }
        return self
    }

    /// The address of the same family that stands for all of a machine's: 0.0.0.0 or `::`.
    public var wildcard: IPAddress {
        switch self {
        case .v4: .v4(0)
        case .v6: .v6(high: 0, low: 0)
        }
    }

    /// Writes the text form (see `description`) to the front of `space`, which needs `maximumTextLength` bytes;
    /// answers how many were written.
    public func write(into space: inout MutableSpan<UInt8>) -> Int {
        precondition(space.count >= Self.maximumTextLength, "no room for an address")
        var count = 0
        switch self {
        case .v4(let address): writeIPv4(address, into: &space, at: &count)
        case .v6(let high, let low): writeIPv6(high: high, low: low, into: &space, at: &count)
        }
        return count
    }
}

extension IPAddress: CustomStringConvertible {
    /// The form of RFC 5952: lower case, the longest run of zero groups shortened, IPv4-mapped ones in dotted decimal.
    public var description: String {
        var bytes = [UInt8](repeating: 0, count: Self.maximumTextLength)
        var space = bytes.mutableSpan
        let count = write(into: &space)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}

// MARK: Reading

/// The decimal digits from `position` on, at most `digits` of them, no leading zero; moves `position` behind them.
func parseDecimal(_ text: Span<UInt8>, at position: inout Int, to end: Int, digits: Int) -> UInt64? {
    let start = position
    var value: UInt64 = 0
    while position < end, position &- start < digits, text[position] &- UInt8(ascii: "0") <= 9 {
        value = value &* 10 &+ UInt64(text[position] &- UInt8(ascii: "0"))
        position &+= 1
    }
    if position == start || (position &- start > 1 && text[start] == UInt8(ascii: "0")) { return nil }
    return value
}

/// Four parts of 0...255 that fill `start..<end`.
func parseIPv4(_ text: Span<UInt8>, from start: Int, to end: Int) -> UInt32? {
    var position = start
    var address: UInt32 = 0
    for part in 0..<4 {
        if part > 0 {
            guard position < end, text[position] == UInt8(ascii: ".") else { return nil }
            position &+= 1
        }
        guard let value = parseDecimal(text, at: &position, to: end, digits: 3), value <= 255 else { return nil }
        address = address << 8 | UInt32(truncatingIfNeeded: value)
    }
    return position == end ? address : nil
}

private func hexadecimalValue(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte &- UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte &- UInt8(ascii: "a") &+ 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte &- UInt8(ascii: "A") &+ 10)
    default: nil
    }
}

/// Groups of an IPv6 address as they are read: 128 bits, filled from the right.
private struct IPv6Groups {
    var high: UInt64 = 0
    var low: UInt64 = 0
    var count = 0

    mutating func append(_ group: UInt64) {
        high = high << 16 | low >> 48
        low = low << 16 | group
        count &+= 1
    }

    /// The bits moved up by so many groups.
    func shifted(by groups: Int) -> (high: UInt64, low: UInt64) {
        if groups >= 8 { return (0, 0) }
        if groups >= 4 { return (low << UInt64(16 &* (groups &- 4)), 0) }
        if groups == 0 { return (high, low) }
        let bits = UInt64(16 &* groups)
        return (high << bits | low >> (64 &- bits), low << bits)
    }
}

/// All of `text` as an IPv6 address: at most one `::`, standing for one group or more, and dotted decimal for the last
/// two groups if you like.
func parseIPv6(_ text: Span<UInt8>) -> (high: UInt64, low: UInt64)? {
    let end = text.count
    var head = IPv6Groups()
    var tail = IPv6Groups()
    var shortened = false
    var position = 0
    if end >= 2, text[0] == UInt8(ascii: ":"), text[1] == UInt8(ascii: ":") {
        shortened = true
        position = 2
    }
    while position < end {
        let start = position
        var group: UInt64 = 0
        while position < end, position &- start < 4, let digit = hexadecimalValue(text[position]) {
            group = group << 4 | digit
            position &+= 1
        }
        if position == start || head.count &+ tail.count == 8 { return nil }
        if position < end, text[position] == UInt8(ascii: ".") {
            guard head.count &+ tail.count <= 6, let address = parseIPv4(text, from: start, to: end) else { return nil }
            for group in [UInt64(address >> 16), UInt64(address & 0xFFFF)] {
                if shortened { tail.append(group) } else { head.append(group) }
            }
            break
        }
        if shortened { tail.append(group) } else { head.append(group) }
        if position == end { break }
        guard text[position] == UInt8(ascii: ":"), position &+ 1 < end else { return nil }
        position &+= 1
        if text[position] == UInt8(ascii: ":") {
            if shortened { return nil }
            shortened = true
            position &+= 1
        }
    }
    let count = head.count &+ tail.count
    guard shortened ? count < 8 : count == 8 else { return nil }
    let front = head.shifted(by: 8 &- head.count)
    return (front.high | tail.high, front.low | tail.low)
}

// MARK: Writing

/// A number of 0...255.
private func writeDecimal(_ value: UInt32, into space: inout MutableSpan<UInt8>, at count: inout Int) {
    if value >= 100 {
        space[count] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / 100)
        count &+= 1
    }
    if value >= 10 {
        space[count] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / 10 % 10)
        count &+= 1
    }
    space[count] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10)
    count &+= 1
}

private func writeIPv4(_ address: UInt32, into space: inout MutableSpan<UInt8>, at count: inout Int) {
    for part in 0..<4 {
        if part > 0 {
            space[count] = UInt8(ascii: ".")
            count &+= 1
        }
        writeDecimal(address >> UInt32(24 &- 8 &* part) & 0xFF, into: &space, at: &count)
    }
}

private func writeHexadecimal(_ group: UInt64, into space: inout MutableSpan<UInt8>, at count: inout Int) {
    var shift = 12
    while shift > 0, group >> UInt64(shift) == 0 { shift &-= 4 }
    while shift >= 0 {
        let digit = UInt8(truncatingIfNeeded: group >> UInt64(shift) & 0xF)
        space[count] = digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10
        count &+= 1
        shift &-= 4
    }
}

/// The longest run of two or more zero groups, the first of equals; empty when there is none (RFC 5952 section 4.2).
private func longestZeroRun(high: UInt64, low: UInt64) -> Range<Int> {
    var best = 0..<0
    var start = 0
    for index in 0..<8 {
        if groupOf(high, low, index) != 0 {
            start = index &+ 1
        } else if index &+ 1 &- start > max(best.count, 1) {
            best = start..<index &+ 1
        }
    }
    return best
}

private func groupOf(_ high: UInt64, _ low: UInt64, _ index: Int) -> UInt64 {
    (index < 4 ? high : low) >> UInt64(48 &- 16 &* (index & 3)) & 0xFFFF
}

private func writeIPv6(high: UInt64, low: UInt64, into space: inout MutableSpan<UInt8>, at count: inout Int) {
    let mapped = high == 0 && low >> 32 == 0xFFFF
    let zeros = longestZeroRun(high: high, low: low)
    var index = 0
    while index < 8 {
        if index == zeros.lowerBound, !zeros.isEmpty {
            space[count] = UInt8(ascii: ":")
            space[count &+ 1] = UInt8(ascii: ":")
            count &+= 2
            index = zeros.upperBound
            continue
        }
        if index > 0, index != zeros.upperBound || zeros.isEmpty {
            space[count] = UInt8(ascii: ":")
            count &+= 1
        }
        if mapped && index == 6 {
            writeIPv4(UInt32(truncatingIfNeeded: low), into: &space, at: &count)
            return
        }
        writeHexadecimal(groupOf(high, low, index), into: &space, at: &count)
        index &+= 1
    }
}
