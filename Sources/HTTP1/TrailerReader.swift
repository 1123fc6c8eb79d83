/// Reads over the trailer section of a chunked body (RFC 9112 7.1.2): checked like header fields, bounded, and dropped,
/// because merging trailers into a head that was already acted on is not safe (RFC 9110 6.5.1).
struct TrailerReader: Sendable {
    private var phase = Phase.lineStart
    private var bytes = 0
    private var lines = 0

    private enum Phase: UInt8 {
        case lineStart
        case name
        case value
        /// the LF of a field line
        case lineFeed
        /// the LF of the blank line
        case lastLineFeed
        case complete
    }

    /// The blank line was read.
    var isComplete: Bool { phase == .complete }

    /// Takes the next byte; returns what is wrong with it.
    mutating func accept(_ byte: UInt8, limits: BodyLimits) -> ParseError.Reason? {
        switch phase {
        case .lineStart:
            if byte == .carriageReturn {
                phase = .lastLineFeed
                return nil
            }
            lines &+= 1
            guard lines <= limits.trailerCount else { return .trailersTooLong }
            guard byte.isToken else { return .invalidTrailer }
            phase = .name
        case .name:
            if byte == UInt8(ascii: ":") {
                phase = .value
            } else if !byte.isToken {
                return .invalidTrailer
            }
        case .value:
            if byte == .carriageReturn {
                phase = .lineFeed
            } else if !byte.isFieldText {
                return .invalidTrailer
            }
        case .lineFeed:
            guard byte == .lineFeed else { return .bareCarriageReturn }
            phase = .lineStart
        case .lastLineFeed:
            guard byte == .lineFeed else { return .bareCarriageReturn }
            phase = .complete
            return nil
        case .complete:
            // The decoder stops asking.
            assertionFailure("no trailer byte is due")
        }
        bytes &+= 1
        return bytes <= limits.trailerBytes ? nil : .trailersTooLong
    }
}
