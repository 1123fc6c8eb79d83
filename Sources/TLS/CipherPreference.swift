internal import COpenSSL

/// What some hosts agree on with clients in another way than `TLSSettings` says.
public struct CipherPreference: Equatable, Sendable {
    /// For TLS 1.2, in OpenSSL's notation; nil: as the settings say.
    public var list: String?
    /// Whether our order counts, and not the client's; nil: ours.
    public var isOurOrder: Bool?

    public init(list: String? = nil, isOurOrder: Bool? = nil) {
        self.list = list
        self.isOurOrder = isOurOrder
    }

    var identity: String { "\(list ?? "") \(isOurOrder ?? true)" }

    /// Why OpenSSL does not take a list, or has no use for any of it; nil if it has.
    public static func problem(of list: String) -> String? {
        ERR_clear_error()
        // The context is this function's own.
        let context = unsafe SSL_CTX_new(TLS_server_method())
        defer { unsafe SSL_CTX_free(context) }
        guard unsafe SSL_CTX_set_cipher_list(context, list) == 1 else { return OpenSSLError.take() }
        return unsafe openssl_usable_count(context, 1, 0) > 0 ? nil : TLSSettings.usableCiphers
    }

    /// Whether a certificate's key goes with any of a list that OpenSSL takes.
    public static func fits(_ type: Certificate.KeyType, _ list: String) -> Bool {
        let authentication: CInt
        switch type {
        case .rsa: authentication = NID_auth_rsa
        case .ecdsa, .ed25519: authentication = NID_auth_ecdsa
        case .other: return true
        }
        ERR_clear_error()
        // The context is this function's own.
        let context = unsafe SSL_CTX_new(TLS_server_method())
        defer { unsafe SSL_CTX_free(context) }
        return unsafe SSL_CTX_set_cipher_list(context, list) == 1 && openssl_usable_count(context, 1, authentication) > 0
    }
}
