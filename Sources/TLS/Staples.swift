internal import COpenSSL
internal import Glibc

/// The responses that go with the certificates of one context.
final class Staples: Sendable {
    private let responses: [OCSPResponse]

    /// Nil if there are none.
    init?(_ responses: [OCSPResponse]) {
        guard !responses.isEmpty else { return nil }
        self.responses = responses
    }

    /// Makes a context pass them on to clients that ask. It has to be kept as long as there are handshakes with the context.
    func install(in context: OpaquePointer) {
        unsafe openssl_set_status_callback(context, Self.answer, Unmanaged.passUnretained(self).toOpaque())
    }

    private static let answer: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> CInt = { session, argument in
        guard let session = unsafe session, let argument = unsafe argument else { return SSL_TLSEXT_ERR_NOACK }
        // The session holds on to its `TLSContext`, and that to this.
        let staples = unsafe Unmanaged<Staples>.fromOpaque(argument).takeUnretainedValue()
        return unsafe staples.staple(to: session) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK
    }

    /// Which certificate it is has been decided by now. What has grown too old since it was read says nothing any more.
    private func staple(to session: OpaquePointer) -> Bool {
        let leaf = unsafe SSL_get_certificate(session)
        let found = responses.first { unsafe $0.certificate.leaf == leaf }
        guard let found, found.counts(at: Int64(time(nil))) else { return false }
        // OpenSSL copies them.
        return unsafe found.bytes.withUnsafeBufferPointer { unsafe openssl_staple(session, $0.baseAddress, $0.count) == 1 }
    }
}
