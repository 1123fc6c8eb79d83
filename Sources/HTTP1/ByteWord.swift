/// Up to eight bytes as one number, the first byte lowest, so that short names compare in one step.
struct ByteWord: Equatable, ExpressibleByStringLiteral {
    var bits: UInt64

    /// Eight bytes of `span` beginning at `offset`; fewer than eight there are a programmer's error.
    @inline(__always)
    init(_ span: Span<UInt8>, at offset: Int = 0) {
        // The load tests its bounds; unsafe is only what it might be read as, and any eight bytes are a number.
        bits = UInt64(littleEndian: unsafe span.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// What there is of eight bytes of `span` beginning at `offset`, and zeros.
    @inline(__always)
    init(_ span: Span<UInt8>, paddedAt offset: Int) {
        let left = span.count &- offset
        if left >= 8 {
            bits = ByteWord(span, at: offset).bits
        } else if left <= 0 {
            bits = 0
        } else if offset >= 8 {
            // The span's last eight bytes, less those before the offset.
            bits = ByteWord(span, at: span.count &- 8).bits &>> UInt64((8 &- left) &* 8)
        } else {
            bits = 0
            var index = span.count
            while index > offset {
                index &-= 1
                bits = bits << 8 | UInt64(span[index])
            }
        }
    }

    /// All of a `span` of at most eight bytes, and zeros.
    @inline(__always)
    init(short span: Span<UInt8>) {
        self.init(span, paddedAt: 0)
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

    /// Upper case letters made lower case. Nothing else is mapped onto a letter, a digit or a hyphen, whatever the bytes,
    /// which makes it exact for comparing field names with the known ones.
    var folded: ByteWord {
        var word = self
        word.bits |= (bits & 0x4040_4040_4040_4040) >> 1
        return word
    }

    /// Index of the first byte that is another than `other`'s; nil when all are equal.
    func firstDifference(from other: ByteWord) -> Int? {
        self == other ? nil : (bits ^ other.bits).trailingZeroBitCount &>> 3
    }

    /// The first `count` bytes, 1...8, and zeros.
    func first(_ count: Int) -> ByteWord {
        var word = self
        word.bits &= ~0 &>> UInt64(truncatingIfNeeded: 64 &- count &* 8)
        return word
    }

    /// The `count` bytes this word has, 0...7, and `byte`. What ends a name tells a name with NUL at its end from one without.
    func ended(by byte: UInt8, at count: Int) -> ByteWord {
        var word = self
        word.bits |= UInt64(byte) &<< UInt64(truncatingIfNeeded: count &* 8)
        return word
    }
}
