import HTTP1

/// A message taken apart by other means than the machine's.
struct Message {
    /// In `text` form, the blank line included.
    let head: String
    let body: [UInt8]

    init(_ bytes: [UInt8]) {
        var end = 0
        while end + 4 <= bytes.count, bytes[end..<end + 4] != [13, 10, 13, 10] { end += 1 }
        head = text(Array(bytes.prefix(end + 4)))
        body = Array(bytes.dropFirst(end + 4))
    }

    /// The body without its chunks, or nil if they are not exactly one whole body.
    var dechunked: String? {
        var rest = body[...]
        var content: [UInt8] = []
        while let lineEnd = rest.firstIndex(of: 10) {
            guard let size = Int(String(decoding: rest[rest.startIndex..<lineEnd - 1], as: UTF8.self), radix: 16) else { return nil }
            rest = rest[(lineEnd + 1)...]
            guard rest.count >= size + 2 else { return nil }
            content += rest.prefix(size)
            rest = rest.dropFirst(size)
            guard rest.starts(with: [13, 10]) else { return nil }
            rest = rest.dropFirst(2)
            if size == 0 { return rest.isEmpty ? String(decoding: content, as: UTF8.self) : nil }
        }
        return nil
    }
}
