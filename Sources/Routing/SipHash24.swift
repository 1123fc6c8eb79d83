/// SipHash-2-4 with a 64-bit result (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012), fed in pieces.
///
/// The state is six words: a copy taken half way is a prepared prefix.
public struct SipHash24: Sendable {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    /// The bytes of the unfinished word, first byte lowest.
    private var pending: UInt64 = 0
    /// Bytes fed so far; only the low eight bits matter.
    private var length: UInt64 = 0

    public init(key0: UInt64, key1: UInt64) {
        v0 = key0 ^ 0x736F_6D65_7073_6575
        v1 = key1 ^ 0x646F_7261_6E64_6F6D
        v2 = key0 ^ 0x6C79_6765_6E65_7261
        v3 = key1 ^ 0x7465_6462_7974_6573
    }

    public mutating func update(_ byte: UInt8) {
        pending |= UInt64(byte) << (8 &* (length & 7))
        length &+= 1
        if length & 7 == 0 {
            compress(pending)
            pending = 0
        }
    }

    public mutating func update(_ bytes: Span<UInt8>) {
        var i = 0
        while i < bytes.count {
            update(bytes[i])
            i &+= 1
        }
    }

    public consuming func finish() -> UInt64 {
        compress(pending | length << 56)
        v2 ^= 0xFF
        for _ in 0..<4 { round() }
        return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func compress(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    @inline(always)
    private mutating func round() {
        v0 &+= v1
        v1 = Self.rotate(v1, 13) ^ v0
        v0 = Self.rotate(v0, 32)
        v2 &+= v3
        v3 = Self.rotate(v3, 16) ^ v2
        v0 &+= v3
        v3 = Self.rotate(v3, 21) ^ v0
        v2 &+= v1
        v1 = Self.rotate(v1, 17) ^ v2
        v2 = Self.rotate(v2, 32)
    }

    @inline(always)
    private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 {
        word << count | word >> (64 &- count)
    }
}
