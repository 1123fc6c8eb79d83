/// CRC-32 as of Ethernet and zip (ISO 3309, reflected polynomial 0xEDB88320), fed in pieces.
///
/// What nginx's consistent hashes are made of. No defence against a client that chooses its keys: whoever wants one endpoint
/// may have it.
public struct CRC32: Sendable {
    /// Before the last inversion.
    private(set) var state: UInt32

    public init() { state = ~0 }

    /// The sum of the bytes so far.
    public var value: UInt32 { ~state }

    public mutating func update(_ byte: UInt8) {
        state = Self.table[Int((state ^ UInt32(byte)) & 0xFF)] ^ state >> 8
    }

    public mutating func update(_ bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            update(bytes[index])
            index &+= 1
        }
    }

    /// The bytes with ASCII letters in lower case.
    public mutating func update(folding bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            update(ASCII.lowercase(bytes[index]))
            index &+= 1
        }
    }

    public mutating func update(_ literal: StaticString) {
        // A literal's bytes live forever.
        literal.withUTF8Buffer { bytes in
            for index in bytes.indices { update(unsafe bytes[index]) }
        }
    }

    /// The four bytes of a number, the lowest first.
    mutating func update(_ number: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { update(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { remainder, _ in
            remainder & 1 == 1 ? 0xEDB8_8320 ^ remainder >> 1 : remainder >> 1
        }
    }
}
