internal import Addressing
internal import COpenSSL

/// Everything TLS connections of clients are served with: made once for each configuration, never changed, shared by all workers.
///
/// Connections hold on to the context that they began with, so that a new one takes nobody's connection.
@safe
public final class TLSContext: @unchecked Sendable {
    // Not Sendable by itself only because of the pointers: OpenSSL counts references to contexts atomically and locks what
    // handshakes change in them (the session cache); nothing else changes after `init`.

    /// What sessions begin with; serves the default certificate.
    let base: OpaquePointer
    /// What they go on with, by the number that `hosts` finds.
    private let contexts: [OpaquePointer]
    /// Whose they are, and whose the base is, by the same numbers.
    private let identities: [UInt64]
    private let baseIdentity: UInt64
    private let hosts: HostNameTable
    /// What the contexts' callbacks point to.
    private let staples: [Staples]
    /// For clients that name no host: the only certificate, if there is just one.
    private let unnamed: Int?

    /// - Parameters:
    ///   - certificates: by host; of a host that is there twice the first counts.
    ///   - fallback: what all other hosts get.
    public init(
        _ settings: TLSSettings, _ certificates: [HostCertificates], fallback: HostCertificates
    ) throws(TLSSettingsFault) {
        var made: [OpaquePointer] = unsafe []
        do throws(TLSSettingsFault) {
            for set in [fallback] + certificates { unsafe made.append(try Self.context(settings, set)) }
        } catch {
            for unsafe context in unsafe made { unsafe SSL_CTX_free(context) }
            throw error
        }
        staples = unsafe zip([fallback] + certificates, made).compactMap { set, context in
            let staples = Staples(set.responses)
            unsafe staples?.install(in: context)
            return staples
        }
        unsafe base = made[0]
        unsafe contexts = Array(made.dropFirst())
        identities = certificates.map(\.identity)
        baseIdentity = fallback.identity
        hosts = HostNameTable(certificates.indices.flatMap { index in certificates[index].hosts.map { ($0, index) } })
        unnamed = certificates.count == 1 ? 0 : nil
        // Every session keeps its `TLSContext` alive, so that what the callback gets is there.
        unsafe SSL_CTX_set_client_hello_cb(base, Self.clientHello, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        unsafe SSL_CTX_free(base)
        for unsafe context in unsafe contexts { unsafe SSL_CTX_free(context) }
    }

    // MARK: Making

    private static func context(_ settings: TLSSettings, _ set: HostCertificates) throws(TLSSettingsFault) -> OpaquePointer {
        ERR_clear_error()
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else { throw .certificate(set.source, OpenSSLError.take()) }
        do throws(TLSSettingsFault) {
            unsafe try apply(settings, set.ciphers, to: context)
            for certificate in set.certificates {
                guard unsafe certificate.install(in: context) else { throw .certificate(set.source, OpenSSLError.take()) }
            }
            if let clients = set.clients, unsafe !clients.install(in: context) {
                throw .certificate(set.source, OpenSSLError.take())
            }
        } catch {
            unsafe SSL_CTX_free(context)
            throw error
        }
        // A session is only resumed where the same certificates are served, and clients' ones checked alike (CVE-2014-3616).
        let identity = set.sessionIdentity
        // OpenSSL copies it.
        unsafe identity.bytes.span.withUnsafeBufferPointer { bytes in
            _ = unsafe SSL_CTX_set_session_id_context(context, bytes.baseAddress, UInt32(bytes.count))
        }
        return unsafe context
    }

    private static func apply(
        _ settings: TLSSettings, _ ciphers: CipherPreference?, to context: OpaquePointer
    ) throws(TLSSettingsFault) {
        unsafe openssl_set_versions(context, settings.minimumVersion.number)
        unsafe openssl_set_modes(context)
        unsafe openssl_set_options(context, settings.tickets ? 1 : 0, ciphers?.isOurOrder == false ? 0 : 1)
        guard unsafe SSL_CTX_set_cipher_list(context, ciphers?.list ?? settings.ciphers.joined(separator: ":")) == 1 else {
            throw .ciphers(OpenSSLError.take())
        }
        guard unsafe SSL_CTX_set_ciphersuites(context, settings.cipherSuites.joined(separator: ":")) == 1 else {
            throw .cipherSuites(OpenSSLError.take())
        }
        guard unsafe openssl_set_groups(context, settings.curves.joined(separator: ":")) == 1 else {
            throw .curves(OpenSSLError.take())
        }
        unsafe openssl_set_session_cache(context, cachedSessions, TicketKeys.sessionLifetime)
        unsafe SSL_CTX_set_num_tickets(context, 1)
        unsafe SSL_CTX_set_max_early_data(context, 0)
        unsafe TicketKeys.install(in: context)
        unsafe SSL_CTX_set_alpn_select_cb(context, selectProtocol, nil)
        unsafe TLSAlertTally.install(in: context)
    }

    /// Sessions of clients that cannot keep tickets; each takes about half a kilobyte.
    private static let cachedSessions = 8192

    // MARK: Choosing

    /// Runs before a session is looked for, so that none is resumed under another certificate.
    private static let clientHello: SSL_client_hello_cb_fn = { session, _, argument in
        guard let session = unsafe session, let argument = unsafe argument else { return SSL_CLIENT_HELLO_ERROR }
        // The session holds on to the context.
        let context = unsafe Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue()
        return unsafe context.choose(for: session)
    }

    private func choose(for session: OpaquePointer) -> CInt {
        var start: UnsafePointer<UInt8>?
        var count = 0
        var chosen = unnamed
        if unsafe SSL_client_hello_get0_ext(session, UInt32(TLSEXT_TYPE_server_name), &start, &count) == 1 {
            // The extension's bytes stay in place during the callback.
            let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
            guard let name = unsafe ServerNameExtension.hostName(in: bytes.span) else {
                return SSL_CLIENT_HELLO_ERROR
            }
            chosen = unsafe hosts.find(bytes.span.extracting(name))
        }
        guard let chosen else { return unsafe prepare(session, base) }
        let context = unsafe contexts[chosen]
        guard unsafe SSL_set_SSL_CTX(session, context) != nil else { return SSL_CLIENT_HELLO_ERROR }
        // What a session has taken over from its first context by then; its ciphers are always its context's.
        unsafe SSL_clear_options(session, SSL_get_options(session) & ~SSL_CTX_get_options(context))
        unsafe SSL_set_options(session, SSL_CTX_get_options(context))
        unsafe SSL_set_verify(session, SSL_CTX_get_verify_mode(context), SSL_CTX_get_verify_callback(context))
        unsafe SSL_set_verify_depth(session, SSL_CTX_get_verify_depth(context))
        return unsafe prepare(session, context)
    }

    private func prepare(_ session: OpaquePointer, _ context: OpaquePointer) -> CInt {
        if unsafe SSL_CTX_get_verify_mode(context) != SSL_VERIFY_NONE { unsafe ClientVerification.forbidResumption(of: session) }
        return SSL_CLIENT_HELLO_SUCCESS
    }

    /// Whose certificates a session has come to.
    func identity(of session: OpaquePointer) -> UInt64 {
        let own = unsafe SSL_get_SSL_CTX(session)
        return unsafe contexts.firstIndex { unsafe $0 == own }.map { identities[$0] } ?? baseIdentity
    }

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
