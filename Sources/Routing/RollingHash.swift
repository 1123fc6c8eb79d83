/// A hash that grows with its input, so that every prefix of a path has its value on the way.
///
/// Not for keys that strangers choose: the tables it serves hold configured keys only, every hit is compared in full, and a
/// probe sequence is as long as the longest one found when the table was built.
struct RollingHash {
    private var state: UInt64

    /// Different groups of one table (hosts) start from different states.
    @inline(always)
    init(seed: UInt64, group: UInt32) {
        state = (seed ^ UInt64(group)) &* 0xD6E8_FEB8_6659_FD93
    }

    @inline(always)
    mutating func update(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x9FB2_1C65_1E98_DF25
    }

    /// All of a key at once, eight bytes at a time, upper case ASCII as its lower case: another value than byte after byte.
    @inline(always)
    mutating func update(wholeFolded key: Span<UInt8>) {
        var index = 0
        while key.count &- index >= 8 {
            update(word: Self.folded(Self.word(key, at: index)))
            index &+= 8
        }
        if key.count >= 8 {
            // The last eight, some of them once more.
            return update(word: Self.folded(Self.word(key, at: key.count &- 8)))
        }
        var rest: UInt64 = 0
        while index < key.count {
            rest = rest << 8 | UInt64(ASCII.lowercase(key[index]))
            index &+= 1
        }
        update(word: rest)
    }

    @inline(always)
    private mutating func update(word: UInt64) {
        state = (state ^ word) &* 0x9FB2_1C65_1E98_DF25
        state ^= state >> 32
    }

    /// The eight bytes from `offset` on; fewer there are a programmer's error.
    @inline(always)
    static func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
        // The load tests its bounds; unsafe is only what it might be read as, and any eight bytes are a number.
        UInt64(littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Eight bytes with A...Z made lower case, and nothing else changed.
    @inline(always)
    static func folded(_ word: UInt64) -> UInt64 {
        let low = word & 0x7F7F_7F7F_7F7F_7F7F
        // Sums of seven bits never carry into the next byte: a top bit says that the byte is at least A, or beyond Z.
        let upper = (low &+ 0x3F3F_3F3F_3F3F_3F3F) & ~(low &+ 0x2525_2525_2525_2525) & ~word & 0x8080_8080_8080_8080
        return word | upper >> 2
    }

    @inline(always)
    var value: UInt64 {
        let mixed = (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9
        return mixed ^ mixed >> 32
    }
}
