internal import COpenSSL
internal import CSessionMemory
import Glibc

/// A TLS connection, of a client or to an upstream, over a socket that is not blocking. Owned by the connection beside the socket,
/// which has to outlive it; one thread only.
@safe
public final class TLSSession {
    /// Whose connection it is, and what it was made with, which it keeps alive.
    private enum Role {
        case client(TLSContext)
        case upstream(UpstreamTLS)
    }

    private let base: OpaquePointer
    private let bio: SocketBIO
    private let role: Role
    /// After a fatal error OpenSSL wants nothing but the end.
    private var failure: TLSFailure?
    private var hasSaidGoodbye = false
    /// The socket takes no more. What the other side said before can still be read, an answer or an alert.
    private var isUnheard = false
    /// Some of its memory is given back, and to be had again before OpenSSL touches it.
    private var isAtRest = false
    /// The last `receive` or `handshake` of a client's connection ended since it had taken in its share, and not since there was no more:
    /// others come first.
    public private(set) var hasHadItsShare = false
    /// Bytes of text.
    private var received = 0
    /// Of an upstream: when its certificate was looked at, be it by an earlier connection, in seconds since 1970.
    private var verifiedAt = 0

    /// Nil when there is no memory.
    /// - Parameters:
    ///   - fd: stays the caller's.
    ///   - alerts: counts those of this connection.
    public init?(_ context: TLSContext, fd: Int32, alerts: TLSAlertTally? = nil) {
        guard let session = unsafe SSL_new(context.base) else { return nil }
        let bio = SocketBIO(fd: fd, alerts: alerts)
        guard unsafe bio.attach(to: session) else {
            unsafe SSL_free(session)
            bio.deallocate()
            return nil
        }
        unsafe SSL_set_accept_state(session)
        unsafe base = session
        self.bio = bio
        role = .client(context)
    }

    /// A connection to an upstream; nil when there is no memory.
    /// - Parameters:
    ///   - fd: stays the caller's.
    ///   - alerts: counts those of this connection.
    public init?(to upstream: UpstreamTLS, fd: Int32, alerts: TLSAlertTally? = nil) {
        guard let session = unsafe SSL_new(upstream.context.context) else { return nil }
        let bio = SocketBIO(fd: fd, alerts: alerts)
        guard unsafe bio.attach(to: session), unsafe Self.name(upstream, session) else {
            unsafe SSL_free(session)
            bio.deallocate()
            return nil
        }
        unsafe SSL_set_connect_state(session)
        unsafe base = session
        self.bio = bio
        role = .upstream(upstream)
        verifiedAt = unsafe upstream.lend(to: session, at: time(nil)) ?? 0
        // For `keep`, which is only called by calls on the session, and so on this object.
        unsafe SSL_set_ex_data(session, Self.ownerSlot, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Says whom the certificate must be for, and who is asked for.
    private static func name(_ upstream: UpstreamTLS, _ session: OpaquePointer) -> Bool {
        guard !upstream.name.isEmpty else { return true }
        let isAddress = upstream.name.utf8.contains(UInt8(ascii: ":")) || upstream.name.utf8.allSatisfy { $0 == 0x2E || 0x30...0x39 ~= $0 }
        if upstream.context.isVerified {
            let parameters = unsafe SSL_get0_param(session)
            unsafe X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            let result = unsafe isAddress
                ? X509_VERIFY_PARAM_set1_ip_asc(parameters, upstream.name) : X509_VERIFY_PARAM_set1_host(parameters, upstream.name, 0)
            guard result == 1 else { return false }
        }
        // An address is not a name (RFC 6066 section 3).
        if !upstream.sendsName || isAddress { return true }
        return unsafe openssl_set_server_name(session, upstream.name) == 1
    }

    /// Where sessions find their `TLSSession`.
    private static let ownerSlot = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, nil, nil, nil, nil)

    /// A session that the next connection may go on with has come; 1 if it was taken.
    static func keep(_ kept: OpaquePointer?, of ssl: OpaquePointer?) -> CInt {
        guard let kept = unsafe kept, let owner = unsafe SSL_get_ex_data(ssl, ownerSlot) else { return 0 }
        // Every session to an upstream has its owner, which calls it.
        let own = unsafe Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue()
        guard case .upstream(let upstream) = own.role else { return 0 }
        if own.verifiedAt == 0 { own.verifiedAt = time(nil) }
        unsafe upstream.keep(kept, verifiedAt: own.verifiedAt)
        return 1
    }

    deinit {
        unsafe SSL_free(session)
        bio.deallocate()
    }

    // MARK: Rest

    /// OpenSSL's session, which may be used.
    private var session: OpaquePointer {
        if isAtRest { wake() }
        return unsafe base
    }

    /// Gives back memory that an idle connection does not need, where that is possible (`SessionMemory`). It is as it was when the
    /// connection is used the next time.
    public func rest() {
        guard !isAtRest else { return }
        isAtRest = unsafe session_memory_rest(UnsafeMutableRawPointer(base))
    }

    @inline(never)
    private func wake() {
        unsafe session_memory_wake(UnsafeMutableRawPointer(base))
        isAtRest = false
    }

    // MARK: Handshake

    /// Goes on with the handshake; `.bytes(0)` when it is done.
    public func handshake() -> TLSOutcome {
        if let failure { return .failed(failure) }
        ERR_clear_error()
        if case .client = role { bio.allow(Self.bytesBesideText) } else { bio.allow(handshakeRest) }
        let result = unsafe SSL_do_handshake(session)
        if case .client = role { hasHadItsShare = bio.isSpent } else { handshakeRest = bio.allowance }
        if result == 1 {
            if !isResumed { verifiedAt = time(nil) }
            bio.forgetSteps()
            return .bytes(0)
        }
        if case .upstream = role, bio.isSpent { return fail(.flooded) }
        let outcome = outcome(of: result)
        // Whoever goes away in the middle of it has not closed anything.
        return outcome == .closed ? fail(.disconnected) : outcome
    }

    /// After the handshake.
    public var version: TLSVersion { unsafe SSL_version(session) == TLS1_3_VERSION ? .tls13 : .tls12 }

    /// After the handshake: it went on with the secrets of an earlier one.
    public var isResumed: Bool { unsafe SSL_session_reused(session) == 1 }

    /// After the handshake: whose certificates the client got, as `HostCertificates.identity`.
    public var identity: UInt64 {
        guard case .client(let context) = role else { return 0 }
        return unsafe context.identity(of: session)
    }

    /// After the handshake: what the client has shown; nil if it was not asked.
    public var peerCertificate: PeerCertificate? {
        guard case .client = role, unsafe SSL_get_verify_mode(session) != SSL_VERIFY_NONE else { return nil }
        return unsafe PeerCertificate(of: session)
    }

    /// After a failed handshake: what is wrong with the other side's certificate, in OpenSSL's words; nil if nothing is, or if it does not
    /// matter.
    public var certificateProblem: String? {
        guard unsafe SSL_get_verify_mode(session) != SSL_VERIFY_NONE else { return nil }
        let result = unsafe SSL_get_verify_result(session)
        // A constant of OpenSSL's.
        return result == X509_V_OK ? nil : unsafe String(cString: X509_verify_cert_error_string(result))
    }

    /// After a handshake that failed as `plainText`: the request is one whose answer has no body.
    public var isPlainHead: Bool { bio.isPlainHead }

    // MARK: Moving bytes

    /// Whether a read may find something without an event of the socket: the last one left bytes in the kernel or in OpenSSL, or came
    /// upon the end behind its bytes.
    public var mayHaveMore: Bool {
        unsafe !bio.isDrained || SSL_has_pending(session) == 1 || failure != nil || SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN != 0
    }

    /// Whether no record has begun of which the end has not come yet.
    public var isBetweenRecords: Bool {
        // A constant of OpenSSL's: `RH` while it waits for a record's header, another one behind that.
        unsafe SSL_has_pending(session) == 0 && strcmp(SSL_rstate_string(session), "RH") == 0
    }

    /// An event of the socket: bytes have come, or the end. To be called for each of them, whether a read follows at once or not: what
    /// OpenSSL still has of a record is read first, without a look at the socket, and does not say that nothing else is there.
    public func noteArrival() { bio.noteArrival() }

    /// What the last write left is to be offered again at once: that shows `noMemory`, of which a partial write says nothing.
    public var mayTakeMore: Bool { bio.shortage != 0 }

    /// As many records are read at a time, be they ever so short.
    private static let recordsAtATime = 64
    /// Steps that messages without text (changes of keys, tickets) may take, one to three each: so many, and one more for each so many
    /// bytes of text.
    private static let freeSteps = 64, bytesPerStep = 16 << 10

    /// Bytes that are read from the socket for one call, beyond those that text takes. A handshake's message comes in records as short as
    /// its sender likes, and OpenSSL would go on until it has all 128 KiB that it may have.
    private static let bytesBesideText = 2 * recordSize
    /// Bytes that an upstream's handshake may have: over twice what OpenSSL takes of certificates. It skips what asks for a handshake that
    /// is under way already, however often, and would not come back.
    private static let longestHandshake = 256 << 10
    private var handshakeRest = TLSSession.longestHandshake

    /// Reads what there is, record by record, at most `space.count` bytes; none at all if there was only what is no text.
    public func receive(into space: inout MutableSpan<UInt8>) -> TLSOutcome {
        hasHadItsShare = false
        if let failure { return .failed(failure) }
        let room = space.count
        var total = 0
        bio.allow(room + Self.bytesBesideText)
        for _ in 0..<Self.recordsAtATime where total < room {
            var count = 0
            ERR_clear_error()
            bio.beginReading()
            // OpenSSL writes to the rest of the span, during the call.
            let result = unsafe space.withUnsafeMutableBufferPointer { bytes in
                unsafe SSL_read_ex(session, bytes.baseAddress.map { unsafe $0 + total }, room - total, &count)
            }
            guard result == 1 else {
                let outcome = outcome(of: result)
                guard bio.steps <= Self.freeSteps + received / Self.bytesPerStep else { return fail(.flooded) }
                // What was read was without text.
                if outcome == .wantsRead, !bio.hasBlocked {
                    if bio.isSpent { break }
                    continue
                }
                // What ended the reading shows again with the next one.
                return total > 0 ? .bytes(total) : outcome
            }
            total += count
            received &+= count
            if !mayHaveMore { return .bytes(total) }
        }
        hasHadItsShare = total < room
        return .bytes(total)
    }

    /// Writes what fits, at most one record. After `.wantsWrite` the same bytes have to be offered again, maybe with others behind.
    /// That the other side takes no more fails this only, and not the reading of what it has said.
    public func send(_ bytes: Span<UInt8>) -> TLSOutcome {
        if let failure { return .failed(failure) }
        if isUnheard { return .failed(.disconnected) }
        if bytes.isEmpty { return .bytes(0) }
        var count = 0
        ERR_clear_error()
        // OpenSSL reads the span's memory, during the call; what it could not send it keeps as a record of its own. It would go
        // on with the next record, and say nothing of the first one until the last is out.
        let result = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe SSL_write_ex(session, bytes.baseAddress, min(bytes.count, Self.recordSize), &count)
        }
        if result == 1 { return .bytes(count) }
        isUnheard = unsafe SSL_get_error(session, result) == SSL_ERROR_SYSCALL
        return isUnheard ? .failed(.disconnected) : outcome(of: result)
    }

    /// Plain text that one record holds at most (RFC 8446 section 5.1).
    public static let recordSize = 16_384

    // MARK: Ending

    /// Says that no more bytes follow (close_notify), so that the client knows that nothing was cut off. False while the socket
    /// does not take it: try again when it does.
    public func sayGoodbye() -> Bool {
        guard failure == nil, !isUnheard, !hasSaidGoodbye, unsafe SSL_is_init_finished(session) == 1 else { return true }
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
        case SSL_ERROR_WANT_READ: return bio.shortage == 0 ? .wantsRead : .noMemory(bio.shortage)
        case SSL_ERROR_WANT_WRITE: return bio.shortage == 0 ? .wantsWrite : .noMemory(bio.shortage)
        case SSL_ERROR_ZERO_RETURN: return .closed
        case SSL_ERROR_SSL: return fail(bio.isPlainText ? .plainText : .takeFromQueue(verified: unsafe SSL_get_verify_result(session)))
        default: return fail(bio.isPlainText ? .plainText : .disconnected)
        }
    }

    private func fail(_ failure: TLSFailure) -> TLSOutcome {
        self.failure = failure
        if case .upstream(let upstream) = role, unsafe SSL_is_init_finished(session) == 0 { upstream.forget() }
        return .failed(failure)
    }
}
