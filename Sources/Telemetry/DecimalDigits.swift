/// The decimal digits of an integer, without a `String` and without an allocation.
struct DecimalDigits {
    /// 2^64 − 1 has 20 digits.
    private static let capacity = 20
    private var digits = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
    private var start = DecimalDigits.capacity

    /// - Parameter minimumCount: leading zeros are kept up to this many digits; at most 20.
    init(_ value: UInt64, minimumCount: Int = 1) {
        var rest = value
        while rest > 0 {
            start &-= 1
            digits[start] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        start = min(start, DecimalDigits.capacity - minimumCount)
    }

    var count: Int { DecimalDigits.capacity &- start }

    /// The digit at `index`, counted from the most significant one.
    subscript(index: Int) -> UInt8 { digits[start &+ index] }
}

extension Array where Element == UInt8 {
    mutating func appendDecimal(_ value: UInt64) {
        let digits = DecimalDigits(value)
        for index in 0..<digits.count { append(digits[index]) }
    }

    mutating func appendDecimal(_ value: Int) {
        if value < 0 { append(UInt8(ascii: "-")) }
        appendDecimal(UInt64(value.magnitude))
    }

    /// Appends a duration as seconds with as many decimals as it needs: `0.0005`, `10`.
    mutating func appendSeconds(nanoseconds: UInt64) {
        appendDecimal(nanoseconds / 1_000_000_000)
        let fraction = DecimalDigits(nanoseconds % 1_000_000_000, minimumCount: 9)
        var used = 9
        while used > 0 && fraction[used - 1] == UInt8(ascii: "0") { used -= 1 }
        guard used > 0 else { return }
        append(UInt8(ascii: "."))
        for index in 0..<used { append(fraction[index]) }
    }
}
