/// What a client is told apart by that had no hash cookie: made at random for the decision, then set as the cookie.
public struct ClientID: Equatable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Writes the 32 lower-case hexadecimal digits, the cookie's value, to the front of `space`.
    public func write(into space: inout MutableSpan<UInt8>) {
        precondition(space.count >= 32, "no room for an id")
        for index in 0..<32 {
            let half = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 &- 4 &* (index & 15)) & 0xF)
            space[index] = digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10
        }
    }
}

extension RequestValues {
    /// Takes `client` for the value of `key`.
    public mutating func set(_ key: Int, to client: ClientID) {
        var text = InlineArray<32, UInt8>(repeating: 0)
        var space = text.mutableSpan
        client.write(into: &space)
        begin(key)
        append(text.span)
    }
}
