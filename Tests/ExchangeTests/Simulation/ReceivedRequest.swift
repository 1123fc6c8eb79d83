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
        guard let end = bytes.endOfHead else { return nil }
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
    /// The index behind the first blank line.
    var endOfHead: Int? { endOfHead(from: 0) }

    func endOfHead(from start: Int) -> Int? {
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
