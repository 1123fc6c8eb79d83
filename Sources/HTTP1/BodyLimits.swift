/// What may surround the data of a chunked body; none of it is passed on.
public struct BodyLimits: Equatable, Sendable {
    /// Bytes of one chunk-size line without its line end.
    public let chunkLine: Int
    /// Bytes of all chunk extensions of a message together.
    public let extensionBytes: Int
    /// Bytes of all trailer field lines together.
    public let trailerBytes: Int
    /// Number of trailer field lines.
    public let trailerCount: Int

    public init(
        chunkLine: Int = 1024, extensionBytes: Int = 16_384, trailerBytes: Int = 8192, trailerCount: Int = 100
    ) {
        self.chunkLine = chunkLine
        self.extensionBytes = extensionBytes
        self.trailerBytes = trailerBytes
        self.trailerCount = trailerCount
    }
}
