internal import COpenSSL
import Glibc
import Synchronization

/// The keys that session tickets are sealed with (RFC 5077, RFC 8446 section 4.6.1): the process's own, the same for all workers
/// and over every reload, and handed over in an upgrade (`SessionTickets`), so that a client resumes wherever it lands.
///
/// A key seals for eight hours and opens for a day: what a stolen key could reveal is bounded.
final class TicketKeys: Sendable {
    static let shared = TicketKeys()

    /// Seconds that one key seals, and how many are kept.
    static let lifetime = 8 * 3600
    static let kept = 3
    /// Seconds after which no session is resumed any more.
    static let sessionLifetime = lifetime * kept

    struct Key: Sendable {
        let name: InlineArray<16, UInt8>
        let cipherKey: InlineArray<32, UInt8>
        let macKey: InlineArray<32, UInt8>
        let madeAt: Int
    }

    /// The newest first.
    private let keys = Mutex<[Key]>([])

    /// The key of the hour, which is a new one when the one before it is too old; nil when OpenSSL has no randomness.
    func sealing(at now: Int) -> Key? {
        keys.withLock { keys in
            if let newest = keys.first, now - newest.madeAt < Self.lifetime { return newest }
            guard let key = Self.make(at: now) else { return nil }
            keys = [key] + keys.prefix(Self.kept - 1)
            return key
        }
    }

    /// The key of a ticket, and whether the ticket should be replaced by one of a newer key; nil if there is none any more.
    func opening(_ name: Span<UInt8>, at now: Int) -> (key: Key, isOld: Bool)? {
        keys.withLock { keys in
            for key in keys where now - key.madeAt < Self.sessionLifetime && Self.isEqual(key.name, name) {
                return (key, now - key.madeAt >= Self.lifetime)
            }
            return nil
        }
    }

    /// The newest first.
    var all: [Key] { keys.withLock { $0 } }

    /// Takes over keys of another process, the newest first; those that are too old already do not count.
    func adopt(_ others: [Key], at now: Int) {
        keys.withLock { keys in
            let valid = others.filter { now - $0.madeAt < Self.sessionLifetime }
            keys = Array((keys + valid).sorted { $0.madeAt > $1.madeAt }.prefix(Self.kept))
        }
    }

    private static func isEqual(_ name: InlineArray<16, UInt8>, _ other: Span<UInt8>) -> Bool {
        guard other.count == 16 else { return false }
        for index in name.indices where name[index] != other[index] { return false }
        return true
    }

    private static func make(at now: Int) -> Key? {
        guard let name: InlineArray<16, UInt8> = random(), let cipherKey: InlineArray<32, UInt8> = random(),
              let macKey: InlineArray<32, UInt8> = random()
        else { return nil }
        return Key(name: name, cipherKey: cipherKey, macKey: macKey, madeAt: now)
    }

    private static func random<let count: Int>() -> InlineArray<count, UInt8>? {
        var bytes = InlineArray<count, UInt8>(repeating: 0)
        var space = bytes.mutableSpan
        // OpenSSL fills as many bytes as there are.
        let filled = unsafe space.withUnsafeMutableBufferPointer { unsafe RAND_priv_bytes($0.baseAddress, CInt($0.count)) }
        return filled == 1 ? bytes : nil
    }

    // MARK: OpenSSL's question

    /// Fetched once: each fetch takes locks.
    private static let algorithm = unsafe Algorithm(pointer: EVP_CIPHER_fetch(nil, "AES-256-CBC", nil))

    @safe
    private struct Algorithm: @unchecked Sendable {
        // Never changed, and never freed.
        let pointer: OpaquePointer?
    }

    /// Installs the keys in a context. Answers of the callback: 1 go on, 2 go on and replace the ticket, 0 there is no such key,
    /// -1 it failed.
    static func install(in context: OpaquePointer) {
        unsafe openssl_set_ticket_callback(context) { session, name, iv, cipher, mac, seals in
            // OpenSSL hands over room for a name of 16 bytes and for an initialisation vector.
            guard let name = unsafe name, let iv = unsafe iv else { return -1 }
            if seals == 1 { return unsafe TicketKeys.seal(name, iv, cipher, mac) }
            // An earlier process may have given tickets to clients that show certificates.
            guard unsafe SSL_get_verify_mode(session) == SSL_VERIFY_NONE else { return 0 }
            let opened = unsafe TicketKeys.open(name, iv, cipher, mac)
            // Clients use a ticket of TLS 1.3 once (RFC 8446 appendix C.4): without a new one their next handshake is a full one.
            return unsafe opened == 1 && SSL_version(session) == TLS1_3_VERSION ? 2 : opened
        }
    }

    private static func seal(
        _ name: UnsafeMutablePointer<UInt8>, _ iv: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer?, _ mac: OpaquePointer?
    ) -> CInt {
        guard let key = shared.sealing(at: time(nil)), unsafe RAND_bytes(iv, 16) == 1 else { return -1 }
        for index in key.name.indices { unsafe name[index] = key.name[index] }
        return unsafe ready(key, iv, cipher, mac, seals: true) ? 1 : -1
    }

    private static func open(
        _ name: UnsafeMutablePointer<UInt8>, _ iv: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer?, _ mac: OpaquePointer?
    ) -> CInt {
        let wanted = unsafe UnsafeBufferPointer(start: name, count: 16)
        guard let (key, isOld) = unsafe shared.opening(wanted.span, at: time(nil)) else { return 0 }
        guard unsafe ready(key, iv, cipher, mac, seals: false) else { return -1 }
        return isOld ? 2 : 1
    }

    private static func ready(
        _ key: Key, _ iv: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer?, _ mac: OpaquePointer?, seals: Bool
    ) -> Bool {
        var macKey = key.macKey
        var space = macKey.mutableSpan
        // Both keys are copied during the call.
        return unsafe key.cipherKey.span.withUnsafeBufferPointer { cipherKey in
            unsafe space.withUnsafeMutableBufferPointer { macKey in
                unsafe openssl_ready_ticket(
                    cipher, mac, algorithm.pointer, cipherKey.baseAddress, macKey.baseAddress, iv, seals ? 1 : 0) == 1
            }
        }
    }
}
