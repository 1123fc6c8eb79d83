/// The weight rule's roll for a client: the same in every process and replica, and different for every canary.
///
/// The roll is SipHash-2-4 under a fixed key over the salt (`namespace/name` of the canary Ingress, or its seed), a NUL and
/// the client key. A key of several parts is each part after its length in four bytes, lowest first, so that ("a", "bc") and
/// ("ab", "c") are two keys. Changing the key or the order would move every client of every canary at an upgrade: never do it.
public enum WeightedHash {
    /// The hash after the salt and the NUL, ready for a client key.
    public static func prepared(salt: Span<UInt8>) -> SipHash24 {
        // The ASCII text "serin.dev/canary" as two little-endian words.
        var hash = SipHash24(key0: 0x6564_2E6E_6972_6573, key1: 0x7972_616E_6163_2F76)
        hash.update(salt)
        hash.update(0)
        return hash
    }

    public static func roll(salt: Span<UInt8>, key: Span<UInt8>) -> UInt64 {
        var hash = prepared(salt: salt)
        hash.update(key)
        return hash.finish()
    }

    /// One part of a key of several.
    static func add(_ part: Span<UInt8>, to hash: inout SipHash24) {
        let count = UInt32(truncatingIfNeeded: part.count)
        for byte in 0..<4 as Range<UInt32> { hash.update(UInt8(truncatingIfNeeded: count >> (8 &* byte))) }
        hash.update(part)
    }
}
