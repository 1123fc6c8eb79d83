internal import COpenSSL

/// Whether OpenSSL knows a name by itself: in a list it passes over those that it does not know.
extension TLSSettings {
    /// Of exactly one cipher of TLS 1.2; names of several ones (`ALL`) are none.
    public static func isCipher(_ name: String) -> Bool {
        unsafe tried { context in
            // Without those of TLS 1.3, which stand beside any list.
            unsafe SSL_CTX_set_ciphersuites(context, "") == 1 && SSL_CTX_set_cipher_list(context, name) == 1
                && openssl_cipher_count(context, 0) == 1
        }
    }

    /// Whether a handshake of ours can come to a cipher, which OpenSSL knows.
    public static func isUsable(_ cipher: String) -> Bool {
        unsafe tried { context in
            unsafe SSL_CTX_set_cipher_list(context, cipher) == 1 && openssl_usable_count(context, 1, 0) > 0
        }
    }

    /// Which these are.
    public static let usableCiphers = "of use are those with RSA or ECDSA certificates whose keys are agreed on by ECDHE or RSA"

    /// Of a cipher suite of TLS 1.3, as RFC 8446 names it.
    public static func isCipherSuite(_ name: String) -> Bool {
        unsafe tried { context in
            unsafe SSL_CTX_set_ciphersuites(context, name) == 1 && openssl_cipher_count(context, 1) == 1
        }
    }

    public static func isCurve(_ name: String) -> Bool {
        unsafe tried { context in unsafe openssl_set_groups(context, name) == 1 }
    }

    /// What comes of it in a context that has nothing else in it.
    private static func tried(_ body: (OpaquePointer?) -> Bool) -> Bool {
        ERR_clear_error()
        // The context is this function's own.
        let context = unsafe SSL_CTX_new(TLS_server_method())
        defer {
            unsafe SSL_CTX_free(context)
            ERR_clear_error()
        }
        return unsafe body(context)
    }
}
