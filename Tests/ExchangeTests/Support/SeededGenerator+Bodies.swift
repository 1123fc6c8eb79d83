import TestSupport

extension SeededGenerator {
    mutating func upTo(_ most: Int) -> Int { below(most + 1) }

    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            var word = next()
            for _ in 0..<8 {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// A body: mostly short, seldom long, sometimes made of what would be a request if anyone took it for one.
    mutating func body() -> [UInt8] {
        if oneIn(4) { return wire(String(repeating: "GET /evil HTTP/1.1|Host: a.test|X-Id: 999||", count: upTo(3))) }
        if oneIn(150) { return bytes(upTo(500_000)) }
        return bytes(oneIn(8) ? upTo(60_000) : upTo(2000))
    }

    /// The body in chunks of all sizes, with an extension or a trailer here and there.
    mutating func chunked(_ body: [UInt8]) -> [UInt8] {
        var message: [UInt8] = []
        var rest = body[...]
        while !rest.isEmpty {
            let chunk = rest.prefix(1 + upTo(oneIn(3) ? rest.count : 300))
            rest = rest.dropFirst(chunk.count)
            message += wire(String(chunk.count, radix: 16) + (oneIn(6) ? ";a=b|" : "|")) + chunk + [13, 10]
        }
        return message + wire(oneIn(6) ? "0|Trailer: x||" : "0||")
    }
}
