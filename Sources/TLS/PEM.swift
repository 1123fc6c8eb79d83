internal import COpenSSL

/// Reading what is in PEM form.
enum PEM {
    /// The certificates of a text, each the caller's to free. More than `limit` are not read.
    static func certificates(_ pem: [UInt8], atMost limit: Int) throws(CertificateFault) -> [OpaquePointer] {
        var certificates: [OpaquePointer] = unsafe []
        unsafe withBIO(pem) { bio in
            while unsafe certificates.count < limit, let certificate = unsafe PEM_read_bio_X509(bio, nil, refusePassphrase, nil) {
                unsafe certificates.append(certificate)
            }
        }
        let code = ERR_peek_error()
        let isAtEnd = openssl_library(code) == ERR_LIB_PEM && openssl_reason(code) == PEM_R_NO_START_LINE
        if isAtEnd || code == 0 {
            ERR_clear_error()
            guard unsafe certificates.isEmpty else { return unsafe certificates }
            throw .noCertificate
        }
        for unsafe certificate in unsafe certificates { unsafe X509_free(certificate) }
        throw .malformedCertificate(OpenSSLError.take())
    }

    typealias PassphraseCallback = @convention(c) (UnsafeMutablePointer<CChar>?, CInt, CInt, UnsafeMutableRawPointer?) -> CInt

    /// OpenSSL would ask for a passphrase on the terminal. Notes that it would have, where there is a flag for that.
    static let refusePassphrase: PassphraseCallback = { _, _, _, flag in
        // The flag is that of whoever reads a key.
        unsafe flag?.assumingMemoryBound(to: Bool.self).pointee = true
        return -1
    }

    static func contains(_ words: StaticString, _ text: [UInt8]) -> Bool {
        let count = words.utf8CodeUnitCount
        return words.withUTF8Buffer { words in
            // A slice is compared with as many bytes.
            text.count >= count && (0...text.count - count).contains { start in
                unsafe words.elementsEqual(text[start..<start + count])
            }
        }
    }

    /// Lends OpenSSL bytes as if they were a file.
    static func withBIO<R>(_ bytes: [UInt8], _ body: (OpaquePointer?) -> R) -> R {
        // The BIO reads the array's memory and is gone before it.
        unsafe bytes.withUnsafeBytes { bytes in
            let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, CInt(clamping: bytes.count))
            defer { unsafe BIO_free(bio) }
            return unsafe body(bio)
        }
    }
}

/// Digests of certificates (SHA-256), in hexadecimal digits, one behind the other.
struct DigestText {
    private(set) var value = ""

    init(of certificate: OpaquePointer?) { unsafe append(certificate) }

    mutating func append(_ certificate: OpaquePointer?) {
        var digest = [UInt8](repeating: 0, count: 32)
        // SHA-256 writes 32 bytes.
        unsafe digest.withUnsafeMutableBufferPointer { space in
            var count: UInt32 = 0
            _ = unsafe X509_digest(certificate, EVP_sha256(), space.baseAddress, &count)
        }
        for byte in digest {
            value.append(Character(Unicode.Scalar(Self.digit(byte >> 4))))
            value.append(Character(Unicode.Scalar(Self.digit(byte & 15))))
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}
