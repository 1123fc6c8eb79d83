/// The chunked transfer coding (RFC 9112 7.1), strictly: CRLF only, no space around the size, extensions by their grammar.
struct ChunkDecoder: Sendable {
    private var phase = Phase.sizeStart
    /// The size being read, then the bytes of the chunk still to come.
    private var size = 0
    private var lineBytes = 0
    private var extensionBytes = 0
    private var chunkExtension = ChunkExtension()
    private var trailers = TrailerReader()
    private let limits: BodyLimits
    /// The fault that ended decoding.
    private(set) var failure = ParseError(.invalidChunkSize, at: 0)

    /// Bytes still to come of the chunk whose size was read last.
    var announced: Int { phase == .data ? size : 0 }

    /// Something of a chunk has been read, its data perhaps not yet.
    var hasBegunChunk: Bool { phase != .sizeStart }

    /// What the next byte is.
    private enum Phase: UInt8 {
        /// the first digit of a chunk size
        case sizeStart
        /// another digit, or what ends the size
        case size
        case chunkExtension
        /// the LF of a chunk-size line
        case sizeLineFeed
        case data
        /// the CR after a chunk's data
        case dataReturn
        case dataLineFeed
        /// the trailer section, up to its blank line
        case trailers
        case complete
        case failed
    }

    init(limits: BodyLimits) {
        self.limits = limits
    }

    mutating func next(_ input: Span<UInt8>) -> BodyStep {
        var index = 0
        while index < input.count {
            if phase == .data {
                let count = min(size, input.count &- index)
                size &-= count
                if size == 0 { phase = .dataReturn }
                return .data(skip: index, count: count)
            }
            if let reason = accept(input[index]) {
                failure = ParseError(reason, at: index)
                phase = .failed
                return .failed(failure)
            }
            index &+= 1
            if phase == .complete { return .end(skip: index) }
        }
        return .needMore(skip: index)
    }

    /// Takes one byte of framing; returns what is wrong with it.
    private mutating func accept(_ byte: UInt8) -> ParseError.Reason? {
        switch phase {
        case .sizeStart, .size, .chunkExtension:
            return acceptInSizeLine(byte)
        case .sizeLineFeed:
            guard byte == .lineFeed else { return .bareCarriageReturn }
            phase = size > 0 ? .data : .trailers
        case .dataReturn:
            guard byte == .carriageReturn else { return .invalidChunkEnd }
            phase = .dataLineFeed
        case .dataLineFeed:
            guard byte == .lineFeed else { return .invalidChunkEnd }
            phase = .sizeStart
        case .trailers:
            if let reason = trailers.accept(byte, limits: limits) { return reason }
            if trailers.isComplete { phase = .complete }
        case .data, .complete, .failed:
            // `next` does not ask in these phases.
            assertionFailure("no framing byte is due")
        }
        return nil
    }

    private mutating func acceptInSizeLine(_ byte: UInt8) -> ParseError.Reason? {
        if phase == .sizeStart {
            guard let digit = byte.hexValue else { return .invalidChunkSize }
            size = Int(digit)
            lineBytes = 1
            phase = .size
            return nil
        }
        if byte == .carriageReturn {
            if phase == .chunkExtension, !chunkExtension.mayEnd { return .invalidChunkExtension }
            phase = .sizeLineFeed
            return nil
        }
        lineBytes &+= 1
        guard lineBytes <= limits.chunkLine else { return .chunkExtensionsTooLong }
        if phase == .size {
            if let digit = byte.hexValue {
                guard size <= Int.max >> 4 else { return .chunkSizeTooLarge }
                size = size << 4 | Int(digit)
                return nil
            }
            guard byte == UInt8(ascii: ";") || byte.isBlank else { return .invalidChunkSize }
            chunkExtension = ChunkExtension()
            phase = .chunkExtension
        }
        extensionBytes &+= 1
        guard extensionBytes <= limits.extensionBytes else { return .chunkExtensionsTooLong }
        return chunkExtension.accept(byte) ? nil : .invalidChunkExtension
    }
}
