internal import COpenSSL
internal import Glibc

/// The keys of session tickets, as one process hands them to the next one, so that clients resume there.
///
/// The form: `SRTK`, a version, how many keys there are, and of each its name (16 bytes), its two keys (32 bytes each) and when it was
/// made (seconds since 1970, eight bytes, the highest first).
public enum SessionTickets {
    private static let mark = Array("SRTK".utf8)
    private static let version: UInt8 = 1
    private static let head = 6, entry = 16 + 32 + 32 + 8

    /// Seconds.
    private static let clockTolerance = 300

    /// Bytes of all keys that are kept.
    public static let sizeLimit = head + entry * TicketKeys.kept

    /// Those of this process; empty if it has none. They are secret: to be wiped after use.
    public static func export() -> [UInt8] { export(of: .shared) }

    /// Takes over those of another process; false, and nothing has changed, if the bytes are not such keys.
    public static func adopt(_ bytes: [UInt8]) -> Bool { adopt(bytes, into: .shared, at: time(nil)) }

    /// Nothing of them stays in memory.
    public static func wipe(_ bytes: inout [UInt8]) {
        // OpenSSL's own way is not optimised out. It writes as many bytes as there are.
        unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    }

    // MARK: The form

    static func export(of keys: TicketKeys) -> [UInt8] {
        let kept = keys.all
        guard !kept.isEmpty else { return [] }
        // Grown at once, so that no copy is left behind.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(sizeLimit)
        bytes += mark
        bytes += [version, UInt8(clamping: kept.count)]
        for key in kept {
            for index in key.name.indices { bytes.append(key.name[index]) }
            for index in key.cipherKey.indices { bytes.append(key.cipherKey[index]) }
            for index in key.macKey.indices { bytes.append(key.macKey[index]) }
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: key.madeAt >> shift)) }
        }
        return bytes
    }

    static func adopt(_ bytes: [UInt8], into keys: TicketKeys, at now: Int) -> Bool {
        guard bytes.count >= head, bytes.starts(with: mark), bytes[4] == version else { return false }
        let count = Int(bytes[5])
        guard 1...TicketKeys.kept ~= count, bytes.count == head + count * entry else { return false }
        let read = (0..<count).map { key(in: bytes.span.extracting(head + $0 * entry..<head + ($0 + 1) * entry)) }
        // One from the future would seal for longer than its time; a clock may have been set back a little.
        guard read.allSatisfy({ $0.madeAt <= now + clockTolerance }), zip(read, read.dropFirst()).allSatisfy({ $0.madeAt > $1.madeAt }) else { return false }
        keys.adopt(read, at: now)
        return true
    }

    private static func key(in bytes: Span<UInt8>) -> TicketKeys.Key {
        var madeAt: UInt64 = 0
        for index in 80..<88 { madeAt = madeAt << 8 | UInt64(bytes[index]) }
        return TicketKeys.Key(
            name: InlineArray { bytes[$0] }, cipherKey: InlineArray { bytes[16 + $0] }, macKey: InlineArray { bytes[48 + $0] },
            // What is beyond is from the future.
            madeAt: Int(clamping: madeAt))
    }
}
