/// Reads what a client got, response by response: independently of the product's parsers.
struct ResponseReader {
    struct Answer {
        var interimIDs: [String?] = []
        /// Nil if not even the head is there.
        var head: String?
        var body: [UInt8] = []
        var isWhole = false
        var closes = false
        var isBroken = false
    }

    private let bytes: [UInt8]
    private let isAborted: Bool
    private var next = 0

    init(_ bytes: [UInt8], isAborted: Bool) {
        self.bytes = bytes
        self.isAborted = isAborted
    }

    var isAtEnd: Bool { next == bytes.count }

    /// - Parameter isHead: the proxy understood that the request is a HEAD.
    mutating func next(isHead: Bool, isLast: Bool) -> Answer {
        var answer = Answer()
        while let end = bytes.endOfHead(from: next) {
            let head = text(Array(bytes[next..<end]))
            next = end
            guard head.hasPrefix("HTTP/1.1 ") else {
                answer.isBroken = true
                return answer
            }
            if head.hasPrefix("HTTP/1.1 101") {
                // What follows is the tunnel's.
                (answer.head, answer.body, answer.isWhole, answer.closes) = (head, Array(bytes[next...]), true, true)
                next = bytes.count
                return answer
            }
            if head.hasPrefix("HTTP/1.1 1") {
                answer.interimIDs.append(head.field("X-Id"))
                continue
            }
            answer.head = head
            answer.closes = head.contains("|Connection: close|")
            readBody(head, isHead: isHead, &answer)
            return answer
        }
        // The beginning of a head is all there is.
        if isLast { next = bytes.count }
        return answer
    }

    private mutating func readBody(_ head: String, isHead: Bool, _ answer: inout Answer) {
        let isBodiless = isHead || head.hasPrefix("HTTP/1.1 204") || head.hasPrefix("HTTP/1.1 304")
        let rest = bytes[next...]
        if isBodiless {
            answer.isWhole = true
        } else if head.contains("|Transfer-Encoding: chunked|") {
            let result = ChunkReader.read(rest)
            (answer.body, answer.isWhole, answer.isBroken) = (result.body, result.isWhole, result.isBroken)
            next = bytes.count - result.rest
        } else if let length = head.field("Content-Length").flatMap({ Int($0) }) {
            answer.body = Array(rest.prefix(length))
            answer.isWhole = rest.count >= length
            next += answer.body.count
        } else {
            // It ends with the connection: whole unless that was cut.
            answer.body = Array(rest)
            answer.isWhole = !isAborted
            answer.isBroken = !answer.closes
            next = bytes.count
        }
    }
}
