/// What a head may take; exceeding it is answered (414, 431), never ignored.
public struct HeadLimits: Equatable, Sendable {
    /// Bytes of the request or status line without its line end. RFC 9112 3 recommends at least 8000.
    public let requestLine: Int
    /// Bytes of all field lines together, line ends included.
    public let fieldBytes: Int
    /// Number of field lines, and of the options in Connection fields.
    public let fieldCount: Int

    /// Values are brought into 1...16 MiB: offsets into a head stay far below what `Slice` holds.
    public init(requestLine: Int = 8192, fieldBytes: Int = 32_768, fieldCount: Int = 100) {
        let most = 16 << 20
        self.requestLine = min(max(requestLine, 1), most)
        self.fieldBytes = min(max(fieldBytes, 1), most)
        self.fieldCount = min(max(fieldCount, 1), most)
    }
}
