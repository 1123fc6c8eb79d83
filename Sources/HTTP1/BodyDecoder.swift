/// Tells a message's body from its framing (RFC 9112 6, 7.1), whatever pieces it arrives in.
///
/// Looks at every framing byte once and at no body byte. Errors carry the status for a request; a response's are
/// `ParseError.ofUpstream`.
public struct BodyDecoder: ~Copyable {
    // Seen by other modules, so that a question does not copy the whole decoder into a call.
    @usableFromInline var phase: Phase
    @usableFromInline var remainingLength: Int?
    private var chunks: ChunkDecoder

    @usableFromInline
    enum Phase: UInt8 {
        case length, chunked, untilClose, complete, failed
    }

    public init(_ length: BodyLength, limits: BodyLimits = BodyLimits()) {
        chunks = ChunkDecoder(limits: limits)
        switch length {
        case .none:
            phase = .complete
            remainingLength = 0
        case .length(let count):
            phase = count > 0 ? .length : .complete
            remainingLength = count
        case .chunked:
            phase = .chunked
        case .untilClose:
            phase = .untilClose
        }
    }

    /// All of the body was seen: by its length, its last chunk, or the sender's close.
    @inlinable public var isComplete: Bool { phase == .complete }

    /// Bytes still to come of a body announced by Content-Length, 0 of one that is not there; nil for the others.
    @inlinable public var remaining: Int? { remainingLength }

    /// Bytes still to come of a chunk whose size has been read, 0 of other bodies.
    public var announced: Int { chunks.announced }

    /// Whether something of a chunk has been read, be it a digit of its size; false for other bodies.
    public var hasBegunChunk: Bool { chunks.hasBegunChunk }

    /// Takes the next step into `input`, which begins where the last step ended.
    public mutating func next(_ input: Span<UInt8>) -> BodyStep {
        switch phase {
        case .complete:
            return .end(skip: 0)
        case .untilClose:
            return input.count > 0 ? .data(skip: 0, count: input.count) : .needMore(skip: 0)
        case .length:
            guard input.count > 0 else { return .needMore(skip: 0) }
            let left = remainingLength ?? 0
            let count = min(left, input.count)
            remainingLength = left &- count
            if count == left { phase = .complete }
            return .data(skip: 0, count: count)
        case .chunked:
            let step = chunks.next(input)
            if case .end = step { phase = .complete }
            if case .failed = step { phase = .failed }
            return step
        case .failed:
            return .failed(chunks.failure)
        }
    }

    /// The sender closed. True if that is a legal end of the body; false if the message is cut short.
    public mutating func finishAtEOF() -> Bool {
        if phase == .untilClose { phase = .complete }
        return phase == .complete
    }
}
