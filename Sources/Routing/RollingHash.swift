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

    @inline(always)
    var value: UInt64 {
        let mixed = (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9
        return mixed ^ mixed >> 32
    }
}
