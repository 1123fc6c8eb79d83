internal import COpenSSL

/// The alerts that sessions of one thread get and send (RFC 8446 section 6), by their numbers. `close_notify` is none of them: it is
/// how every connection should end.
public final class TLSAlertTally {
    /// By number, those that were received, then those that were sent.
    private var counts = [UInt64](repeating: 0, count: 512)

    public init() {}

    public func received(_ number: UInt8) -> UInt64 { counts[Int(number)] }
    public func sent(_ number: UInt8) -> UInt64 { counts[256 + Int(number)] }

    private func record(_ number: UInt8, isReceived: Bool) {
        guard CInt(number) != SSL3_AD_CLOSE_NOTIFY else { return }
        counts[isReceived ? Int(number) : 256 + Int(number)] &+= 1
    }

    /// Makes the sessions of a context tell their tallies, and count their steps. OpenSSL calls at the steps of a handshake and for alerts, never for data.
    static func install(in context: OpaquePointer) {
        unsafe SSL_CTX_set_info_callback(context) { session, place, value in
            guard place & SSL_CB_ALERT != 0 else {
                if place & SSL_CB_LOOP != 0 { unsafe SocketBIO.countStep(of: SSL_get_rbio(session)) }
                return
            }
            // The reading side is always ours; the writing one has OpenSSL's buffer in front during a handshake. The number is the
            // lower byte, above it is how grave it is.
            let tally = unsafe SocketBIO.tally(of: SSL_get_rbio(session))
            tally?.record(UInt8(truncatingIfNeeded: value), isReceived: place & SSL_CB_READ != 0)
        }
    }
}
