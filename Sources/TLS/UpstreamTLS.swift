internal import COpenSSL
import Glibc

/// What connections to one endpoint are secured with: its settings, its name, and the session that the next one may go on with.
/// One thread only.
@safe
public final class UpstreamTLS {
    public let context: UpstreamTLSContext
    /// What the endpoint's certificate must be for, where that is checked, and what it is asked for, where it is.
    public let name: String
    public let sendsName: Bool
    /// The newest; one is enough, as it is good for any number of connections.
    private var session: OpaquePointer?
    /// When the certificate that it goes back to was looked at, in seconds since 1970.
    private var verifiedAt = 0

    /// Seconds for which a handshake stands in for others, so that a certificate that has ended does not count for ever.
    static let sessionLifetime = 3600

    public init(_ context: UpstreamTLSContext, name: String, sendsName: Bool) {
        self.context = context
        self.name = name
        self.sendsName = sendsName
    }

    deinit { forget() }

    /// Gives a new connection the session to go on with, if there is one; since when it counts.
    func lend(to ssl: OpaquePointer, at now: Int) -> Int? {
        guard let session = unsafe session else { return nil }
        guard now - verifiedAt < Self.sessionLifetime, unsafe SSL_SESSION_is_resumable(session) == 1 else {
            forget()
            return nil
        }
        // The connection takes a reference of its own.
        return unsafe SSL_set_session(ssl, session) == 1 ? verifiedAt : nil
    }

    /// Takes over the reference.
    func keep(_ session: OpaquePointer, verifiedAt: Int) {
        forget()
        unsafe self.session = session
        self.verifiedAt = verifiedAt
    }

    /// A connection that went on with it failed.
    func forget() {
        guard let session = unsafe session else { return }
        unsafe SSL_SESSION_free(session)
        unsafe self.session = nil
    }
}
