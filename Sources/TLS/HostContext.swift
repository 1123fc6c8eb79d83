internal import COpenSSL

/// One of OpenSSL's contexts: what the hosts of one set are served with. A configuration that serves them as the one before did has it
/// from there, as making one takes more than half a millisecond.
@safe
final class HostContext: @unchecked Sendable {
    // Not Sendable by itself only because it is a pointer: OpenSSL counts references to contexts atomically and locks what handshakes
    // change in them (the session cache).
    let pointer: OpaquePointer
    private let served: HostCertificates
    /// What the context's callback points to.
    private let staples: Staples?

    init(_ settings: TLSSettings, _ served: HostCertificates) throws(TLSSettingsFault) {
        ERR_clear_error()
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else { throw .certificate(served.source, OpenSSLError.take()) }
        unsafe pointer = context
        self.served = served
        staples = Staples(served.responses)
        // From here on `deinit` gives the context back.
        try apply(settings)
        for certificate in served.certificates {
            guard unsafe certificate.install(in: pointer) else { throw .certificate(served.source, OpenSSLError.take()) }
        }
        if let clients = served.clients, unsafe !clients.install(in: pointer) {
            throw .certificate(served.source, OpenSSLError.take())
        }
        unsafe staples?.install(in: pointer)
        // A session is only resumed where certificates of the same source are served, and clients' ones checked alike (CVE-2014-3616).
        // And only by the settings it was made with, as OpenSSL goes on with a cipher that is no longer listed. Those are no part of
        // `identity`, by which requests on connections from before a reload are told to be in the right place.
        let identity = SessionIdentity(served.sessionText + " " + settings.sessionText)
        // OpenSSL copies it.
        unsafe identity.bytes.span.withUnsafeBufferPointer { bytes in
            _ = unsafe SSL_CTX_set_session_id_context(pointer, bytes.baseAddress, UInt32(bytes.count))
        }
    }

    var sessionNumber: UInt64 { served.sessionNumber }

    deinit { unsafe SSL_CTX_free(pointer) }

    /// Whether one made for `other`, with the same settings, would be the same.
    func serves(_ other: HostCertificates) -> Bool {
        served.sessionText == other.sessionText && served.certificates.elementsEqual(other.certificates, by: ===)
            && served.responses.elementsEqual(other.responses) { $0.certificate === $1.certificate && $0.bytes == $1.bytes }
    }

    // MARK: Making

    private func apply(_ settings: TLSSettings) throws(TLSSettingsFault) {
        unsafe openssl_set_versions(pointer, settings.minimumVersion.number)
        unsafe openssl_set_modes(pointer)
        unsafe openssl_set_options(pointer, settings.tickets ? 1 : 0, served.ciphers?.isOurOrder == false ? 0 : 1)
        guard unsafe SSL_CTX_set_cipher_list(pointer, served.ciphers?.list ?? settings.ciphers.joined(separator: ":")) == 1 else {
            throw .ciphers(OpenSSLError.take())
        }
        guard unsafe SSL_CTX_set_ciphersuites(pointer, settings.cipherSuites.joined(separator: ":")) == 1 else {
            throw .cipherSuites(OpenSSLError.take())
        }
        guard unsafe openssl_set_groups(pointer, settings.curves.joined(separator: ":")) == 1 else {
            throw .curves(OpenSSLError.take())
        }
        // Of a client's certificates. A session takes over the first context's, whatever host it is for.
        unsafe openssl_set_longest_chain(pointer, ClientVerification.longestChain)
        unsafe openssl_set_session_cache(pointer, Self.cachedSessions, TicketKeys.sessionLifetime)
        unsafe SSL_CTX_set_num_tickets(pointer, 1)
        unsafe SSL_CTX_set_max_early_data(pointer, 0)
        unsafe TicketKeys.install(in: pointer)
        unsafe SSL_CTX_set_alpn_select_cb(pointer, Self.selectProtocol, nil)
        unsafe TLSAlertTally.install(in: pointer)
    }

    /// Sessions of clients that cannot keep tickets; each takes about half a kilobyte.
    private static let cachedSessions = 8192

    /// HTTP/1.1, or nothing: a client that asks for other protocols only is told so (RFC 7301 section 3.2).
    private static let selectProtocol: SSL_CTX_alpn_select_cb_func = { _, chosen, length, offered, count, _ in
        guard let chosen = unsafe chosen, let length = unsafe length, let offered = unsafe offered else { return SSL_TLSEXT_ERR_NOACK }
        // The list outlives the callback, as the answer, which points into it, has to.
        let list = unsafe UnsafeBufferPointer(start: offered, count: Int(count))
        guard let found = unsafe ProtocolList.find("http/1.1", in: list.span) else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        unsafe chosen.pointee = offered + found.lowerBound
        unsafe length.pointee = UInt8(found.count)
        return SSL_TLSEXT_ERR_OK
    }
}
