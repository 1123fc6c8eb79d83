/// What one end of a connection has sent and the other has not read yet.
struct Wire {
    enum End { case closed, failed }

    private var bytes: [UInt8] = []
    private var next = 0
    /// What follows the bytes; nil while the connection is open.
    var end: End?

    var count: Int { bytes.count - next }

    mutating func put(_ more: [UInt8]) {
        if next == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            next = 0
        }
        bytes += more
    }

    /// Drops what was not read.
    mutating func clear() { next = bytes.count }

    /// Moves bytes into `space`, at most `limit`. Returns how many.
    mutating func read(into space: inout MutableSpan<UInt8>, atMost limit: Int) -> Int {
        let count = min(limit, count, space.count)
        for index in 0..<count { space[index] = bytes[next + index] }
        next += count
        return count
    }
}

/// The bytes of a text in which `|` stands for a line end, so that a whole message fits on one line of a table.
func wire(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        if byte == UInt8(ascii: "|") { bytes += [13, 10] } else { bytes.append(byte) }
    }
    return bytes
}

/// The reverse of `wire`.
func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for byte in bytes where byte != 13 { text.append(byte == 10 ? UInt8(ascii: "|") : byte) }
    return String(decoding: text, as: UTF8.self)
}

extension Array where Element == UInt8 {
    mutating func append(_ span: Span<UInt8>, atMost limit: Int) -> Int {
        let count = Swift.min(limit, span.count)
        for index in 0..<count { append(span[index]) }
        return count
    }
}
