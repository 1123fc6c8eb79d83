internal import Addressing
internal import COpenSSL

/// Everything TLS connections of clients are served with: made once for each configuration, never changed, shared by all workers.
///
/// Connections hold on to the context that they began with, so that a new one takes nobody's connection.
@safe
public final class TLSContext: @unchecked Sendable {
    // Not Sendable by itself only because of the pointers, which are those of `sets`; nothing changes after `init`.

    /// What sessions begin with; serves the default certificate.
    let base: OpaquePointer
    /// What they go on with, by the number that `hosts` finds.
    private let contexts: [OpaquePointer]
    /// Whose they are, and whose the base is, by the same numbers.
    private let identities: [UInt64]
    private let baseIdentity: UInt64
    private let hosts: HostNameTable
    /// For clients that name no host: the only certificate, if there is just one.
    private let unnamed: Int?

    private let settings: TLSSettings
    /// Keep the contexts alive.
    private let fallback: HostContext
    let sets: [HostContext]

    /// - Parameters:
    ///   - certificates: by host; of a host that is there twice the first counts.
    ///   - fallback: what all other hosts get.
    ///   - former: of the configuration before, whose work need not be done again.
    public init(
        _ settings: TLSSettings, _ certificates: [HostCertificates], fallback: HostCertificates, after former: TLSContext? = nil
    ) throws(TLSSettingsFault) {
        var known: [UInt64: HostContext] = [:]
        if let former, former.settings == settings { for set in former.sets { known[set.sessionNumber] = set } }
        self.settings = settings
        // Its callback tells this configuration from others: it is always a new one.
        self.fallback = try HostContext(settings, fallback)
        var sets: [HostContext] = []
        for set in certificates {
            // Each has one of its own: sessions are told apart by it.
            if let context = known.removeValue(forKey: set.sessionNumber), context.serves(set) {
                sets.append(context)
            } else {
                sets.append(try HostContext(settings, set))
            }
        }
        self.sets = sets
        unsafe contexts = sets.map { unsafe $0.pointer }
        unsafe base = self.fallback.pointer
        identities = certificates.map(\.identity)
        baseIdentity = fallback.identity
        hosts = HostNameTable(certificates.indices.flatMap { index in certificates[index].hosts.map { ($0, index) } })
        unnamed = Self.only(certificates, beside: fallback)
        // Every session keeps its `TLSContext` alive, so that what the callback gets is there.
        unsafe SSL_CTX_set_client_hello_cb(base, Self.clientHello, Unmanaged.passUnretained(self).toOpaque())
    }

    /// The number of what is served to clients that name no host, if hosts have only one certificate (or one of each kind) beside the
    /// default one. What some host wants beyond that, of its clients above all, is not asked of them.
    private static func only(_ sets: [HostCertificates], beside fallback: HostCertificates) -> Int? {
        guard let first = sets.first(where: { !$0.showsSame(as: fallback) }),
              sets.allSatisfy({ $0.showsSame(as: first) || $0.showsSame(as: fallback) })
        else { return nil }
        let candidates = sets.indices.filter { sets[$0].showsSame(as: first) }
        return candidates.min { wishes(of: sets[$0]) < wishes(of: sets[$1]) }
    }

    private static func wishes(of set: HostCertificates) -> Int { (set.clients == nil ? 0 : 2) + (set.ciphers == nil ? 0 : 1) }

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
}
