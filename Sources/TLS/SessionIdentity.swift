/// What sessions of the same certificates have in common: the digest of where those come from.
struct SessionIdentity {
    let bytes: InlineArray<32, UInt8>

    /// Its first eight bytes.
    var number: UInt64 {
        var number: UInt64 = 0
        for index in 0..<8 { number = number << 8 | UInt64(bytes[index]) }
        return number
    }

    init(_ source: String) { bytes = SHA256.digest(of: Array(source.utf8)) }
}
