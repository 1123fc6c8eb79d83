@testable import Exchange
import HTTP1
import Testing

/// Memory stays bounded and nothing is lost when one side is faster than the other.
@Suite struct BackPressureTests {
    /// The largest block, one of those that chunks are written to, and the other direction's heads.
    private static let bound = 262_144 + 65_536 + 16_384
    private static let size = 500_000

    private static var anySize: World {
        var world = World()
        world.bodyLimit = 0
        return world
    }

    @Test(arguments: [
        "Content-Length: \(size)||", "Transfer-Encoding: chunked||7a120|", "Content-Length: 9223372036854775807||", "|",
    ]) func slowClient(head: String) {
        let harness = MachineHarness(Self.anySize)
        let body = Self.body()
        harness.take(.client("GET / HTTP/1.1|Host: a.test||"))
        harness.drive()
        harness.clientTakes = 0
        let isPlain = head == "|"
        harness.take(.upstream("HTTP/1.1 200 OK|" + head))
        if let current = harness.current { harness.upstreams[current].wire.put(body) }
        harness.drive()
        #expect(harness.mostBuffered <= Self.bound)
        #expect(harness.upstreams[0].wire.count > Self.size - Self.bound, "the rest stays in the socket")
        harness.clientTakes = 100_000
        harness.drive()
        #expect(harness.mostBuffered <= Self.bound)
        harness.clientTakes = .max
        if isPlain { harness.take(.upstreamCloses) }
        if head.contains("chunked") { harness.take(.upstream("|0||")) }
        harness.drive()
        #expect(harness.mostBuffered <= Self.bound)
        #expect(harness.upstreams[0].wire.count == 0)
        let answer = Message(harness.toClient)
        if head.contains("Length") {
            #expect(answer.body == body)
        } else {
            #expect(answer.dechunked == String(decoding: body, as: UTF8.self))
        }
    }

    @Test(arguments: ["Content-Length: \(size)||", "Transfer-Encoding: chunked||7a120|", "Content-Length: 9223372036854775807||"])
    func slowUpstream(head: String) {
        let harness = MachineHarness(Self.anySize)
        let body = Self.body()
        harness.upstreamTakes = 0
        harness.clientWire.put(wire("POST / HTTP/1.1|Host: a.test|" + head) + body)
        if head.contains("chunked") { harness.clientWire.put(wire("|0||")) }
        harness.drive()
        #expect(harness.mostBuffered <= Self.bound)
        #expect(harness.clientWire.count > Self.size - Self.bound, "the rest stays in the socket")
        harness.upstreamTakes = 100_000
        harness.drive()
        harness.upstreamTakes = .max
        harness.drive()
        #expect(harness.mostBuffered <= Self.bound)
        #expect(harness.clientWire.count == 0)
        let request = Message(harness.upstreams[0].received)
        if head.contains("Length") {
            #expect(request.body == body)
        } else {
            #expect(request.dechunked == String(decoding: body, as: UTF8.self))
        }
    }

    /// What a body is to be costs nothing; only what has come of it.
    @Test(arguments: ["Content-Length: 300000|", "Transfer-Encoding: chunked|"], [false, true])
    func oneByteOfALongBody(framing: String, fromUpstream: Bool) {
        let harness = MachineHarness(Self.anySize)
        let first = framing.hasPrefix("T") ? "493e0|b" : "b"
        if fromUpstream {
            harness.take(.client("GET / HTTP/1.1|Host: a.test||"))
            harness.drive()
            harness.take(.upstream("HTTP/1.1 200 OK|\(framing)|\(first)"))
        } else {
            harness.take(.client("POST / HTTP/1.1|Host: a.test|\(framing)|\(first)"))
        }
        harness.drive()
        #expect(harness.machine.blockBytes <= 2 * BufferPool.Size.standard.rawValue + 2 * BufferPool.Size.head.rawValue)
    }

    /// Interim responses are written like heads, so they are bounded by themselves.
    @Test func interimsForASlowClient() {
        let harness = MachineHarness()
        harness.take(.client("GET / HTTP/1.1|Host: a.test||"))
        harness.drive()
        harness.clientTakes = 0
        let hint = "HTTP/1.1 103 Early Hints|Link: " + String(repeating: "x", count: 30_000) + "||"
        for _ in 0..<16 where harness.current != nil {
            harness.take(.upstream(hint))
            harness.drive()
        }
        #expect(harness.mostBuffered <= Self.bound)
        harness.clientTakes = .max
        harness.drive()
        #expect(harness.summaries.map(\.status) == [502])
        #expect(text(harness.toClient).hasSuffix("502 Bad Gateway|"))
    }

    /// A head that fills a block to its last byte leaves room for the body.
    @Test(arguments: [16_380, 16_383, 16_384, 16_385, 33_000], ["Content-Length: 300||", "Transfer-Encoding: chunked||12c|"])
    func bodyBehindAHeadThatFillsItsBlock(length: Int, framing: String) {
        let harness = MachineHarness()
        let start = "POST / HTTP/1.1|Host: a.test|A: ", end = "|" + framing
        let count = wire(start + end).count - (framing.hasSuffix("c|") ? 5 : 0)
        var padding = String(repeating: "x", count: min(length - count, 30_000))
        if length - count > 30_000 { padding = String(repeating: "x", count: 7000) + padding.dropFirst(7000) }
        harness.clientWire.put(wire(start + padding + end))
        harness.drive()
        let body = String(repeating: "b", count: 300)
        harness.take(.client(body))
        if framing.hasSuffix("c|") { harness.take(.client("|0||")) }
        harness.drive()
        let request = Message(harness.upstreams[0].received)
        #expect((framing.hasSuffix("c|") ? request.dechunked : String(decoding: request.body, as: UTF8.self)) == body)
    }

    /// What was sent is kept for another attempt only while its place is not needed.
    @Test func aLongBodyIsNotSentAgain() {
        let harness = MachineHarness(Self.anySize)
        harness.clientWire.put(wire("PUT / HTTP/1.1|Host: a.test|Content-Length: \(Self.size)||") + Self.body())
        harness.drive()
        harness.take(.upstreamCloses)
        harness.drive()
        #expect(harness.summaries.map { Script.End($0) } == [.init(502, .upstreamClosed, received: Self.size)])
    }

    private static func body() -> [UInt8] { (0..<size).map { UInt8(ascii: "a") + UInt8($0 % 23) } }
}
