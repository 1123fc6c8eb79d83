/// A message taken apart by other means than the machine's.
struct Message {
    /// In `text` form, the blank line included.
    let head: String
    let body: [UInt8]

    init(_ bytes: [UInt8]) {
        let end = bytes.endOfHead() ?? bytes.count
        head = text(Array(bytes.prefix(end)))
        body = Array(bytes.dropFirst(end))
    }

    /// The body without its chunks, or nil if they are not exactly one whole body.
    var dechunked: String? {
        let result = ChunkReader.read(body[...])
        guard result.isWhole, !result.isBroken, result.rest == 0 else { return nil }
        return String(decoding: result.body, as: UTF8.self)
    }
}
