internal import COpenSSL

/// How the certificates of clients are asked for and checked. Whatever comes of it, the handshake goes on: the request is what is
/// answered (as nginx does), so that the client is told why.
public struct ClientVerification: Sendable {
    public let authorities: Authorities
    /// Certificates between the client's and an authority's, at most.
    public let depth: Int

    public init(_ authorities: Authorities, depth: Int) {
        self.authorities = authorities
        self.depth = depth
    }

    var identity: String { "\(authorities.fingerprint) \(depth)" }

    /// Bytes that a client may show, its chain included. OpenSSL keeps them as long as the connection, taken apart into up to fifty times
    /// as much, even where they are refused. Seven certificates with RSA keys of 4096 bits have room; chains are of two to four. Upstreams,
    /// which clients don't choose, have what is usual with OpenSSL, 100 KiB.
    static let longestChain = 16 << 10

    /// Makes a context ask for them.
    func install(in context: OpaquePointer) -> Bool {
        guard unsafe authorities.install(in: context) else { return false }
        for unsafe certificate in unsafe authorities.certificates {
            // The context copies the name.
            guard unsafe SSL_CTX_add_client_CA(context, certificate) == 1 else { return false }
        }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER) { _, _ in 1 }
        unsafe SSL_CTX_set_verify_depth(context, CInt(clamping: depth))
        return true
    }

    /// Keeps a session of a client that is asked for its certificate from being resumed: it would pass for good what has expired or been
    /// taken back since, and again with each ticket that comes of it.
    static func forbidResumption(of session: OpaquePointer) {
        unsafe SSL_set_not_resumable_session_callback(session) { _, _ in 1 }
        unsafe SSL_set_num_tickets(session, 0)
    }
}
