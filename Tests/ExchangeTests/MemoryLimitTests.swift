@testable import Exchange
import HTTP1
import Testing

/// The buffers of all requests have reached their limit: what has not begun is refused, what has goes on in small blocks.
@Suite struct MemoryLimitTests {
    private static let small = BufferPool.Size.head.rawValue, usual = BufferPool.Size.standard.rawValue
    private static let get = "GET / HTTP/1.1|Host: a.test||"
    private static let ok = "HTTP/1.1 200 OK|Content-Length: 4||"
    private static let refused = own("503 Service Unavailable", extra: "Retry-After: 1|")

    @Test(arguments: scripts, [Int.max, 1, 7])
    func limit(_ script: Script, chunk: Int) { script.play(chunk: chunk) }

    static let scripts: [Script] = [
        Script(
            name: "a request", steps: [.memory(0), .client(get)], toClient: refused,
            ends: [.init(503, .memoryLimit, attempts: 0)], left: .closed),
        Script(
            name: "HEAD", steps: [.memory(0), .client("HEAD / HTTP/1.1|Host: a.test||")],
            toClient: own("503 Service Unavailable", extra: "Retry-After: 1|", body: false),
            ends: [.init(503, .memoryLimit, attempts: 0, sent: 0)], left: .closed),
        Script(
            name: "an upload", steps: [.memory(0), .client("POST / HTTP/1.1|Host: a.test|Content-Length: 4||")], toClient: refused,
            ends: [.init(503, .memoryLimit, attempts: 0)], left: .closed),
        Script(
            name: "a request that nobody would have got", steps: [.memory(0), .client("GET / HTTP/1.1|Host: nobody.test||")],
            toClient: refused, ends: [.init(503, .memoryLimit, attempts: 0)], left: .closed),
        Script(
            name: "no request", steps: [.memory(0), .client("GET / HTTP/1.1|Host: a.test|A||")], toClient: own("400 Bad Request"),
            ends: [.init(400, .malformedRequest, attempts: 0)], left: .closed),
        Script(
            name: "the next request", steps: [.client(get), .upstream(ok + "abcd"), .memory(0), .client(get)],
            toClient: ok + "abcd" + refused, toUpstreams: [get],
            ends: [.init(200, sent: 4), .init(503, .memoryLimit, attempts: 0)], left: .closed),
        Script(
            name: "the next request, which is there already", steps: [.client(get + get), .memory(0), .upstream(ok + "abcd")],
            toClient: ok + "abcd" + refused, toUpstreams: [get],
            ends: [.init(200, sent: 4), .init(503, .memoryLimit, attempts: 0)], left: .closed),
        Script(
            name: "a head that goes on beyond its block",
            steps: [.client("GET / HTTP/1.1|Host: a.test|A: "), .memory(0), .client(String(repeating: "x", count: 4386))],
            toClient: refused, ends: [.init(503, .memoryLimit, attempts: 0)], left: .closed),
        Script(
            name: "a head that waits is not refused before it is there",
            steps: [.memory(0), .client("GET / HTTP/1.1|Host: a.test|"), .memory(.max), .client("|"), .upstream(ok + "abcd")],
            toClient: ok + "abcd", toUpstreams: [get], ends: [.init(200, sent: 4)]),
        Script(
            name: "a request on its way", steps: [.client(get), .memory(0), .upstream(ok + "ab"), .upstream("cd")],
            toClient: ok + "abcd", toUpstreams: [get], ends: [.init(200, sent: 4)]),
        Script(
            name: "a request that is tried again",
            steps: [.connects([.pending, .fresh]), .client(get), .memory(0), .connected(.refused), .upstream(ok + "abcd")],
            toClient: ok + "abcd", toUpstreams: ["", get], ends: [.init(200, attempts: 2, sent: 4)]),
        Script(
            name: "a request that fails", steps: [.client(get), .memory(0), .upstream("nonsense||")],
            toClient: own("502 Bad Gateway", closes: false), toUpstreams: [get], ends: [.init(502, .badResponse)]),
    ]

    @Test func whatIsRefusedTakesNoMoreBlocks() {
        let harness = MachineHarness()
        harness.take(.client("GET / HTTP/1.1|Host: a.test|A: "))
        harness.drive()
        harness.take(.memory(0))
        harness.take(.client(String(repeating: "x", count: 30_000)))
        harness.drive()
        #expect(harness.summaries.map(\.status) == [503])
        #expect(harness.clientWire.count > 25_000, "no more is read than there was room for")
        #expect(harness.machine.blockBytes == 0, "and others have that again")
    }

    /// What a request has itself is no reason to refuse it.
    @Test(arguments: [false, true], [Int.max, 1, 7]) func thereIsRoomForOne(hasOther: Bool, chunk: Int) {
        let harness = MachineHarness()
        harness.chunk = chunk
        let pool = harness.context.pool
        pool.limit = 1000
        var other = hasOther ? pool.take(.head) : ByteBuffer()
        harness.take(.client("GET / HTTP/1.1|Host: a.test|A: \(String(repeating: "x", count: 20_000))||"))
        harness.drive()
        if hasOther {
            #expect(harness.summaries.map(\.failure) == [.memoryLimit])
        } else {
            harness.take(.upstream(Self.ok + "abcd"))
            harness.drive()
            #expect(harness.summaries.map(\.status) == [200])
        }
        #expect(harness.problems == [])
        pool.give(&other)
    }

    // MARK: What is on its way

    private static let body = (0..<30_000).map { UInt8(ascii: "a") + UInt8($0 % 23) }

    private static var compressing: World {
        var world = World()
        world.gzip = GzipPolicy.Rule(minimumLength: 1, types: MediaTypes(["text/plain"]))
        return world
    }

    /// One for each end and direction.
    @Test(arguments: ["Content-Length: 30000||", "Transfer-Encoding: chunked||7530|", "|"], [false, true])
    func answersComeThroughSmallBlocks(framing: String, isCompressed: Bool) {
        for chunk in [Int.max, 1000, 7] {
            let harness = MachineHarness(isCompressed ? Self.compressing : World())
            harness.chunk = chunk
            harness.take(.client("GET / HTTP/1.1|Host: a.test|Accept-Encoding: gzip||"))
            harness.drive()
            harness.take(.memory(0))
            harness.clientTakes = 0
            harness.take(.upstream("HTTP/1.1 200 OK|Content-Type: text/plain|" + framing))
            harness.upstreams[0].wire.put(Self.body)
            if framing.hasPrefix("T") { harness.take(.upstream("|0||")) }
            if framing == "|" { harness.take(.upstreamCloses) }
            harness.drive()
            #expect(harness.machine.blockBytes <= 4 * Self.small, "pieces of \(chunk)")
            harness.clientTakes = .max
            harness.drive()
            let answer = Message(harness.toClient)
            let content = answer.head.field("Transfer-Encoding") == nil ? answer.body : ChunkReader.read(answer.body[...]).body
            #expect((isCompressed ? Gunzip(content).content : content) == Self.body, "pieces of \(chunk)")
            #expect(harness.machine.blockBytes <= 4 * Self.small, "pieces of \(chunk)")
            #expect(harness.summaries.map(\.failure) == [nil])
            #expect(harness.problems == [])
        }
    }

    /// A long head was counted with its copy; the body behind it has some room in any case.
    @Test(arguments: [(0, 4 * small), (3000, 3 * small + usual), (4290, 2 * small + 2 * usual)],
          ["Content-Length: 30000||", "Transfer-Encoding: chunked||7530|"])
    func uploadsComeThroughSmallBlocks(long: (padding: Int, most: Int), framing: String) {
        for chunk in [Int.max, 1000, 7] {
            let harness = MachineHarness()
            harness.chunk = chunk
            harness.upstreamTakes = 0
            harness.take(.client("POST / HTTP/1.1|Host: a.test|A: \(String(repeating: "x", count: long.padding))|" + framing))
            while harness.current == nil, harness.readClient() {}
            harness.take(.memory(0))
            harness.clientWire.put(Self.body)
            if framing.hasPrefix("T") { harness.take(.client("|0||")) }
            harness.drive()
            // Of a chunked one the copy has begun in a block of the usual size.
            let most = long.most + (framing.hasPrefix("T") && long.padding == 0 ? Self.usual - Self.small : 0)
            #expect(harness.machine.blockBytes <= most, "pieces of \(chunk)")
            harness.upstreamTakes = .max
            harness.drive()
            #expect(harness.machine.blockBytes <= most, "pieces of \(chunk)")
            let request = Message(harness.upstreams[0].received)
            let content = framing.hasPrefix("T") ? ChunkReader.read(request.body[...]).body : request.body
            #expect(content == Self.body)
            harness.take(.upstream(Self.ok + "abcd"))
            harness.drive()
            #expect(harness.summaries.map(\.status) == [200])
            #expect(harness.problems == [])
        }
    }

    @Test(arguments: [Int.max, 1, 7]) func tunnelsGoThroughSmallBlocks(chunk: Int) {
        let harness = MachineHarness()
        harness.chunk = chunk
        harness.take(.client("GET / HTTP/1.1|Host: a.test|Connection: upgrade|Upgrade: chat||"))
        harness.drive()
        harness.take(.memory(0))
        harness.take(.upstream("HTTP/1.1 101 Switching Protocols|Connection: upgrade|Upgrade: chat||"))
        harness.upstreams[0].wire.put(Self.body)
        harness.clientWire.put(Self.body)
        harness.drive()
        #expect(Message(harness.toClient).body == Self.body)
        #expect(Message(harness.upstreams[0].received).body == Self.body)
        #expect(harness.machine.blockBytes <= 4 * Self.small)
        #expect(harness.problems == [])
    }

    /// A head cannot come in pieces: where the request is on its way, its answer's has the room that it needs.
    @Test(arguments: [Int.max, 1, 7]) func aLongHeadOfAnAnswerHasItsRoom(chunk: Int) {
        let harness = MachineHarness()
        harness.chunk = chunk
        harness.take(.client(Self.get))
        harness.drive()
        harness.take(.memory(0))
        harness.take(.upstream("HTTP/1.1 200 OK|Content-Length: 4|A: \(String(repeating: "x", count: 20_000))||abcd"))
        harness.drive()
        #expect(harness.summaries.map(\.status) == [200])
        #expect(Message(harness.toClient).body == Array("abcd".utf8))
        #expect(harness.problems == [])
    }

    @Test func laterOnesHaveTheUsualBlocksAgain() {
        let harness = MachineHarness()
        harness.take(.client(Self.get))
        harness.drive()
        harness.take(.memory(0))
        harness.take(.upstream(Self.ok + "ab"))
        harness.drive()
        #expect(harness.machine.blockBytes == 4 * Self.small)
        harness.take(.memory(.max))
        harness.take(.upstream("cd"))
        harness.drive()
        harness.take(.client(Self.get))
        harness.drive()
        harness.take(.upstream(Self.ok + "abcd"))
        harness.drive()
        #expect(harness.summaries.map(\.status) == [200, 200])
        #expect(harness.machine.blockBytes >= Self.usual)
    }

    // MARK: Copies

    /// They are the first that there is no room for.
    @Test func noCopiesAreMade() {
        let harness = MachineHarness()
        harness.take(.memory(Self.small + 1))
        harness.take(.client("GET / HTTP/1.1|Host: mirror.test||"))
        harness.drive()
        #expect(harness.context.copies.takeReady().isEmpty)
        #expect(harness.context.copies.takeEndings().map(\.failure) == [.overloaded])
        harness.take(.upstream(Self.ok + "abcd"))
        harness.drive()
        #expect(harness.summaries.map(\.status) == [200])
    }
}
