internal import COpenSSL

/// Reading what is in PEM form.
enum PEM {
    /// The certificates of a text, each the caller's to free. More than `limit` are not read.
    static func certificates(_ pem: [UInt8], atMost limit: Int) throws(CertificateFault) -> [OpaquePointer] {
        do throws(Fault) {
            return try unsafe all(of: pem, atMost: limit, X509_free) { unsafe PEM_read_bio_X509($0, nil, refusePassphrase, nil) }
        } catch {
            throw error == .none ? .noCertificate : .malformedCertificate(OpenSSLError.take())
        }
    }

    /// The revocation lists of a text, in the same way.
    static func revocationLists(_ pem: [UInt8], atMost limit: Int) throws(CertificateFault) -> [OpaquePointer] {
        do throws(Fault) {
            return try unsafe all(of: pem, atMost: limit, X509_CRL_free) { unsafe PEM_read_bio_X509_CRL($0, nil, refusePassphrase, nil) }
        } catch {
            throw error == .none ? .noRevocationList : .malformedRevocationList(OpenSSLError.take())
        }
    }

    private enum Fault: Error { case none, malformed }

    private static func all(
        of pem: [UInt8], atMost limit: Int, _ free: (OpaquePointer?) -> Void, _ read: (OpaquePointer?) -> OpaquePointer?
    ) throws(Fault) -> [OpaquePointer] {
        var found: [OpaquePointer] = unsafe []
        unsafe withBIO(pem) { bio in
            while unsafe found.count < limit, let next = unsafe read(bio) { unsafe found.append(next) }
        }
        if isAtEnd {
            guard unsafe found.isEmpty else { return unsafe found }
            throw .none
        }
        for unsafe one in unsafe found { unsafe free(one) }
        throw .malformed
    }

    /// Whether the reading has ended because there was no more to read, which OpenSSL notes as an error.
    private static var isAtEnd: Bool {
        let code = ERR_peek_error()
        guard code == 0 || openssl_library(code) == ERR_LIB_PEM && openssl_reason(code) == PEM_R_NO_START_LINE else { return false }
        ERR_clear_error()
        return true
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

/// Digests of certificates and revocation lists (SHA-256), in hexadecimal digits, one behind the other.
struct DigestText {
    private(set) var value = ""

    init() {}

    init(of certificate: OpaquePointer?) { unsafe append(certificate) }

    mutating func append(_ certificate: OpaquePointer?) {
        unsafe append { space, count in unsafe X509_digest(certificate, EVP_sha256(), space, count) }
    }

    mutating func append(list: OpaquePointer?) {
        unsafe append { space, count in unsafe X509_CRL_digest(list, EVP_sha256(), space, count) }
    }

    private mutating func append(_ write: (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt32>) -> CInt) {
        var digest = [UInt8](repeating: 0, count: 32)
        // SHA-256 writes 32 bytes.
        unsafe digest.withUnsafeMutableBufferPointer { space in
            var count: UInt32 = 0
            _ = unsafe write(space.baseAddress, &count)
        }
        for byte in digest {
            value.append(Character(Unicode.Scalar(Self.digit(byte >> 4))))
            value.append(Character(Unicode.Scalar(Self.digit(byte & 15))))
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}
