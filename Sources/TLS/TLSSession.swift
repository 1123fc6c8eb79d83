internal import COpenSSL

/// One client's TLS connection over a socket that is not blocking. Owned by the connection beside the socket, which has to
/// outlive it; one thread only.
@safe
public final class TLSSession {
    private let session: OpaquePointer
    private let bio: SocketBIO
    private let context: TLSContext
    /// After a fatal error OpenSSL wants nothing but the end.
    private var failure: TLSFailure?
    private var hasSaidGoodbye = false

    /// Nil when there is no memory.
    /// - Parameter fd: stays the caller's.
    public init?(_ context: TLSContext, fd: Int32) {
        guard let session = unsafe SSL_new(context.base) else { return nil }
        let bio = SocketBIO(fd: fd)
        guard unsafe bio.attach(to: session) else {
            unsafe SSL_free(session)
            bio.deallocate()
            return nil
        }
        unsafe SSL_set_accept_state(session)
        unsafe self.session = session
        self.bio = bio
        self.context = context
    }

    deinit {
        unsafe SSL_free(session)
        bio.deallocate()
    }

    // MARK: Handshake

    /// Goes on with the handshake; `.bytes(0)` when it is done.
    public func handshake() -> TLSOutcome {
        if let failure { return .failed(failure) }
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(session)
        if result == 1 { return .bytes(0) }
        let outcome = outcome(of: result)
        // Whoever goes away in the middle of it has not closed anything.
        return outcome == .closed ? fail(.disconnected) : outcome
    }

    /// After the handshake.
    public var version: TLSVersion { unsafe SSL_version(session) == TLS1_3_VERSION ? .tls13 : .tls12 }

    /// After the handshake: it went on with the secrets of an earlier one.
    public var isResumed: Bool { unsafe SSL_session_reused(session) == 1 }

    /// After the handshake: whose certificates the client got, as `HostCertificates.identity`.
    public var identity: UInt64 { unsafe context.identity(of: session) }

    // MARK: Moving bytes

    /// Whether a read may find something without an event of the socket: the last one left bytes in the kernel or in OpenSSL.
    public var mayHaveMore: Bool { unsafe !bio.isDrained || SSL_has_pending(session) == 1 }

    /// Reads what there is, record by record, at most `space.count` bytes.
    public func receive(into space: inout MutableSpan<UInt8>) -> TLSOutcome {
        let room = space.count
        var total = 0
        while total < room {
            var count = 0
            ERR_clear_error()
            // OpenSSL writes to the rest of the span, during the call.
            let result = unsafe space.withUnsafeMutableBufferPointer { bytes in
                unsafe SSL_read_ex(session, bytes.baseAddress.map { unsafe $0 + total }, room - total, &count)
            }
            guard result == 1 else {
                let outcome = outcome(of: result)
                // What ended the reading shows again with the next one.
                return total > 0 ? .bytes(total) : outcome
            }
            total += count
            if !mayHaveMore { break }
        }
        return .bytes(total)
    }

    /// Writes what fits, at most one record. After `.wantsWrite` the same bytes have to be offered again, maybe with others behind.
    public func send(_ bytes: Span<UInt8>) -> TLSOutcome {
        if let failure { return .failed(failure) }
        if bytes.isEmpty { return .bytes(0) }
        var count = 0
        ERR_clear_error()
        // OpenSSL reads the span's memory, during the call; what it could not send it keeps as a record of its own. It would go
        // on with the next record, and say nothing of the first one until the last is out.
        let result = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe SSL_write_ex(session, bytes.baseAddress, min(bytes.count, Self.recordSize), &count)
        }
        return result == 1 ? .bytes(count) : outcome(of: result)
    }

    /// Plain text that one record holds at most (RFC 8446 section 5.1).
    public static let recordSize = 16_384

    // MARK: Ending

    /// Says that no more bytes follow (close_notify), so that the client knows that nothing was cut off. False while the socket
    /// does not take it: try again when it does.
    public func sayGoodbye() -> Bool {
        guard failure == nil, !hasSaidGoodbye, unsafe SSL_is_init_finished(session) == 1 else { return true }
        ERR_clear_error()
        let result = unsafe SSL_shutdown(session)
        if result < 0, outcome(of: result) == .wantsWrite { return false }
        ERR_clear_error()
        hasSaidGoodbye = true
        return true
    }

    // MARK: Outcomes

    private func outcome(of result: CInt) -> TLSOutcome {
        if let failure { return .failed(failure) }
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return .closed
        case SSL_ERROR_SSL: return fail(.takeFromQueue())
        default: return fail(bio.isPlainText ? .plainText : .disconnected)
        }
    }

    private func fail(_ failure: TLSFailure) -> TLSOutcome {
        self.failure = failure
        return .failed(failure)
    }
}
