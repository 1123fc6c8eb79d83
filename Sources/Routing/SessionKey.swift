/// One of the two parts of a session cookie: 128 bits, written as 32 lower-case hexadecimal digits (R28).
///
/// The first names the endpoint: in `balanced` mode anything, whose hash leads to a point of the ring, in `persistent` mode the MD5 of
/// the endpoint. The second names the Service: the MD5 that ingress-nginx makes of it.
public struct SessionKey: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(_ client: ClientID) { self.init(high: client.high, low: client.low) }

    /// Nil for anything but 32 lower-case hexadecimal digits.
    public init?(_ digits: Span<UInt8>) {
        guard digits.count == 32 else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for index in digits.indices {
            guard let value = ASCII.hexValue(digits[index]), !(0x41...0x46).contains(digits[index]) else { return nil }
            high = high << 4 | low >> 60
            low = low << 4 | UInt64(value)
        }
        self.init(high: high, low: low)
    }

    /// What names the Service (R12) in its cookies.
    public init(service: String) {
        self = MD5.key(MD5.hexDigest(service) + service)
    }

    /// What names an endpoint of the Service in `persistent` mode.
    public init(endpoint: String, of service: String) {
        self = MD5.key(service + endpoint)
    }

    /// Where the digits stand on a ring.
    public var hash: UInt32 {
        var hash = CRC32()
        var text = InlineArray<32, UInt8>(repeating: 0)
        var space = text.mutableSpan
        ClientID(high: high, low: low).write(into: &space)
        hash.update(text.span)
        return hash.value
    }
}

extension MD5 {
    fileprivate static func key(_ text: String) -> SessionKey {
        let digits = Array(hexDigest(text).utf8)
        return SessionKey(digits.span) ?? SessionKey(high: 0, low: 0)
    }
}
