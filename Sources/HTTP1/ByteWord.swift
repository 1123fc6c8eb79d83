/// Up to eight bytes as one number, the first byte lowest, so that short names compare in one step.
struct ByteWord: Equatable, ExpressibleByStringLiteral {
    var bits: UInt64

    /// Eight bytes of `span` beginning at `offset`; fewer than eight there are a programmer's error.
    @inline(__always)
    init(_ span: Span<UInt8>, at offset: Int) {
        let eight = span.extracting(offset ..< offset &+ 8)
        // Tells the optimiser the length, which turns the eight loads into one.
        guard eight.count == 8 else { preconditionFailure("eight bytes") }
        let low = UInt64(eight[0]) | UInt64(eight[1]) << 8 | UInt64(eight[2]) << 16 | UInt64(eight[3]) << 24
        let high = UInt64(eight[4]) << 32 | UInt64(eight[5]) << 40 | UInt64(eight[6]) << 48 | UInt64(eight[7]) << 56
        bits = low | high
    }

    /// All of a `span` of at most eight bytes.
    @inline(__always)
    init(short span: Span<UInt8>) {
        bits = 0
        var index = min(span.count, 8)
        while index > 0 {
            index &-= 1
            bits = bits << 8 | UInt64(span[index])
        }
    }

    @inline(__always)
    init(stringLiteral literal: StaticString) {
        bits = 0
        var index = literal.utf8CodeUnitCount
        while index > 0 {
            index &-= 1
            // A literal's bytes live forever and index < utf8CodeUnitCount.
            bits = bits << 8 | UInt64(unsafe literal.utf8Start[index])
        }
    }

    /// Upper case letters made lower case. Among the bytes of a token this maps nothing else onto a letter, a digit or a
    /// hyphen, which makes it exact for comparing field names with the known ones.
    var foldedToken: ByteWord {
        var word = self
        word.bits |= 0x2020_2020_2020_2020
        return word
    }

    /// As `foldedToken`, for a word of `count` bytes: what lies above them stays zero.
    func foldedToken(count: Int) -> ByteWord {
        var word = foldedToken
        if count < 8 { word.bits &= (1 &<< UInt64(count &* 8)) &- 1 }
        return word
    }

    /// Index of the first byte below SP or equal to DEL; nil if there is none.
    var firstControl: Int? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let belowSpace = (bits &- ones &* 0x20) & ~bits
        let delete = bits ^ ones &* 0x7F
        // A borrow can flag a byte wrongly only above one flagged rightly, so the lowest flag is always right.
        let flags = (belowSpace | (delete &- ones) & ~delete) & tops
        return flags == 0 ? nil : flags.trailingZeroBitCount &>> 3
    }
}
