import TestSupport

/// One request of a simulated client.
struct SimulatedRequest {
    enum Kind { case routed, unrouted, malformed, upgrade }

    let id: Int
    let kind: Kind
    let method: String
    let minorVersion: Int
    let host: String
    let body: [UInt8]
    let bytes: [UInt8]
    /// What the client says once its upgrade is agreed to.
    let tunnel: [UInt8]

    var isIdempotent: Bool { method != "POST" }
    /// A shield may hold for it.
    var isSafe: Bool { body.isEmpty && ["GET", "HEAD"].contains(method) }

    init(id: Int, isLast: Bool, _ chance: inout SeededGenerator) {
        self.id = id
        kind = isLast && chance.oneIn(4) ? chance.pick([.malformed, .upgrade]) : chance.oneIn(10) ? .unrouted : .routed
        tunnel = kind == .upgrade ? chance.body() : []
        if kind == .upgrade {
            method = "GET"
            minorVersion = 1
            host = "a.test"
            body = []
            bytes = wire("GET /\(id) HTTP/1.1|Host: \(host)|X-Id: \(id)|Connection: upgrade|Upgrade: websocket||")
            return
        }
        method = chance.pick(["GET", "GET", "HEAD", "POST", "POST", "PUT"])
        minorVersion = chance.oneIn(12) ? 0 : 1
        let hasBody = chance.oneIn(method == "POST" || method == "PUT" ? 1 : 10)
        body = hasBody ? chance.body() : []
        host = kind == .unrouted ? "x.test" : chance.pick(["a.test", "canary.test", "safe.test"])
        var head = "\(method) /\(id) HTTP/1.\(minorVersion)|Host: \(host)|X-Id: \(id)|"
        if chance.oneIn(12) { head += "Connection: close|" }
        if chance.oneIn(2) { head += "Accept-Encoding: gzip|" }
        if chance.oneIn(12) { head += "Connection: keep-alive|" }
        if hasBody, chance.oneIn(4) { head += "Expect: 100-continue|" }
        if kind == .malformed {
            bytes = wire(chance.pick([
                "\(method) /\(id) HTTP/1.1|||", head + " folded: x||", "GET / HTTP/3.0||", head + "Content-Length: -1||",
            ]))
        } else if hasBody, minorVersion == 1, chance.oneIn(2) {
            bytes = wire(head + "Transfer-Encoding: chunked||") + chance.chunked(body)
        } else {
            bytes = wire(head + (hasBody ? "Content-Length: \(body.count)||" : "|")) + body
        }
    }
}
