import HTTP1

/// One direction of an exchange: what has arrived from one side and what goes out to the other.
///
/// Heads and re-framed bodies are serialised into `output`. A body that keeps its framing is never copied: its first
/// `passthrough` bytes go out straight from `input`, after `output`. Both buffers are bounded, so a slow reader
/// stops the reading of the other side and memory never grows; `+Room` says how big they are.
struct Relay: ~Copyable {
    /// How the body is framed on its way out.
    enum Framing {
        /// As decoded: delimited by a length or by the connection's end.
        case verbatim
        case chunked
    }

    var input = ByteBuffer()
    var output = ByteBuffer()
    /// Bytes at the front of `input` that are decoded and go out as they are.
    private(set) var passthrough = 0
    /// Bytes at the front of `input` that are decoded and wait to be copied into `output`.
    var owed = 0
    private(set) var framing = Framing.verbatim
    var copies = false
    /// What the body is compressed by, see +Gzip.
    var gzip: Gzip?
    /// The source has sent its whole message, and all of it is decoded.
    var isSourceComplete = false
    /// The source's connection has ended: nothing follows what is in `input`.
    private(set) var isSourceClosed = false
    /// It ended by failing, which completes no body.
    private(set) var hasSourceFailed = false
    /// Body bytes decoded so far; of a compressed body those that came of it.
    var bodyBytes = 0
    /// The last read took all the room that it was given.
    var wasFilled = false

    /// While held, bytes already sent stay, so that the request can be sent again over another connection.
    private(set) var isHeld = false
    private(set) var sentWhileHeld = 0
    /// Whether anything went out since the start or the last `rewind`.
    private(set) var hasSent = false
    /// Behind the rest, because most of it is for chunks: what every message needs lies together.
    var decoder = BodyDecoder(.none)

    /// Most messages have no body, and a decoder that is at its end already need not be made again for them.
    private mutating func setDecoder(_ length: BodyLength) {
        if length != .none || decoder.remaining != 0 { decoder = BodyDecoder(length) }
    }

    // MARK: Source

    /// Begins the body that follows a head. `length` is how it arrives, `framing` how it leaves.
    mutating func begin(_ length: BodyLength, as framing: Framing) {
        setDecoder(length)
        self.framing = framing
        copies = framing == .chunked || length == .chunked
        isSourceComplete = decoder.isComplete
    }

    /// Writes the head that lies at the front of `input` behind what waits in `output`; there must be room.
    mutating func writeHead(
        _ head: borrowing RequestHead, by rewrite: borrowing RequestRewrite, _ snapshot: Snapshot, _ context: ExchangeContext
    ) {
        rewrite.write(head, in: input, to: &output, snapshot, context)
    }

    mutating func writeHead(_ head: borrowing ResponseHead, by rewrite: borrowing ResponseRewrite, date: borrowing HTTPDate) {
        rewrite.write(head, in: input, date: date, to: &output)
    }

    /// What is wrong with a body.
    enum Fault {
        case malformed(ParseError)
        case truncated
    }

    /// Decodes what has arrived, as far as there is room for it. Returns what is wrong with the body, if anything is.
    mutating func pump(_ pool: BufferPool) -> Fault? {
        copies ? pumpCopying(pool) : pumpInPlace()
    }

    /// As `pump`, and shows what it has added to what goes out, framed as it goes.
    mutating func pump(_ pool: BufferPool, showing show: (Span<UInt8>) -> Void) -> Fault? {
        let before = pendingCount
        let fault = pump(pool)
        // Nothing is sent meanwhile, and what is no longer held was not pending: what is new stands at the end.
        let added = pendingCount - before
        if added > 0, copies {
            Self.show(added, before: output.count, in: output, show)
        } else if added > 0 {
            Self.show(added, before: passthrough, in: input, show)
        }
        return fault
    }

    private static func show(_ count: Int, before end: Int, in buffer: borrowing ByteBuffer, _ show: (Span<UInt8>) -> Void) {
        show(buffer.bytes.extracting(end - count ..< end))
    }

    private mutating func pumpCopying(_ pool: BufferPool) -> Fault? {
        while copyOwed(pool), !isSourceComplete {
            switch Self.next(of: &decoder, in: input, after: 0) {
            case .data(let skip, let count):
                input.consume(skip)
                owed = count
                bodyBytes += count
            case .needMore(let skip):
                input.consume(skip)
                guard isSourceClosed else { return nil }
                guard endsAtClose() else { return .truncated }
                guard finishOutput(pool) else { return nil }
            case .end(let skip):
                input.consume(skip)
                guard finishOutput(pool) else { return nil }
            case .failed(let error):
                return .malformed(error)
            }
        }
        return nil
    }

    // Static, because the compiler takes a span of one stored property for an access to all of self.

    static func next(of decoder: inout BodyDecoder, in input: borrowing ByteBuffer, after skipped: Int) -> BodyStep {
        decoder.next(input.bytes.extracting(droppingFirst: skipped))
    }

    private static func copy(_ count: Int, from input: borrowing ByteBuffer, to output: inout ByteBuffer) {
        output.append(input.bytes.extracting(first: count))
    }

    private mutating func pumpInPlace() -> Fault? {
        while !isSourceComplete {
            switch Self.next(of: &decoder, in: input, after: passthrough) {
            case .data(_, let count):
                passthrough += count
                bodyBytes += count
            case .needMore:
                guard isSourceClosed else { return nil }
                guard endsAtClose() else { return .truncated }
                isSourceComplete = true
            case .end:
                isSourceComplete = true
            case .failed(let error):
                return .malformed(error)
            }
        }
        return nil
    }

    /// Copies decoded bytes into `output`, framed. False when its room did not suffice.
    private mutating func copyOwed(_ pool: BufferPool) -> Bool {
        while owed > 0 {
            let room = outputRoom(pool) - Self.chunkOverhead
            guard room > 0 else { return false }
            let count = min(owed, room)
            if framing == .chunked { output.appendChunkHead(count) }
            Self.copy(count, from: input, to: &output)
            if framing == .chunked { output.appendChunkEnd() }
            input.consume(count)
            owed -= count
        }
        return true
    }

    /// The decoder stays at its end, so that a caller without room finds the same step again.
    private mutating func finishOutput(_ pool: BufferPool) -> Bool {
        if framing == .chunked {
            guard outputRoom(pool) >= Self.chunkOverhead else { return false }
            output.appendLastChunk()
        }
        isSourceComplete = true
        return true
    }

    /// Nothing more will arrive; `failed`: not because the source was done.
    mutating func sourceClosed(failed: Bool = false) {
        isSourceClosed = true
        hasSourceFailed = failed
    }

    /// Whether the end of the connection is the end of the body, too (RFC 9112 section 6.3, rule 8).
    mutating func endsAtClose() -> Bool { !hasSourceFailed && decoder.finishAtEOF() }

    // MARK: Sink

    /// Bytes ready to go out.
    var pendingCount: Int { output.count + passthrough - sentWhileHeld }

    /// Decoded or written, and not sent.
    var unsentBytes: Int { pendingCount + owed }

    /// Shows the bytes that are ready to go out, in two pieces, and drops (or, while held, marks) as many as `send` says were taken.
    mutating func send(_ send: (_ first: Span<UInt8>, _ second: Span<UInt8>) -> Int) -> Int {
        coalesce()
        let fromOutput = min(sentWhileHeld, output.count)
        let sent = send(
            output.bytes.extracting(droppingFirst: fromOutput),
            input.bytes.extracting(first: passthrough).extracting(droppingFirst: sentWhileHeld - fromOutput))
        guard sent > 0 else { return 0 }
        hasSent = true
        if isHeld { sentWhileHeld += sent } else { drop(sent) }
        return sent
    }

    /// One piece is cheaper to send than two, and a short body is cheaper to copy than to name.
    private mutating func coalesce() {
        guard passthrough > 0, passthrough <= Self.coalesced, sentWhileHeld <= output.count, !output.isEmpty,
              output.space >= passthrough
        else { return }
        Self.copy(passthrough, from: input, to: &output)
        input.consume(passthrough)
        passthrough = 0
    }

    private static let coalesced = 2048

    private mutating func drop(_ count: Int) {
        let fromOutput = min(count, output.count)
        output.consume(fromOutput)
        input.consume(count - fromOutput)
        passthrough -= count - fromOutput
    }

    // MARK: Sending again

    mutating func hold() { isHeld = true }

    /// Gives up the possibility of sending again: what was sent is dropped.
    mutating func stopHolding() {
        guard isHeld else { return }
        isHeld = false
        let sent = sentWhileHeld
        sentWhileHeld = 0
        drop(sent)
    }

    /// Starts again from the first byte. Only while held.
    mutating func rewind() {
        assert(isHeld, "what was dropped cannot be sent again")
        sentWhileHeld = 0
        hasSent = false
    }

    /// Forgets what was to go out and what went out: another head will be written. Only for a message without a body.
    mutating func restart() {
        assert(isSourceComplete && bodyBytes == 0, "a body that was dropped cannot be sent again")
        discardOutput()
        hasSent = false
    }

    // MARK: Life

    /// Drops what would still go out; what has arrived stays.
    mutating func discardOutput() {
        stopHolding()
        output.removeAll()
        if passthrough > 0 { input.consume(passthrough) }
        passthrough = 0
        owed = 0
    }

    /// Bytes that have arrived and are not decoded.
    var undecodedCount: Int { input.count - passthrough - owed }

    /// Forgets the message. Bytes of `input` beyond it stay if they may begin the next one.
    mutating func reset(keepingInput: Bool) {
        passthrough = 0
        owed = 0
        setDecoder(.none)
        framing = .verbatim
        copies = false
        (isSourceComplete, isSourceClosed) = (false, false)
        (bodyBytes, wasFilled) = (0, false)
        isHeld = false
        sentWhileHeld = 0
        hasSent = false
        hasSourceFailed = false
        if keepingInput {
            input.releaseRetained()
            input.compact()
        } else {
            input.removeAll()
        }
        output.removeAll()
    }

    /// Of its blocks.
    var blockBytes: Int { input.capacity + output.capacity }

    func checkInvariants() {
        assert(passthrough >= 0 && owed >= 0 && passthrough + owed <= input.count, "decoded bytes are in the input")
        assert(passthrough == 0 || owed == 0, "a body is either passed through or copied")
        assert(sentWhileHeld == 0 || isHeld, "only held bytes are sent and kept")
        assert(pendingCount >= 0, "no more was sent than there was")
    }
}
