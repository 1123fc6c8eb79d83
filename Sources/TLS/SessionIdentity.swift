internal import COpenSSL

/// What sessions of the same certificates have in common: the digest of where those come from.
struct SessionIdentity {
    let bytes: InlineArray<32, UInt8>

    /// Its first eight bytes.
    var number: UInt64 {
        var number: UInt64 = 0
        for index in 0..<8 { number = number << 8 | UInt64(bytes[index]) }
        return number
    }

    init(_ source: String) {
        var digest = InlineArray<32, UInt8>(repeating: 0)
        let text = Array(source.utf8)
        var space = digest.mutableSpan
        // SHA-256 writes 32 bytes.
        unsafe text.withUnsafeBytes { text in
            unsafe space.withUnsafeMutableBufferPointer { space in
                _ = unsafe EVP_Q_digest(nil, "SHA256", nil, text.baseAddress, text.count, space.baseAddress, nil)
            }
        }
        bytes = digest
    }
}
