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

    init(_ request: SimulatedRequest, connection: Int, _ chance: inout Chance) {
        self.request = request
        isTunnel = request.kind == .upgrade && !chance.oneIn(4)
        if isTunnel {
            (status, body, isComplete, messageLength) = (101, chance.body(), true, 0)
            (isEarly, isFirst) = (false, false)
            end = chance.pick([.closed, .closed, .failed, nil])
            let head = "HTTP/1.1 101 Go|X-Id: \(request.id)|X-Conn: \(connection)|Connection: upgrade|Upgrade: WebSocket||"
            bytes = wire(head) + body
            return
        }
        isFirst = chance.oneIn(40)
        isEarly = isFirst || chance.oneIn(6)
        status = chance.pick([200, 200, 200, 200, 404, 500, 204, 304, 413])
        let isBodiless = request.method == "HEAD" || status == 204 || status == 304
        let content = chance.body()
        let minorVersion = chance.oneIn(8) ? 0 : 1
        let untilClose = !isBodiless && chance.oneIn(6)
        var head = "HTTP/1.\(minorVersion) \(status) Status|X-Id: \(request.id)|X-Conn: \(connection)|"
        var payload: [UInt8] = []
        if !untilClose {
            if minorVersion == 1, status != 204, chance.oneIn(2) {
                head += "Transfer-Encoding: chunked|"
                payload = isBodiless ? [] : chance.chunked(content)
            } else if status != 204 {
                head += "Content-Length: \(content.count)|"
                payload = isBodiless ? [] : content
            }
        } else {
            payload = content
        }
        if chance.oneIn(10) { head += "Connection: close|" }
        let interims = chance.oneIn(5) ? 1 + chance.upTo(2) : 0
        let headBytes = wire(String(repeating: "HTTP/1.1 103 Hints|X-Id: \(request.id)||", count: interims) + head + "|")
        var message = headBytes + payload
        messageLength = message.count
        var end: Wire.End? = untilClose ? .closed : chance.oneIn(10) ? chance.pick([.closed, .failed]) : nil
        var isComplete = true, body = isBodiless ? [] : content
        if chance.oneIn(5) {
            // Breaks off, or stalls, somewhere.
            let cut = chance.oneIn(3) ? 0 : chance.upTo(message.count)
            end = chance.pick([.closed, .closed, .failed, nil])
            isComplete = cut == message.count && (!untilClose || end == .closed)
            message.removeLast(message.count - cut)
            if untilClose, cut >= headBytes.count, end == .closed {
                body = Array(payload.prefix(cut - headBytes.count))
                isComplete = true
            }
        } else if chance.oneIn(15) {
            message = wire(chance.pick(["SSH-2.0-x|", "HTTP/1.1 2xx|", "HTTP/1.1 101 x||", "HTTP/1.1 200 OK|a b: c||"]))
            isComplete = false
        } else if chance.oneIn(10), !untilClose {
            message += wire("HTTP/1.1 200 Evil|X-Id: 999|Content-Length: 0||")
        }
        bytes = message
        self.end = end
        self.isComplete = isComplete
        self.body = body
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
