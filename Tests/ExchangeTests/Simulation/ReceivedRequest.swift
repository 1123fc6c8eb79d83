/// A request as an upstream got it, possibly only its beginning: read independently of the product's parsers.
struct ReceivedRequest {
    let head: String
    /// The body without its coding, as far as it has come.
    private(set) var body: [UInt8] = []
    private(set) var isWhole = false
    private(set) var isBroken = false
    /// Bytes behind the request.
    private(set) var surplus: [UInt8] = []

    /// Nil until the head has come.
    init?(_ bytes: [UInt8]) {
        guard let end = bytes.endOfHead() else { return nil }
        head = text(Array(bytes[..<end]))
        let content = bytes[end...]
        if head.contains("|Transfer-Encoding: chunked|") {
            let result = ChunkReader.read(content)
            (body, isWhole, isBroken) = (result.body, result.isWhole, result.isBroken)
            surplus = Array(content.suffix(result.rest))
        } else {
            let length = head.field("Content-Length").flatMap { Int($0) } ?? 0
            body = Array(content.prefix(length))
            isWhole = content.count >= length
            surplus = Array(content.dropFirst(length))
        }
    }
}
