// Reading of messages by other means than the product's parsers.

enum ChunkReader {
    /// Reads as much of a chunked body as there is. `rest`: bytes behind it.
    static func read(_ bytes: ArraySlice<UInt8>) -> (body: [UInt8], isWhole: Bool, isBroken: Bool, rest: Int) {
        var rest = bytes
        var body: [UInt8] = []
        while let lineEnd = rest.firstIndex(of: 10) {
            guard lineEnd > rest.startIndex, rest[lineEnd - 1] == 13,
                  let size = Int(String(decoding: rest[rest.startIndex..<lineEnd - 1], as: UTF8.self), radix: 16)
            else { return (body, false, true, 0) }
            rest = rest[(lineEnd + 1)...]
            body += rest.prefix(size)
            guard rest.count >= size + 2 else { return (body, false, false, 0) }
            rest = rest.dropFirst(size)
            guard rest.starts(with: [13, 10]) else { return (body, false, true, 0) }
            rest = rest.dropFirst(2)
            if size == 0 { return (body, true, false, rest.count) }
        }
        return (body, false, rest.count > 18, 0)
    }
}

extension Array where Element == UInt8 {
    /// The index behind the first blank line that comes after `start`.
    func endOfHead(from start: Int = 0) -> Int? {
        var index = start + 3
        while index < count {
            if self[index] == 10, self[index - 1] == 13, self[index - 2] == 10, self[index - 3] == 13 { return index + 1 }
            index += 1
        }
        return nil
    }
}

extension String {
    /// The value of a field of a head in `text` form.
    func field(_ name: String) -> String? {
        for line in split(separator: "|") where line.hasPrefix(name + ": ") { return String(line.dropFirst(name.count + 2)) }
        return nil
    }
}
