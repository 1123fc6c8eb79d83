import HTTP1

/// A body that is compressed on its way: `pump` leads here in place of copying it.
extension Relay {
    /// Begins the body that follows a head; it leaves compressed by `gzip`.
    mutating func begin(_ length: BodyLength, as framing: Framing, through gzip: Gzip) {
        begin(length, as: framing)
        assert(!isSourceComplete, "only a body that there is can be compressed")
        copies = true
        self.gzip = gzip
    }

    /// The body is over, in whatever way.
    mutating func takeGzip() -> Gzip? { gzip.take() }

    /// As `pump`. `bodyBytes` counts what comes out.
    mutating func pumpCompressing(_ gzip: Gzip, _ pool: BufferPool, _ scratch: inout ByteBuffer) -> Fault? {
        while !isSourceComplete {
            switch compress(gzip, pool, &scratch) {
            case .done: break
            case .noRoom: return nil
            case .failed: return .truncated
            }
            guard !isSourceComplete else { break }
            switch Self.next(of: &decoder, in: input, after: 0) {
            case .data(let skip, let count):
                input.consume(skip)
                owed = count
                // The end of the stream is then written in the same step.
                if decoder.isComplete { gzip.goal = .end }
            case .needMore(let skip):
                input.consume(skip)
                guard isSourceClosed else { return nil }
                guard endsAtClose() else { return .truncated }
                gzip.goal = .end
            case .end(let skip):
                input.consume(skip)
                gzip.goal = .end
            case .failed(let error):
                return .malformed(error)
            }
        }
        return nil
    }

    /// Whether compressed bytes are kept back although the client has got everything else.
    var keepsBack: Bool { pendingCount == 0 && gzip?.keepsBack == true }

    /// Lets what was kept back go out, as far as there is room for it; the stream goes on.
    mutating func flush(_ pool: BufferPool, _ scratch: inout ByteBuffer) {
        guard let gzip, gzip.goal == .none, gzip.keepsBack else { return }
        gzip.goal = .flush
        _ = compress(gzip, pool, &scratch)
    }

    private enum Compression { case done, noRoom, failed }

    /// Compresses what is owed, and reaches the stream's goal.
    private mutating func compress(_ gzip: Gzip, _ pool: BufferPool, _ scratch: inout ByteBuffer) -> Compression {
        while owed > 0 || gzip.goal != .none {
            let room = outputRoom(pool) - Self.chunkOverhead
            guard room >= Self.leastRoom else { return .noRoom }
            scratch.removeAll()
            guard case .moved(let taken, let isDone) = Self.step(gzip, owed, of: input, to: &scratch, room) else { return .failed }
            input.consume(taken)
            owed -= taken
            append(scratch)
            guard isDone else { continue }
            if gzip.goal == .end {
                if framing == .chunked { output.appendLastChunk() }
                isSourceComplete = true
            }
            gzip.goal = .none
        }
        return .done
    }

    /// Chunks shall be worth their frames.
    private static let leastRoom = 256

    private static func step(
        _ gzip: Gzip, _ count: Int, of input: borrowing ByteBuffer, to scratch: inout ByteBuffer, _ room: Int
    ) -> Gzip.Step {
        gzip.step(input.bytes.extracting(first: count), to: &scratch, room: room)
    }

    private mutating func append(_ compressed: borrowing ByteBuffer) {
        guard !compressed.isEmpty else { return }
        bodyBytes += compressed.count
        if framing == .chunked { output.appendChunkHead(compressed.count) }
        output.append(compressed.bytes)
        if framing == .chunked { output.appendChunkEnd() }
    }
}
