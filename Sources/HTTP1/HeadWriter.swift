/// Writing heads. Callers see to the room first (`ByteBuffer.space`).
extension ByteBuffer {
    /// Most bytes `append(decimal:)` writes.
    public static let maxDecimalLength = 20

    /// The number in decimal digits, with a minus sign if it is negative.
    public mutating func append(decimal value: Int) {
        if value < 0 { append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        var digits = 1
        var power: UInt = 10
        while rest >= power, digits < 19 {
            digits &+= 1
            power &*= 10
        }
        precondition(space >= digits, "appending more than the free space")
        var free = freeSpace
        var index = digits
        while index > 0 {
            index &-= 1
            free[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        commit(digits)
    }

    /// A number of at least zero in lower case hexadecimal digits without leading zeros.
    public mutating func append(hex value: Int) {
        precondition(value >= 0, "sizes are not negative")
        var shift = max(0, Int.bitWidth &- 1 &- value.leadingZeroBitCount) & ~3
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: value &>> shift) & 0x0F
            append(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ (digit &- 10))
            shift &-= 4
        }
    }

    /// `name: value` and CRLF.
    public mutating func appendField(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        append(name)
        append(": ")
        append(value)
        append("\r\n")
    }

    /// `name: value` and CRLF.
    public mutating func appendField(_ name: StaticString, _ value: Span<UInt8>) {
        append(name)
        append(": ")
        append(value)
        append("\r\n")
    }

    /// `name: value` and CRLF.
    public mutating func appendField(_ name: StaticString, _ value: StaticString) {
        append(name)
        append(": ")
        append(value)
        append("\r\n")
    }

    /// `name: value` and CRLF, with a decimal number as the value.
    public mutating func appendField(_ name: StaticString, decimal value: Int) {
        append(name)
        append(": ")
        append(decimal: value)
        append("\r\n")
    }

    /// The field that says how a body is delimited; none for a message without one, or one that ends with the connection.
    public mutating func appendFraming(_ framing: BodyLength) {
        switch framing {
        case .length(let count): appendField("Content-Length", decimal: count)
        case .chunked: append("Transfer-Encoding: chunked\r\n")
        case .none, .untilClose: break
        }
    }

    /// The status line in the proxy's own version (RFC 9112 2.3), with a reason phrase as the upstream sent it, or empty.
    public mutating func appendStatusLine(_ status: UInt16, reason: Span<UInt8>) {
        appendStatus(status)
        append(reason)
        append("\r\n")
    }

    /// The status line in the proxy's own version, with the registered reason phrase.
    public mutating func appendStatusLine(_ status: UInt16) {
        appendStatus(status)
        append(ReasonPhrase.of(status))
        append("\r\n")
    }

    /// `status` is 100...999; the space stays when no phrase follows (RFC 9112 4).
    private mutating func appendStatus(_ status: UInt16) {
        append("HTTP/1.1 ")
        append(UInt8(ascii: "0") &+ UInt8(status / 100 % 10))
        append(UInt8(ascii: "0") &+ UInt8(status / 10 % 10))
        append(UInt8(ascii: "0") &+ UInt8(status % 10))
        append(UInt8.space)
    }
}
