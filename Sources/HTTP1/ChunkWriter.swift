/// Writing the chunked transfer coding (RFC 9112 7.1): no extensions, no trailers.
extension ByteBuffer {
    /// Most bytes `appendChunkHead` writes: sixteen digits and CRLF.
    public static let maxChunkHeadLength = 18
    /// Bytes of `appendChunkEnd`.
    public static let chunkEndLength = 2
    /// Bytes of `appendLastChunk`.
    public static let lastChunkLength = 5

    /// Begins a chunk of `size` bytes, at least one: a chunk of none would end the body.
    public mutating func appendChunkHead(_ size: Int) {
        precondition(size > 0, "an empty chunk is the last one")
        append(hex: size)
        append("\r\n")
    }

    /// Ends a chunk, after its data.
    public mutating func appendChunkEnd() {
        append("\r\n")
    }

    /// Ends the body: the last chunk and an empty trailer section.
    public mutating func appendLastChunk() {
        append("0\r\n\r\n")
    }
}
