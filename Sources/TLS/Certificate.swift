internal import COpenSSL

/// A server's certificate with its chain and its private key, read and checked; what is secret in it stays in here.
@safe
public final class Certificate: @unchecked Sendable {
    // Not Sendable by themselves only because they are pointers: OpenSSL counts their references atomically, and nothing changes
    // them any more.
    let leaf: OpaquePointer
    let chain: [OpaquePointer?]
    /// Nil if it is only looked at.
    private let key: OpaquePointer?

    /// The DNS names that it is for, in lower case; wildcards with their star. Without any, its common name, as old clients read it.
    public let names: [String]
    public let keyType: KeyType
    /// Seconds since 1970 (UTC).
    public let notBefore: Int64
    public let notAfter: Int64

    public enum KeyType: String, Sendable, CaseIterable {
        case ecdsa, rsa, ed25519, other
    }

    /// - Parameters:
    ///   - chain: PEM; the server's certificate first, then those between it and the root.
    ///   - key: PEM, without a passphrase.
    public convenience init(chain: [UInt8], key: [UInt8]) throws(CertificateFault) {
        // The context is this function's own.
        let context = unsafe SSL_CTX_new(TLS_server_method())
        defer { unsafe SSL_CTX_free(context) }
        unsafe try self.init(chain: chain, key: key, triedIn: context)
    }

    /// - Parameter context: one that serves nobody; what is wrong may only show when a certificate is put to use, of a key that is too
    ///   weak for instance.
    convenience init(chain: [UInt8], key: [UInt8], triedIn context: OpaquePointer?) throws(CertificateFault) {
        ERR_clear_error()
        let certificates = unsafe try PEM.certificates(chain, atMost: Self.maximumChain)
        let pair: OpaquePointer
        do throws(CertificateFault) {
            unsafe pair = try Self.readKey(key, of: certificates[0])
        } catch {
            for unsafe certificate in unsafe certificates { unsafe X509_free(certificate) }
            throw error
        }
        unsafe self.init(adopting: certificates, key: pair)
        // From here on `deinit` gives them back.
        guard unsafe X509_check_private_key(leaf, self.key) == 1 else {
            ERR_clear_error()
            throw .mismatch
        }
        guard unsafe install(in: context) else { throw .refused(OpenSSLError.take()) }
    }

    /// Takes ownership of parsed certificates, of which there is at least one, and of the key.
    init(adopting certificates: [OpaquePointer], key: OpaquePointer) {
        unsafe leaf = certificates[0]
        unsafe chain = certificates.dropFirst().map { unsafe $0 }
        unsafe self.key = key
        names = unsafe Self.names(of: certificates[0])
        keyType = unsafe Self.keyType(of: key)
        notBefore = unsafe Int64(openssl_seconds(X509_get0_notBefore(certificates[0])))
        notAfter = unsafe Int64(openssl_seconds(X509_get0_notAfter(certificates[0])))
    }

    var hasKey: Bool { unsafe key != nil }

    /// The same without the key, which cannot be served.
    init(withoutKey other: Certificate) {
        unsafe leaf = other.leaf
        unsafe chain = other.chain
        unsafe key = nil
        (names, keyType) = (other.names, other.keyType)
        (notBefore, notAfter) = (other.notBefore, other.notAfter)
        for unsafe certificate in unsafe [leaf] + chain { unsafe X509_up_ref(certificate) }
    }

    deinit {
        // Each holds a reference of its own.
        unsafe X509_free(leaf)
        for unsafe certificate in unsafe chain { unsafe X509_free(certificate) }
        unsafe EVP_PKEY_free(key)
    }

    /// Whether a client that asks for `host` accepts it, as far as the name goes (RFC 6125).
    public func isFor(_ host: String) -> Bool {
        var host = host
        // OpenSSL reads the name during the call only.
        return host.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { name in
                unsafe X509_check_host(leaf, name.baseAddress, name.count, 0, nil) == 1
            }
        }
    }

    /// Whether its issuer wants clients to refuse it without an `OCSPResponse` (RFC 7633).
    public var mustStaple: Bool { unsafe openssl_must_staple(leaf) == 1 }

    /// The certificate of its issuer, as far as that came with it. Lives as long as this object.
    var issuer: OpaquePointer? {
        for unsafe candidate in unsafe chain + [leaf] where unsafe X509_check_issued(candidate, leaf) == X509_V_OK { return unsafe candidate }
        return nil
    }

    // MARK: Reading

    /// Certificates of one chain: real ones have up to four.
    private static let maximumChain = 16

    private static func readKey(_ pem: [UInt8], of leaf: OpaquePointer) throws(CertificateFault) -> OpaquePointer {
        guard PEM.contains("PRIVATE KEY-----", pem) else { throw .noKey }
        // To find out the kind of a key takes OpenSSL four times as long as to read one that is of the certificate's kind.
        if let key = unsafe PEM.withBIO(pem, { bio in unsafe openssl_read_key(bio, leaf, PEM.refusePassphrase) }) { return unsafe key }
        ERR_clear_error()
        var isEncrypted = false
        // The flag is written during the call only.
        let key = unsafe withUnsafeMutablePointer(to: &isEncrypted) { flag in
            unsafe PEM.withBIO(pem) { bio in unsafe PEM_read_bio_PrivateKey(bio, nil, PEM.refusePassphrase, flag) }
        }
        guard let key = unsafe key else {
            let reason = OpenSSLError.take()
            throw isEncrypted ? .encryptedKey : .malformedKey(reason)
        }
        ERR_clear_error()
        return unsafe key
    }

    /// What tells it from others: the digest of all its certificates.
    var fingerprint: String {
        var text = unsafe DigestText(of: leaf)
        for unsafe certificate in unsafe chain { unsafe text.append(certificate) }
        return text.value
    }

    /// Makes a context serve it, beside those of other key types.
    func install(in context: OpaquePointer?) -> Bool {
        // The context takes references of its own.
        guard unsafe SSL_CTX_use_certificate(context, leaf) == 1, unsafe SSL_CTX_use_PrivateKey(context, key) == 1 else { return false }
        return unsafe chain.withUnsafeBufferPointer { chain in
            unsafe openssl_set_chain(context, chain.baseAddress, CInt(clamping: chain.count)) == 1
        }
    }

    // MARK: What it says

    private static func names(of leaf: OpaquePointer) -> [String] {
        var space = [UInt8](repeating: 0, count: 256)
        let count = unsafe min(openssl_dns_name_count(leaf), maximumNames)
        var names: [String] = []
        for number in 0..<count {
            // It writes at most as much as there is room.
            let length = unsafe space.withUnsafeMutableBufferPointer { room in
                unsafe openssl_dns_name(leaf, number, room.baseAddress, CInt(room.count))
            }
            if length > 0 { names.append(String(decoding: space.prefix(Int(length)), as: UTF8.self).lowercased()) }
        }
        guard names.isEmpty else { return names }
        let length = unsafe space.withUnsafeMutableBytes { room in
            unsafe X509_NAME_get_text_by_NID(
                X509_get_subject_name(leaf), NID_commonName, room.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(room.count))
        }
        return length > 0 ? [String(decoding: space.prefix(Int(length)), as: UTF8.self).lowercased()] : []
    }

    /// More than any authority puts into one.
    private static let maximumNames: CInt = 1000

    private static func keyType(of key: OpaquePointer) -> KeyType {
        switch unsafe EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_EC: .ecdsa
        case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS: .rsa
        case EVP_PKEY_ED25519: .ed25519
        default: .other
        }
    }
}
