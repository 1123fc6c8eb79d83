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

    /// Why OpenSSL does not take a list; nil if it does.
    public static func problem(of list: String) -> String? {
        ERR_clear_error()
        // The context is this function's own.
        let context = unsafe SSL_CTX_new(TLS_server_method())
        defer { unsafe SSL_CTX_free(context) }
        return unsafe SSL_CTX_set_cipher_list(context, list) == 1 ? nil : OpenSSLError.take()
    }
}
