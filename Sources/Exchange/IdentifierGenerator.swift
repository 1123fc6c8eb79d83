/// Makes ids of 128 bits: unique enough to find a request in three logs or to tell clients apart, not secrets.
struct IdentifierGenerator {
    private var state: (UInt64, UInt64)

    init(seed: (UInt64, UInt64)) {
        // An all-zero state would stay zero.
        state = seed.0 | seed.1 == 0 ? (0x9E37_79B9_7F4A_7C15, 1) : seed
    }

    /// The next 128 bits of xoroshiro128+ (Blackman and Vigna), each half scrambled once more.
    mutating func next() -> (UInt64, UInt64) { (nextHalf(), nextHalf()) }

    private mutating func nextHalf() -> UInt64 {
        let (s0, s1) = state
        let result = s0 &+ s1
        let mixed = s1 ^ s0
        state = (rotated(s0, 24) ^ mixed ^ (mixed << 16), rotated(mixed, 37))
        let scrambled = (result ^ (result >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return scrambled ^ (scrambled >> 32)
    }

    private func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }
}
