/// `uri-host [":" port]` of RFC 3986 3.2, as it stands in Host and in absolute and authority-form targets; no userinfo.
///
/// Narrower than the grammar in two places: a comma, legal in a name, is what two joined Host values look like, and
/// IPvFuture has no address family.
struct Authority {
    /// Without the port, brackets kept.
    let host: Slice
    /// Nil when there is none; an empty one (`host:`) counts as none.
    let port: Int?

    /// Nil when the bytes at `slice` are not a valid authority with a host.
    init?(_ slice: Slice, in input: Span<UInt8>) {
        let bytes = input[slice]
        guard bytes.count > 0 else { return nil }
        let hostEnd: Int
        if bytes[0] == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")),
                  Authority.isIPv6Address(bytes.extracting(1 ..< close)) else { return nil }
            hostEnd = close &+ 1
        } else {
            guard let end = Authority.endOfName(slice, in: input) else { return nil }
            hostEnd = end &- slice.start
        }
        host = Slice(start: slice.start, count: hostEnd)
        guard hostEnd < bytes.count else { port = nil; return }
        guard bytes[hostEnd] == UInt8(ascii: ":") else { return nil }
        guard hostEnd &+ 1 < bytes.count else { port = nil; return }
        guard let number = bytes.extracting((hostEnd &+ 1)...).decimalValue, number <= 65_535 else { return nil }
        port = number
    }

    /// Where the reg-name (IPv4 addresses look like one) without commas at the start of `slice` ends: at its colon or at the
    /// slice's end. Nil if it is empty or another byte occurs.
    private static func endOfName(_ slice: Slice, in input: Span<UInt8>) -> Int? {
        var index = input.endOfPlainHost(from: slice.start, to: slice.end)
        while index < slice.end {
            switch input[index] {
            case UInt8(ascii: ":"):
                return index > slice.start ? index : nil
            case UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"),
                 UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"),
                 UInt8(ascii: ";"), UInt8(ascii: "="):
                break
            case UInt8(ascii: "%"):
                guard slice.end &- index > 2, input[index &+ 1].hexValue != nil, input[index &+ 2].hexValue != nil
                else { return nil }
            default:
                return nil
            }
            index = input.endOfPlainHost(from: index &+ 1, to: slice.end)
        }
        return slice.end
    }

    /// IPv6address of RFC 3986: eight groups, one run of zero groups as `::`, the last two groups as IPv4 if so written.
    private static func isIPv6Address(_ bytes: Span<UInt8>) -> Bool {
        var groups = 0
        var isShortened = false
        var index = 0
        // A leading colon is only good as half of `::`.
        if bytes.count >= 2, bytes[0] == UInt8(ascii: ":"), bytes[1] == UInt8(ascii: ":") {
            isShortened = true
            index = 2
        }
        while index < bytes.count {
            let start = index
            while index < bytes.count, bytes[index].hexValue != nil { index &+= 1 }
            if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
                guard isIPv4Address(bytes.extracting(start...)) else { return false }
                groups &+= 2
                break
            }
            guard 1 ... 4 ~= index &- start else { return false }
            groups &+= 1
            guard index < bytes.count else { break }
            guard bytes[index] == UInt8(ascii: ":"), index &+ 1 < bytes.count else { return false }
            index &+= 1
            if bytes[index] == UInt8(ascii: ":") {
                if isShortened { return false }
                isShortened = true
                index &+= 1
            }
        }
        return isShortened ? groups <= 7 : groups == 8
    }

    /// Four numbers 0...255 without leading zeros.
    private static func isIPv4Address(_ bytes: Span<UInt8>) -> Bool {
        var start = 0
        var parts = 0
        while true {
            let end = bytes.firstIndex(of: UInt8(ascii: "."), from: start) ?? bytes.count
            let part = bytes.extracting(start ..< end)
            guard part.count <= 3, let number = part.decimalValue, number <= 255 else { return false }
            if part.count > 1, part[0] == UInt8(ascii: "0") { return false }
            parts &+= 1
            if end == bytes.count { return parts == 4 }
            start = end &+ 1
        }
    }
}
