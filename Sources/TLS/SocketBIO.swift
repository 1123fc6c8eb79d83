internal import COpenSSL
import Glibc

/// How OpenSSL gets at a socket. Its own way would do, but does not tell whether a read has emptied the socket, so that every
/// request would cost one more system call to find that out; and it would read plain HTTP as a broken handshake.
@safe
struct SocketBIO {
    struct State {
        let fd: Int32
        /// The last read took all that there was, and no event has told of more since.
        var isDrained = false
        var hasRead = false
        /// A read was put off as there is no allowance left.
        var isSpent = false
        /// A read has found nothing, since `beginReading`.
        var hasBlocked = false
        /// The first byte was not one of TLS but a letter: the client speaks HTTP.
        var isPlainText = false
        /// And its method is HEAD, as far as its first bytes say.
        var isPlainHead = false
        /// The other side has closed its half.
        var isAtEnd = false
        /// The `errno` of the last call if the kernel had no memory for it, else 0.
        var shortage: CInt = 0
        /// Bytes that may still be read, about: what comes after them waits for its next turn.
        var allowance = Int.max
        let alerts: TLSAlertTally?
        /// Messages that concern TLS alone, as OpenSSL has come to them and taken them in.
        var steps = 0
    }

    /// Owned by the session, which outlives the BIO's last use.
    private let state: UnsafeMutablePointer<State>

    var isDrained: Bool { unsafe state.pointee.isDrained }
    var isPlainText: Bool { unsafe state.pointee.isPlainText }
    var isPlainHead: Bool { unsafe state.pointee.isPlainHead }
    var shortage: CInt { unsafe state.pointee.shortage }
    var hasBlocked: Bool { unsafe state.pointee.hasBlocked }

    /// - Parameter alerts: what is told of alerts.
    init(fd: Int32, alerts: TLSAlertTally?) {
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: State(fd: fd, alerts: alerts))
    }

    var isSpent: Bool { unsafe state.pointee.isSpent }

    /// From now on.
    func allow(_ bytes: Int) {
        unsafe state.pointee.allowance = bytes
        unsafe state.pointee.isSpent = false
    }

    /// What is left of the last `allow`.
    var allowance: Int { unsafe state.pointee.allowance }

    /// There is something to be read that the last read did not see.
    func noteArrival() { unsafe state.pointee.isDrained = false }

    func beginReading() { unsafe state.pointee.hasBlocked = false }

    var steps: Int { unsafe state.pointee.steps }
    func forgetSteps() { unsafe state.pointee.steps = 0 }

    /// After the session is gone, and with it the BIO.
    func deallocate() {
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    /// Gives a session its BIO, which it owns from then on; false when there is no memory.
    func attach(to session: OpaquePointer) -> Bool {
        guard let method = unsafe Self.method.pointer, let bio = unsafe BIO_new(method) else { return false }
        unsafe BIO_set_data(bio, state)
        unsafe BIO_set_init(bio, 1)
        unsafe SSL_set_bio(session, bio, bio)
        return true
    }

    /// Of a BIO that `attach` has made: a step of its handshake, or of what comes like one later.
    static func countStep(of bio: OpaquePointer?) {
        // The BIO has the state that `attach` gave it.
        guard let bio = unsafe bio, let state = unsafe BIO_get_data(bio) else { return }
        unsafe state.assumingMemoryBound(to: State.self).pointee.steps &+= 1
    }

    /// Of a BIO that `attach` has made.
    static func tally(of bio: OpaquePointer?) -> TLSAlertTally? {
        // The BIO has the state that `attach` gave it.
        guard let bio = unsafe bio, let state = unsafe BIO_get_data(bio) else { return nil }
        return unsafe state.assumingMemoryBound(to: State.self).pointee.alerts
    }

    // MARK: What OpenSSL calls

    @safe
    private struct Method: @unchecked Sendable {
        // Made once, never changed and never freed.
        let pointer: OpaquePointer?
    }

    private static let method: Method = {
        let method = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket")
        unsafe BIO_meth_set_read(method) { bio, bytes, count in unsafe SocketBIO.read(bio, bytes, count) }
        unsafe BIO_meth_set_write(method) { bio, bytes, count in unsafe SocketBIO.write(bio, bytes, count) }
        unsafe BIO_meth_set_ctrl(method) { bio, command, _, _ in unsafe SocketBIO.control(bio, command) }
        return unsafe Method(pointer: method)
    }()

    private static func read(_ bio: OpaquePointer?, _ bytes: UnsafeMutablePointer<CChar>?, _ count: CInt) -> CInt {
        // The BIO has the state that `attach` gave it.
        let state = unsafe BIO_get_data(bio).assumingMemoryBound(to: State.self)
        unsafe openssl_clear_retry(bio)
        guard unsafe state.pointee.allowance > 0 else {
            unsafe state.pointee.isSpent = true
            unsafe state.pointee.isDrained = false
            unsafe openssl_retry_read(bio)
            return -1
        }
        var result = 0
        repeat { result = unsafe recv(state.pointee.fd, bytes, Int(count), 0) } while result < 0 && errno == EINTR
        let shortage = result < 0 ? Self.shortage : 0
        unsafe state.pointee.shortage = shortage
        unsafe state.pointee.isDrained = result < Int(count) && shortage == 0
        if result < 0 {
            unsafe state.pointee.hasBlocked = true
            if errno == EAGAIN || shortage != 0 { unsafe openssl_retry_read(bio) }
            return -1
        }
        unsafe state.pointee.allowance -= result
        unsafe state.pointee.isAtEnd = result == 0 && count > 0
        if result > 0, unsafe !state.pointee.hasRead {
            unsafe state.pointee.hasRead = true
            // Every handshake begins with the record type 22; methods of HTTP with a letter.
            if let bytes = unsafe bytes, unsafe UInt8(bitPattern: bytes.pointee) & 0xDF &- 0x41 < 26 {
                unsafe state.pointee.isPlainText = true
                // As many bytes have been read as are compared, or more.
                unsafe state.pointee.isPlainHead = result >= 5 && memcmp(bytes, "HEAD ", 5) == 0
                return -1
            }
        }
        return CInt(truncatingIfNeeded: result)
    }

    /// What is written is not held back, so that there is nothing to flush; other commands do not concern a socket.
    private static func control(_ bio: OpaquePointer?, _ command: CInt) -> Int {
        switch command {
        case BIO_CTRL_FLUSH: return 1
        // The BIO has the state that `attach` gave it.
        case BIO_CTRL_EOF: return unsafe BIO_get_data(bio).assumingMemoryBound(to: State.self).pointee.isAtEnd ? 1 : 0
        default: return 0
        }
    }

    private static func write(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: CInt) -> CInt {
        // The BIO has the state that `attach` gave it.
        let state = unsafe BIO_get_data(bio).assumingMemoryBound(to: State.self)
        unsafe openssl_clear_retry(bio)
        var result = 0
        repeat {
            result = unsafe send(state.pointee.fd, bytes, Int(count), Int32(MSG_NOSIGNAL))
        } while result < 0 && errno == EINTR
        let shortage = result < 0 ? Self.shortage : 0
        unsafe state.pointee.shortage = shortage
        if result < 0, errno == EAGAIN || shortage != 0 { unsafe openssl_retry_write(bio) }
        return CInt(truncatingIfNeeded: result)
    }

    /// Of a call that has just failed.
    private static var shortage: CInt { errno == ENOBUFS || errno == ENOMEM ? errno : 0 }
}
