internal import COpenSSL

enum SHA256 {
    static func digest(of bytes: [UInt8]) -> InlineArray<32, UInt8> {
        var digest = InlineArray<32, UInt8>(repeating: 0)
        var space = digest.mutableSpan
        // It writes 32 bytes.
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe space.withUnsafeMutableBufferPointer { space in
                _ = unsafe EVP_Q_digest(nil, "SHA256", nil, bytes.baseAddress, bytes.count, space.baseAddress, nil)
            }
        }
        return digest
    }
}
