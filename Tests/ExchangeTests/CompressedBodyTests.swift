@testable import Exchange
import HTTP1
import TestSupport
import Testing

/// Bodies on their way through gzip: whole in whatever pieces, cut where they were cut, never kept back for long.
@Suite struct CompressedBodyTests {
    enum Framing: String, CaseIterable, Sendable { case length, chunked, close }

    private static func world() -> World {
        var world = World()
        world.gzip = GzipPolicy.Rule(minimumLength: 1, types: MediaTypes(["text/plain"]))
        return world
    }

    private static func began(_ framing: Framing, length: Int, minorVersion: Int = 1, chunk: Int = .max) -> MachineHarness {
        let harness = MachineHarness(world())
        harness.chunk = chunk
        harness.take(.client("GET / HTTP/1.\(minorVersion)|Host: a.test|Accept-Encoding: gzip||"))
        harness.drive()
        let fields = switch framing {
        case .length: "Content-Length: \(length)|"
        case .chunked: "Transfer-Encoding: chunked|"
        case .close: ""
        }
        harness.take(.upstream("HTTP/1.1 200 OK|Content-Type: text/plain|" + fields + "|"))
        return harness
    }

    /// What the client got, without its chunks; `isWhole` as the framing shows it.
    private static func received(_ harness: MachineHarness) -> (bytes: [UInt8], isWhole: Bool) {
        let answer = Message(harness.toClient)
        guard answer.head.field("Transfer-Encoding") == "chunked" else { return (answer.body, harness.left == .closed) }
        let chunks = ChunkReader.read(answer.body[...])
        #expect(!chunks.isBroken)
        return (chunks.body, chunks.isWhole)
    }

    private static func text(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(ascii: "a") + UInt8(truncatingIfNeeded: $0 * $0 >> 3) % 7 }
    }

    @Test(arguments: Framing.allCases, [1, 300, 70_000]) func whole(framing: Framing, size: Int) {
        for minorVersion in [0, 1] {
            for grain in size > 300 ? [Int.max, 977] : [Int.max, 7, 1] {
                let body = Self.text(size)
                let harness = Self.began(framing, length: size, minorVersion: minorVersion, chunk: grain)
                Self.send(body, framing, harness)
                if framing == .close { harness.take(.upstreamCloses) }
                harness.drive()
                let (bytes, isWhole) = Self.received(harness)
                let content = Gunzip(bytes)
                #expect(isWhole && content.isWhole && content.surplus == 0 && content.content == body, "1.\(minorVersion), \(grain)")
                #expect(harness.problems == [] && harness.summaries.map(\.failure) == [nil])
                #expect(harness.left == (minorVersion == 0 ? .closed : .open))
                #expect(harness.context.gzip.inUse == 0)
            }
        }
    }

    private static func send(_ body: [UInt8], _ framing: Framing, _ harness: MachineHarness) {
        guard let current = harness.current else {
            Issue.record("no upstream is connected")
            return
        }
        var chance = SeededGenerator(seed: UInt64(body.count))
        harness.upstreams[current].wire.put(framing == .chunked ? chance.chunked(body) : body)
    }

    /// Noise grows a little, and still comes through.
    @Test func whatCannotBeCompressed() {
        var chance = SeededGenerator(seed: 5)
        let body = chance.bytes(300_000)
        let harness = Self.began(.length, length: body.count)
        Self.send(body, .length, harness)
        harness.drive()
        let (bytes, isWhole) = Self.received(harness)
        #expect(isWhole && Gunzip(bytes).content == body && bytes.count < body.count + 1000)
    }

    struct Cut: Sendable, CustomTestStringConvertible {
        let name: String
        let framing: Framing
        let steps: [Script.Step]
        let failure: Failure
        let minorVersion: Int
        var testDescription: String { "\(name), \(framing), 1.\(minorVersion)" }
    }

    static let cuts: [Cut] = [Framing.length, .chunked].flatMap { framing in
        [0, 1].flatMap { minorVersion in
            [
                Cut(name: "closed", framing: framing, steps: [.upstreamCloses], failure: .upstreamClosed, minorVersion: minorVersion),
                Cut(name: "reset", framing: framing, steps: [.upstreamResets], failure: .upstreamReset, minorVersion: minorVersion),
                Cut(name: "stalled", framing: framing, steps: [.wait(61)], failure: .upstreamTimedOut, minorVersion: minorVersion),
            ]
        }
    } + [
        Cut(name: "reset", framing: .close, steps: [.upstreamResets], failure: .upstreamReset, minorVersion: 1),
        Cut(name: "bad chunk", framing: .chunked, steps: [.upstream("zz|")], failure: .badResponse, minorVersion: 1),
    ]

    /// What came is delivered; then the cut shows, to whoever looks at the framing and to whoever looks at the gzip.
    @Test(arguments: cuts) func aCutStaysACut(_ test: Cut) {
        let body = Self.text(5000)
        let harness = Self.began(test.framing, length: 6000, minorVersion: test.minorVersion)
        let coded = test.framing == .chunked ? wire("1388|") + body + [13, 10] : body
        if let current = harness.current { harness.upstreams[current].wire.put(coded) }
        // Nothing was flushed before the end came, unless there was time for it.
        for step in test.steps {
            if case .wait = step { harness.drive() }
            harness.take(step)
        }
        harness.drive()
        let (bytes, isWhole) = Self.received(harness)
        let content = Gunzip(bytes)
        #expect(!isWhole && !content.isWhole && !content.isBroken)
        #expect(content.content == body, "what came is delivered")
        #expect(harness.summaries.map(\.failure) == [test.failure])
        #expect(harness.left == (test.minorVersion == 0 ? .aborted : .closed))
        #expect(harness.reusable == [false] && harness.context.gzip.inUse == 0 && harness.problems == [])
    }

    /// Each piece is there for the client as soon as nothing more comes, however small it is.
    @Test(arguments: [Framing.chunked, .close, .length], [0, 1]) func eventsArriveAtOnce(framing: Framing, minorVersion: Int) {
        let harness = Self.began(framing, length: 1000, minorVersion: minorVersion)
        var sent = ""
        for number in 0..<20 {
            let event = "data: \(number)|"
            sent += event
            harness.take(.upstream(framing == .chunked ? "\(String(wire(event).count, radix: 16))|\(event)|" : event))
            harness.drive()
            let (bytes, isWhole) = Self.received(harness)
            #expect(!isWhole && Gunzip(bytes).content == wire(sent), "event \(number)")
        }
        #expect(harness.problems == [])
    }

    /// The stream's header does not go out by itself, but with the first bytes that mean something.
    @Test(arguments: [Framing.length, .chunked]) func theHeaderGoesWithTheFirstBytes(_ framing: Framing) {
        let harness = Self.began(framing, length: 600)
        guard let current = harness.current else {
            Issue.record("no upstream is connected")
            return
        }
        let piece = Self.text(300)
        harness.upstreams[current].wire.put(framing == .chunked ? wire("12c|") + piece + wire("|") : piece)
        while harness.readUpstream() || harness.writeClient() {}
        #expect(!harness.toClient.isEmpty && Message(harness.toClient).body.isEmpty, "zlib waits for more")
        harness.upstreams[current].wire.put(framing == .chunked ? wire("12c|") + piece + wire("|0||") : piece)
        harness.drive()
        let answer = Message(harness.toClient)
        let size = answer.body.prefix { $0 != 13 }
        let first = ChunkReader.read(answer.body[...]).body.count
        #expect(Int(String(decoding: size, as: UTF8.self), radix: 16) == first, "one chunk holds it all")
        #expect(Gunzip(Self.received(harness).bytes).content == piece + piece)
    }

    /// Between two pieces that come at once nothing is flushed: the client is told later, and gets less.
    @Test func whatComesTogetherIsCompressedTogether() {
        let harness = Self.began(.length, length: 40)
        harness.take(.upstream("0123456789"))
        while harness.readUpstream() || harness.writeClient() {}
        #expect(harness.machine.flush(now: harness.now) == .later)
        harness.take(.upstream("0123456789"))
        while harness.readUpstream() || harness.writeClient() {}
        #expect(harness.machine.flush(now: harness.now) == .later, "more has come")
        #expect(harness.machine.flush(now: harness.now) == .done)
        #expect(harness.machine.flush(now: harness.now) == .idle, "the client has to read first")
        while harness.writeClient() {}
        #expect(harness.machine.flush(now: harness.now) == .idle, "there is nothing left")
        #expect(Gunzip(Self.received(harness).bytes).content == Array("01234567890123456789".utf8))
    }

    /// A client that does not read stops the upstream, and gets all of it later.
    @Test(arguments: Framing.allCases) func slowClient(framing: Framing) {
        var chance = SeededGenerator(seed: 9)
        let body = chance.bytes(900_000)
        let harness = Self.began(framing, length: body.count)
        harness.clientTakes = 0
        if let current = harness.current {
            harness.upstreams[current].wire.put(framing == .chunked ? wire("dbba0|") + body + wire("|0||") : body)
        }
        harness.drive()
        #expect(harness.mostBuffered <= BufferPool.Size.huge.rawValue + 2 * BufferPool.Size.standard.rawValue)
        #expect(harness.upstreams[0].wire.count > 400_000, "the rest stays in the socket")
        harness.clientTakes = 100_000
        harness.drive()
        harness.clientTakes = .max
        if framing == .close { harness.take(.upstreamCloses) }
        harness.drive()
        #expect(harness.mostBuffered <= BufferPool.Size.huge.rawValue + 2 * BufferPool.Size.standard.rawValue)
        let (bytes, isWhole) = Self.received(harness)
        #expect(isWhole && Gunzip(bytes).isWhole && Gunzip(bytes).content == body)
    }

    /// The client goes in the middle.
    @Test func anAbandonedStreamGoesBack() {
        let harness = Self.began(.length, length: 1000)
        harness.take(.upstream("abc"))
        harness.drive()
        #expect(harness.context.gzip.inUse == 1)
        harness.take(.clientFails)
        #expect(harness.context.gzip.inUse == 0 && harness.left == .aborted)
    }

    @Test func requestsFollowEachOther() {
        let harness = MachineHarness(Self.world())
        for number in 0..<3 {
            harness.take(.client("GET / HTTP/1.1|Host: a.test|Accept-Encoding: gzip||"))
            harness.drive()
            harness.toClient = []
            harness.take(.upstream("HTTP/1.1 200 OK|Content-Type: text/plain|Content-Length: 8||number \(number)"))
            harness.drive()
            #expect(Gunzip(Self.received(harness).bytes).content == Array("number \(number)".utf8))
        }
        #expect(harness.summaries.count == 3 && harness.context.gzip.counts.responses == 3)
    }
}
