/// The header of the PROXY protocol, versions 1 and 2 (HAProxy's doc/proxy-protocol.txt, revision 2020/03/05): what a proxy that
/// does not open a connection's bytes says about its client, before them.
public enum ProxyHeader {
    public enum Version: String, Sendable, CaseIterable {
        /// One line of text.
        case v1
        /// Binary.
        case v2
    }

    /// How far a header has been read.
    public enum Progress: Equatable, Sendable {
        /// Valid so far; more bytes are needed.
        case incomplete
        /// It takes the first `length` bytes. Without `ends` it is about no client (the proxy's own health check, `LOCAL`,
        /// `UNKNOWN`) or about one that has no IP address: then the connection's own ends count.
        case complete(ends: ConnectionEnds?, length: Int)
        /// No header, or a broken one.
        case malformed
    }

    /// Bytes of the longest header that is accepted: as in nginx, and far more than what proxies append to the addresses.
    public static let maximumLength = 4096
    /// Bytes of the longest header that `write` writes.
    public static let maximumWrittenLength = longestLine

    /// Bytes of the longest line of version 1, its end included.
    private static let longestLine = 107

    /// The first bytes of version 2.
    private static let signature: [12 of UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let word: [6 of UInt8] = [0x50, 0x52, 0x4F, 0x58, 0x59, 0x20]

    /// Reads the header that `input` begins with.
    /// - Parameter input: all bytes from the connection's first one on.
    public static func parse(_ input: Span<UInt8>) -> Progress {
        guard input.count > 0 else { return .incomplete }
        return input[0] == signature[0] ? parseBinary(input) : parseLine(input)
    }

    // MARK: Version 1

    private static func parseLine(_ input: Span<UInt8>) -> Progress {
        for index in 0..<min(input.count, word.count) where input[index] != word[index] { return .malformed }
        let limit = min(input.count, longestLine)
        var end = 0
        while end < limit, input[end] != UInt8(ascii: "\n") { end &+= 1 }
        guard end < limit else { return input.count < longestLine ? .incomplete : .malformed }
        guard end > word.count, input[end - 1] == UInt8(ascii: "\r") else { return .malformed }
        var words = Words(line: input.extracting(word.count..<end - 1))
        guard let kind = words.next() else { return .malformed }
        if isEqual(kind, "UNKNOWN") { return .complete(ends: nil, length: end + 1) }
        let isFour = isEqual(kind, "TCP4")
        guard isFour || isEqual(kind, "TCP6"), let source = words.nextAddress(isFour: isFour),
              let destination = words.nextAddress(isFour: isFour), let sourcePort = words.nextPort(),
              let destinationPort = words.nextPort(), words.isAtEnd
        else { return .malformed }
        let ends = ConnectionEnds(
            source: source, sourcePort: sourcePort, destination: destination, destinationPort: destinationPort)
        return .complete(ends: ends, length: end + 1)
    }

    /// The words of a line, with exactly one space between two.
    private struct Words: ~Escapable {
        private let line: Span<UInt8>
        private var position = 0

        @_lifetime(copy line)
        init(line: Span<UInt8>) { self.line = line }

        var isAtEnd: Bool { position > line.count }

        @_lifetime(copy self)
        mutating func next() -> Span<UInt8>? {
            guard position <= line.count else { return nil }
            var end = position
            while end < line.count, line[end] != UInt8(ascii: " ") { end &+= 1 }
            let word = line.extracting(position..<end)
            position = end &+ 1
            return word
        }

        mutating func nextAddress(isFour: Bool) -> IPAddress? {
            guard let word = next(), let address = IPAddress(word), address.isFour == isFour else { return nil }
            return address
        }

        mutating func nextPort() -> UInt16? {
            guard let word = next() else { return nil }
            var position = 0
            guard let port = parseDecimal(word, at: &position, to: word.count, digits: 5), position == word.count else { return nil }
            return UInt16(exactly: port)
        }
    }

    private static func isEqual(_ word: Span<UInt8>, _ text: StaticString) -> Bool {
        guard word.count == text.utf8CodeUnitCount else { return false }
        // A literal's bytes live forever and index < utf8CodeUnitCount.
        for index in word.indices where unsafe word[index] != text.utf8Start[index] { return false }
        return true
    }

    // MARK: Version 2

    private static func parseBinary(_ input: Span<UInt8>) -> Progress {
        for index in 0..<min(input.count, signature.count) where input[index] != signature[index] { return .malformed }
        guard input.count >= 16 else { return .incomplete }
        let command = input[12], kind = input[13]
        let addresses = Int(number(input, at: 14, bytes: 2))
        let length = 16 + addresses
        guard command >> 4 == 2, command & 0xF <= 1, length <= maximumLength else { return .malformed }
        guard input.count >= length else { return .incomplete }
        // What follows the addresses (TLVs) is skipped. LOCAL: whatever there is means nothing.
        guard command & 0xF == 1 else { return .complete(ends: nil, length: length) }
        switch kind {
        case 0x11:
            guard addresses >= 12 else { return .malformed }
            let ends = ConnectionEnds(
                source: .v4(UInt32(truncatingIfNeeded: number(input, at: 16, bytes: 4))), sourcePort: port(input, at: 24),
                destination: .v4(UInt32(truncatingIfNeeded: number(input, at: 20, bytes: 4))), destinationPort: port(input, at: 26))
            return .complete(ends: ends, length: length)
        case 0x21:
            guard addresses >= 36 else { return .malformed }
            let ends = ConnectionEnds(
                source: .v6(high: number(input, at: 16, bytes: 8), low: number(input, at: 24, bytes: 8)), sourcePort: port(input, at: 48),
                destination: .v6(high: number(input, at: 32, bytes: 8), low: number(input, at: 40, bytes: 8)),
                destinationPort: port(input, at: 50))
            return .complete(ends: ends, length: length)
        default:
            // Datagrams, unix sockets and what is to come.
            return kind >> 4 <= 3 && kind & 0xF <= 2 ? .complete(ends: nil, length: length) : .malformed
        }
    }

    private static func number(_ input: Span<UInt8>, at start: Int, bytes: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in start..<start + bytes { value = value << 8 | UInt64(input[index]) }
        return value
    }

    private static func port(_ input: Span<UInt8>, at start: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: number(input, at: start, bytes: 2))
    }

    // MARK: Writing

    /// Writes a header to the front of `space`, which needs `maximumWrittenLength` bytes; answers how many were written.
    /// - Parameter ends: nil says that nothing is known of the client. An IPv4 address beside an IPv6 one is written as IPv6.
    public static func write(_ ends: ConnectionEnds?, as version: Version, into space: inout MutableSpan<UInt8>) -> Int {
        precondition(space.count >= maximumWrittenLength, "no room for a header")
        var writer = Writer()
        switch version {
        case .v1: writer.writeLine(ends)
        case .v2: writer.writeBinary(ends)
        }
        for index in 0..<writer.count { space[index] = writer.bytes[index] }
        return writer.count
    }

    private struct Writer {
        var bytes = InlineArray<107, UInt8>(repeating: 0)
        var count = 0

        mutating func writeLine(_ ends: ConnectionEnds?) {
            guard let ends else { return append("PROXY UNKNOWN\r\n") }
            let isFour = ends.source.isFour && ends.destination.isFour
            append(isFour ? "PROXY TCP4 " : "PROXY TCP6 ")
            append(isFour ? ends.source : ends.source.asSix)
            append(" ")
            append(isFour ? ends.destination : ends.destination.asSix)
            append(" ")
            append(decimal: ends.sourcePort)
            append(" ")
            append(decimal: ends.destinationPort)
            append("\r\n")
        }

        mutating func writeBinary(_ ends: ConnectionEnds?) {
            for index in 0..<signature.count { append(signature[index]) }
            append(0x21)
            guard let ends else {
                for _ in 0..<3 { append(0) }
                return
            }
            let isFour = ends.source.isFour && ends.destination.isFour
            append(isFour ? 0x11 : 0x21)
            append(0)
            append(isFour ? 12 : 36)
            append(bytesOf: isFour ? ends.source : ends.source.asSix)
            append(bytesOf: isFour ? ends.destination : ends.destination.asSix)
            append(UInt64(ends.sourcePort), bytes: 2)
            append(UInt64(ends.destinationPort), bytes: 2)
        }

        private mutating func append(_ byte: UInt8) {
            bytes[count] = byte
            count += 1
        }

        private mutating func append(_ number: UInt64, bytes: Int) {
            for index in 0..<bytes { append(UInt8(truncatingIfNeeded: number >> UInt64(8 * (bytes - 1 - index)))) }
        }

        private mutating func append(bytesOf address: IPAddress) {
            switch address {
            case .v4(let number):
                append(UInt64(number), bytes: 4)
            case .v6(let high, let low):
                append(high, bytes: 8)
                append(low, bytes: 8)
            }
        }

        private mutating func append(_ text: StaticString) {
            // A literal's bytes live forever.
            text.withUTF8Buffer { bytes in
                for index in bytes.indices { unsafe append(bytes[index]) }
            }
        }

        private mutating func append(_ address: IPAddress) {
            var text = InlineArray<39, UInt8>(repeating: 0)
            var space = text.mutableSpan
            let length = address.write(into: &space)
            for index in 0..<length { append(text[index]) }
        }

        private mutating func append(decimal number: UInt16) {
            var divisor: UInt16 = 10_000
            while divisor > 1, number < divisor { divisor /= 10 }
            while divisor > 0 {
                append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                divisor /= 10
            }
        }
    }
}

extension IPAddress {
    fileprivate var isFour: Bool {
        if case .v4 = self { true } else { false }
    }

    /// An IPv4 address as it travels in IPv6.
    fileprivate var asSix: IPAddress {
        if case .v4(let address) = self { .v6(high: 0, low: 0xFFFF_0000_0000 | UInt64(address)) } else { self }
    }
}
