internal import COpenSSL

/// Everything that connections to upstreams with the same settings have in common: made once, never changed, shared by all workers. Goes
/// from load to load, unless it trusts the system's authorities.
@safe
public final class UpstreamTLSContext: @unchecked Sendable {
    // Not Sendable by itself only because it is a pointer: OpenSSL counts references to contexts atomically, sessions are not kept
    // in it, and nothing else changes after `init`.
    let context: OpaquePointer
    /// As `UpstreamTLSSettings.identity`: connections and sessions are only shared where it is the same.
    public let identity: String
    let isVerified: Bool

    public init(_ settings: UpstreamTLSSettings) throws(TLSSettingsFault) {
        ERR_clear_error()
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else { throw .ciphers(OpenSSLError.take()) }
        do throws(TLSSettingsFault) {
            unsafe try Self.apply(settings, to: context)
        } catch {
            unsafe SSL_CTX_free(context)
            throw error
        }
        unsafe self.context = context
        identity = settings.identity
        isVerified = settings.isVerified
    }

    deinit { unsafe SSL_CTX_free(context) }

    private static func apply(_ settings: UpstreamTLSSettings, to context: OpaquePointer) throws(TLSSettingsFault) {
        unsafe openssl_set_client_versions(context, settings.minimumVersion.number, settings.maximumVersion.number)
        unsafe openssl_set_modes(context)
        unsafe openssl_set_client_options(context)
        guard unsafe SSL_CTX_set_cipher_list(context, settings.ciphers) == 1 else { throw .ciphers(OpenSSLError.take()) }
        guard unsafe settings.minimumVersion == .tls13 || openssl_usable_count(context, 0, 0) > 0 else {
            throw .ciphers("of use are those with certificates, and without shared secrets")
        }
        if let certificate = settings.certificate, unsafe !certificate.install(in: context) {
            throw .certificate("the certificate for upstreams", OpenSSLError.take())
        }
        switch settings.trust {
        case .anybody:
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        case .those(let authorities):
            guard unsafe authorities.install(in: context) else { throw .certificate("the authorities", OpenSSLError.take()) }
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        case .system:
            guard unsafe SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw .certificate("the system's authorities", OpenSSLError.take())
            }
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        }
        unsafe SSL_CTX_set_verify_depth(context, CInt(clamping: settings.depth))
        let protocols = ProtocolList.http11
        // OpenSSL copies them.
        _ = unsafe protocols.withUnsafeBufferPointer { unsafe SSL_CTX_set_alpn_protos(context, $0.baseAddress, UInt32($0.count)) }
        unsafe TLSAlertTally.install(in: context)
        unsafe openssl_keep_sessions(context) { ssl, session in unsafe TLSSession.keep(session, of: ssl) }
    }
}
