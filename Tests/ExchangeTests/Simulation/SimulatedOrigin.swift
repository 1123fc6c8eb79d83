import TestSupport

/// What one connection's upstream does: decided when the connection is asked for.
struct SimulatedOrigin {
    let request: SimulatedRequest
    let status: Int
    /// The body that the client must get, if it gets all.
    let body: [UInt8]
    /// The answer is whole and well-formed as far as it is sent.
    let isComplete: Bool
    /// It agrees to an upgrade, and `body` is what it says then.
    let isTunnel: Bool
    /// Bytes of the answer up to its end; what is sent may be less, or more.
    let messageLength: Int
    /// Everything that is sent, and how the connection ends then, if it does.
    private let bytes: [UInt8]
    private let end: Wire.End?
    /// Sends without having read the whole request, or anything at all.
    let isEarly: Bool
    private let isFirst: Bool
    private var sent = 0
    private var hasEnded = false

    init(_ request: SimulatedRequest, connection: Int, _ chance: inout SeededGenerator) {
        self.request = request
        isTunnel = request.kind == .upgrade && !chance.oneIn(4)
        isFirst = !isTunnel && chance.oneIn(40)
        isEarly = isFirst || !isTunnel && chance.oneIn(6)
        status = isTunnel ? 101 : chance.pick([200, 200, 200, 200, 404, 500, 204, 304, 413])
        let type = chance.oneIn(2) ? "Content-Type: text/plain|" : ""
        let fields = "X-Id: \(request.id)|X-Conn: \(connection)|" + type
        var answer = isTunnel ? Answer(upgrade: fields, &chance) : Answer(to: request, status, fields, &chance)
        messageLength = answer.head.count + answer.payload.count
        if !isTunnel { answer.spoil(&chance) }
        body = answer.body
        isComplete = answer.isComplete
        bytes = answer.bytes
        end = answer.end
    }

    /// An answer in the making.
    private struct Answer {
        var head: [UInt8] = []
        /// The body, and how it is framed.
        var body: [UInt8] = []
        var payload: [UInt8] = []
        var isUntilClose = false
        var bytes: [UInt8]
        var end: Wire.End?
        var isComplete = true

        init(upgrade fields: String, _ chance: inout SeededGenerator) {
            head = wire("HTTP/1.1 101 Go|" + fields + "Connection: upgrade|Upgrade: WebSocket||")
            body = chance.body()
            payload = body
            bytes = head + payload
            end = chance.pick([.closed, .closed, .failed, nil])
        }

        init(to request: SimulatedRequest, _ status: Int, _ fields: String, _ chance: inout SeededGenerator) {
            let isBodiless = request.method == "HEAD" || status == 204 || status == 304
            let minorVersion = chance.oneIn(8) ? 0 : 1
            let content = chance.body()
            body = isBodiless ? [] : content
            payload = body
            isUntilClose = !isBodiless && chance.oneIn(6)
            var text = "HTTP/1.\(minorVersion) \(status) Status|" + fields
            if !isUntilClose, status != 204 {
                if minorVersion == 1, chance.oneIn(2) {
                    text += "Transfer-Encoding: chunked|"
                    payload = isBodiless ? [] : chance.chunked(body)
                } else {
                    text += "Content-Length: \(content.count)|"
                }
            }
            if chance.oneIn(10) { text += "Connection: close|" }
            let interims = chance.oneIn(5) ? 1 + chance.upTo(2) : 0
            head = wire(String(repeating: "HTTP/1.1 103 Hints|X-Id: \(request.id)||", count: interims) + text + "|")
            bytes = head + payload
            end = isUntilClose ? .closed : chance.oneIn(10) ? chance.pick([.closed, .failed]) : nil
        }

        /// Some answers break off or stall somewhere, are no answers, or go on behind their end.
        mutating func spoil(_ chance: inout SeededGenerator) {
            if chance.oneIn(5) {
                let cut = chance.oneIn(3) ? 0 : chance.upTo(bytes.count)
                end = chance.pick([.closed, .closed, .failed, nil])
                isComplete = cut == bytes.count && (!isUntilClose || end == .closed)
                bytes.removeLast(bytes.count - cut)
                if isUntilClose, cut >= head.count, end == .closed {
                    // Nobody can tell.
                    body = Array(payload.prefix(cut - head.count))
                    isComplete = true
                }
            } else if chance.oneIn(15) {
                bytes = wire(chance.pick(["SSH-2.0-x|", "HTTP/1.1 2xx|", "HTTP/1.1 101 x||", "HTTP/1.1 200 OK|a b: c||"]))
                isComplete = false
            } else if chance.oneIn(10), !isUntilClose {
                bytes += wire("HTTP/1.1 200 Evil|X-Id: 999|Content-Length: 0||")
            }
        }
    }

    /// Sends up to `limit` more bytes if it is time to. Returns whether it did anything.
    mutating func act(on upstream: inout MachineHarness.Upstream, atMost limit: Int) -> Bool {
        guard upstream.state == .open, !hasEnded, isFirst || hasEnough(upstream.received) else { return false }
        if sent < bytes.count {
            let count = min(limit, bytes.count - sent)
            upstream.wire.put(Array(bytes[sent..<sent + count]))
            sent += count
            return count > 0
        }
        guard let end else { return false }
        hasEnded = true
        upstream.wire.end = end
        return true
    }

    private func hasEnough(_ received: [UInt8]) -> Bool {
        guard let got = ReceivedRequest(received) else { return false }
        return isEarly || got.isWhole
    }
}
