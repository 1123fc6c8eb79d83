@testable import Exchange
import HTTP1
import TestSupport
import Testing

/// Which responses are compressed, and what their heads say.
@Suite struct CompressionTests {
    /// What becomes of a response.
    enum Fate: Sendable { case compressed, passed, passedVarying }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var request = "Accept-Encoding: gzip|"
        var method = "GET"
        var status = "200 OK"
        var fields = "Content-Type: text/plain|"
        /// Left to the length by default.
        var framing = "Content-Length: 300|"
        var types = ["text/plain", "application/*"]
        var minimum = 256
        let fate: Fate
        /// In the head that the client gets, beside what all have.
        var says: [String] = []
        var saysNot: [String] = []
        var testDescription: String { name }
    }

    static let plain = "Content-Type: text/plain|"

    static let cases: [Case] = [
        Case(name: "plain text", fate: .compressed, says: ["|Content-Encoding: gzip|", "|Vary: Accept-Encoding|"]),
        Case(name: "with parameters, in any case", fields: "content-type: TEXT/Plain ; charset=utf-8|", fate: .compressed),
        Case(name: "of a family", fields: "Content-Type: application/json|", fate: .compressed),
        Case(name: "of no listed type", fields: "Content-Type: text/plainer|", fate: .passed),
        Case(name: "of a family's name", fields: "Content-Type: application/|", fate: .passed),
        Case(name: "of no type", fields: "", fate: .passed),
        Case(name: "of any type", fields: "Content-Type: image/png|", types: ["*"], fate: .compressed),
        Case(name: "not wanted", request: "", fate: .passedVarying),
        Case(name: "refused", request: "Accept-Encoding: gzip;q=0|", fate: .passedVarying),
        Case(name: "wanted in a second field", request: "Accept-Encoding: br|Accept-Encoding: gzip|", fate: .compressed),
        Case(name: "just long enough", minimum: 300, fate: .compressed),
        Case(name: "too short", minimum: 301, fate: .passed),
        Case(name: "of unknown length", framing: "Transfer-Encoding: chunked|", minimum: 301, fate: .compressed),
        Case(name: "encoded", fields: plain + "Content-Encoding: br|", fate: .passed, says: ["|Content-Encoding: br|"]),
        Case(name: "encoded already", fields: plain + "Content-Encoding: gzip|", fate: .passed),
        Case(name: "not to be changed", fields: plain + "Cache-Control: public, No-Transform|", fate: .passed),
        Case(name: "cacheable", fields: plain + "Cache-Control: no-transformer, max-age=1|", fate: .compressed),
        Case(name: "created", status: "201 Created", fate: .compressed),
        Case(name: "an error", status: "404 Not Found", fate: .compressed),
        Case(name: "of a status nobody knows", status: "299 x", fate: .compressed),
        Case(name: "a part", status: "206 Partial Content", fields: plain + "Content-Range: bytes 0-299/900|", fate: .passed),
        Case(name: "a part, as it seems", fields: plain + "Content-Range: bytes 0-299/900|", fate: .passed),
        Case(name: "a delta", status: "226 IM Used", fate: .passed),
        Case(
            name: "strong tag", fields: plain + "ETag: \"a\"|", fate: .compressed, says: ["|ETag: W/\"a\"|"],
            saysNot: ["|ETag: \"a\"|"]),
        Case(name: "weak tag", fields: plain + "ETag: W/\"a\"|", fate: .compressed, says: ["|ETag: W/\"a\"|"], saysNot: ["W/W/"]),
        Case(name: "strong tag, not wanted", request: "", fields: plain + "ETag: \"a\"|", fate: .passedVarying, says: ["|ETag: \"a\"|"]),
        Case(
            name: "about the bytes", fields: plain + "Accept-Ranges: bytes|Content-MD5: x|Digest: x|Repr-Digest: x|Content-Digest: x|X: y|",
            fate: .compressed, says: ["|X: y|"], saysNot: ["Accept-Ranges", "MD5", "Digest"]),
        Case(
            name: "about the bytes, not wanted", request: "", fields: plain + "Accept-Ranges: bytes|Content-MD5: x|", fate: .passedVarying,
            says: ["|Accept-Ranges: bytes|", "|Content-MD5: x|"]),
        Case(
            name: "varies by something else", fields: plain + "Vary: Origin|", fate: .compressed,
            says: ["|Vary: Origin|", "|Vary: Accept-Encoding|"]),
        Case(
            name: "says so itself", fields: plain + "Vary: Origin, accept-encoding|", fate: .compressed,
            says: ["|Vary: Origin, accept-encoding|"], saysNot: ["|Vary: Accept-Encoding|"]),
        Case(name: "varies by everything", fields: plain + "Vary: *|", fate: .compressed, says: ["|Vary: *|"], saysNot: ["|Vary: Accept-Encoding|"]),
        Case(
            name: "keeps the rest of its head", fields: plain + "X-A: 1|Set-Cookie: a=b|Last-Modified: x|", fate: .compressed,
            says: ["|X-A: 1|Set-Cookie: a=b|Last-Modified: x|"], saysNot: ["Content-Length"]),
    ]

    @Test(arguments: cases, [Int.max, 1]) func response(_ test: Case, chunk: Int) {
        var world = World()
        world.gzip = GzipPolicy.Rule(minimumLength: test.minimum, types: MediaTypes(test.types))
        let harness = MachineHarness(world)
        harness.chunk = chunk
        let body = String(repeating: "abc", count: 100)
        harness.take(.client("\(test.method) / HTTP/1.1|Host: a.test|\(test.request)|"))
        harness.drive()
        let isChunked = test.framing.contains("chunked")
        harness.take(.upstream("HTTP/1.1 \(test.status)|\(test.fields)\(test.framing)|" + (isChunked ? "12c|\(body)|0||" : body)))
        harness.drive()
        let answer = Message(harness.toClient)
        #expect(harness.problems == [])
        #expect(harness.summaries.map(\.failure) == [nil])
        #expect(harness.left == .open, "the connection goes on")
        #expect(harness.reusable == [true])
        for text in test.says { #expect(answer.head.contains(text), "\(answer.head)") }
        for text in test.saysNot { #expect(!answer.head.contains(text), "\(answer.head)") }
        #expect(answer.head.contains("|Vary: ") == (test.fate != .passed || test.fields.contains("Vary")))
        switch test.fate {
        case .compressed:
            #expect(answer.head.field("Content-Encoding") == "gzip" && answer.head.field("Transfer-Encoding") == "chunked")
            let chunks = ChunkReader.read(answer.body[...])
            #expect(chunks.isWhole && chunks.rest == 0)
            let content = Gunzip(chunks.body)
            #expect(content.isWhole && content.surplus == 0 && content.content == Array(body.utf8))
            #expect(harness.summaries.map(\.responseBodyBytes) == [chunks.body.count])
            let counts = GzipPool.Counts(responses: 1, overflows: 0, bytesIn: 300, bytesOut: UInt64(chunks.body.count))
            #expect(harness.context.gzip.counts == counts)
        case .passed, .passedVarying:
            #expect(answer.head.field("Content-Encoding") != "gzip" || test.fields.contains("gzip"))
            #expect((isChunked ? answer.dechunked : String(decoding: answer.body, as: UTF8.self)) == body)
            #expect(harness.context.gzip.counts == GzipPool.Counts())
        }
        #expect(harness.context.gzip.inUse == 0)
    }

    /// A response without a body says as much as it did, and to HEAD what it varies by.
    @Test(arguments: [
        ("HEAD / HTTP/1.1|Host: a.test||", "200 OK|Content-Type: text/plain|Content-Length: 900|ETag: \"a\"||", true, "\"a\""),
        ("HEAD / HTTP/1.1|Host: a.test|Accept-Encoding: gzip||", "200 OK|Content-Type: text/plain|Content-Length: 9|ETag: \"a\"||", false, "\"a\""),
        ("GET / HTTP/1.1|Host: a.test|Accept-Encoding: gzip||", "204 No Content|Content-Type: text/plain|ETag: \"a\"||", false, "\"a\""),
        ("GET / HTTP/1.1|Host: a.test|Accept-Encoding: gzip||", "304 Not Modified|ETag: \"a\"||", true, "\"a\""),
        ("GET / HTTP/1.1|Host: a.test|Accept-Encoding: gzip|If-None-Match: \"a\"||", "304 Not Modified|ETag: \"a\"||", true, "\"a\""),
        // It was compressed when the client got it.
        ("GET / HTTP/1.1|Host: a.test|Accept-Encoding: gzip|If-None-Match: \"b\", W/\"a\"||", "304 Not Modified|ETag: \"a\"||", true, "W/\"a\""),
        ("GET / HTTP/1.1|Host: a.test|If-None-Match: W/\"a\"||", "304 Not Modified|ETag: \"a\"||", true, "\"a\""),
        // The 200 would vary, or would not.
        ("GET / HTTP/1.1|Host: a.test||", "304 Not Modified|Content-Type: text/plain|ETag: \"a\"||", true, "\"a\""),
        ("GET / HTTP/1.1|Host: a.test||", "304 Not Modified|Content-Type: image/png|ETag: \"a\"||", false, "\"a\""),
        ("GET / HTTP/1.1|Host: a.test||", "304 Not Modified|Content-Length: 9|ETag: \"a\"||", false, "\"a\""),
        ("GET / HTTP/1.1|Host: a.test|Accept-Encoding: gzip|If-None-Match: W/\"a\"||", "304 Not Modified|Cache-Control: no-transform|ETag: \"a\"||", false, "\"a\""),
        ("GET / HTTP/1.1|Host: a.test||", "304 Not Modified|Vary: accept-encoding|ETag: \"a\"||", false, "\"a\""),
    ])
    func withoutABody(_ request: String, _ answer: String, varies: Bool, tag: String) {
        var world = World()
        world.gzip = GzipPolicy.Rule(types: MediaTypes(["text/plain"]))
        let harness = MachineHarness(world)
        harness.take(.client(request))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 " + answer))
        harness.drive()
        let got = Message(harness.toClient)
        #expect(got.body.isEmpty && got.head.field("Content-Encoding") == nil && got.head.field("Transfer-Encoding") == nil)
        #expect(got.head.contains("|Vary: Accept-Encoding|") == varies)
        #expect(got.head.field("ETag") == tag)
        #expect(got.head.contains("|Content-Length: ") == answer.contains("Length"))
        #expect(harness.left == .open && harness.context.gzip.counts == GzipPool.Counts())
    }

    /// As GET's head, of which no stream is made: its length is not known.
    @Test(arguments: ["Content-Length: 900|", "Transfer-Encoding: chunked|", ""]) func headOfWhatGetWouldCompress(_ framing: String) {
        var world = World()
        world.gzip = GzipPolicy.Rule(types: MediaTypes(["text/plain"]))
        let harness = MachineHarness(world)
        harness.take(.client("HEAD / HTTP/1.1|Host: a.test|Accept-Encoding: gzip||"))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 200 OK|Content-Type: text/plain|\(framing)ETag: \"a\"|Accept-Ranges: bytes||"))
        harness.drive()
        let got = Message(harness.toClient)
        #expect(got.head.field("Content-Encoding") == "gzip" && got.head.field("Vary") == "Accept-Encoding")
        #expect(got.head.field("ETag") == "W/\"a\"" && got.head.field("Accept-Ranges") == nil)
        #expect(got.body.isEmpty && got.head.field("Content-Length") == nil)
        #expect(harness.left == .open && harness.context.gzip.counts == GzipPool.Counts())
    }

    /// A tag grows when it is made weak; there is room for that, however many an upstream sends and fields may be.
    @Test(arguments: [1, 2, 100, 103, 190, 1000]) func manyTags(_ count: Int) {
        var world = World()
        world.gzip = GzipPolicy.Rule(minimumLength: 1, types: MediaTypes(["text/plain"]))
        world.headerFields = 10_000
        let harness = MachineHarness(world)
        harness.take(.client("GET / HTTP/1.1|Host: a.test|Accept-Encoding: gzip||"))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 200|Content-Type:text/plain|" + String(repeating: "ETag:\"|", count: count) + "Content-Length:2||ok"))
        harness.drive()
        let got = Message(harness.toClient)
        #expect(got.head.field("Content-Encoding") == "gzip")
        #expect(got.head.split(separator: "|").filter { $0.hasPrefix("ETag:") } == ["ETag: W/\""])
        #expect(harness.problems == [])
    }

    /// Another route, another rule; an upgrade is none's business.
    @Test func onlyWhereTheRouteSaysSo() {
        let harness = MachineHarness()
        harness.take(.client("GET / HTTP/1.1|Host: a.test|Accept-Encoding: gzip||"))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 200 OK|Content-Type: text/html|Content-Length: 3|ETag: \"a\"||abc"))
        harness.drive()
        let head = Message(harness.toClient).head
        #expect(head.field("Content-Length") == "3" && head.field("Vary") == nil && head.field("ETag") == "\"a\"")
    }

    @Test func beyondItsMemoryResponsesPassAsTheyAre() {
        var world = World()
        world.gzip = GzipPolicy.Rule(types: MediaTypes(["*"]))
        world.gzipMemory = Gzip.memory - 1
        let harness = MachineHarness(world)
        harness.take(.client("GET / HTTP/1.1|Host: a.test|Accept-Encoding: gzip||"))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 200 OK|Content-Type: text/html|Content-Length: 300|ETag: \"a\"||" + String(repeating: "x", count: 300)))
        harness.drive()
        let head = Message(harness.toClient).head
        #expect(head.field("Content-Length") == "300" && head.field("Vary") == "Accept-Encoding" && head.field("ETag") == "\"a\"")
        #expect(harness.context.gzip.counts == GzipPool.Counts(responses: 0, overflows: 1, bytesIn: 0, bytesOut: 0))
    }

    /// A stream goes back to the pool and serves the next response from its beginning, at its own level.
    @Test func streamsAreUsedAgain() {
        let pool = GzipPool()
        for level in [1, 9, 1, 9, 6] {
            guard let gzip = pool.take(level: level, memory: Gzip.memory) else {
                Issue.record("a stream is free")
                return
            }
            #expect(gzip.level == level && gzip.bytesIn == 0)
            #expect(pool.take(level: level, memory: Gzip.memory) == nil, "there is room for one")
            gzip.goal = .end
            var output = ByteBuffer(capacity: 1000)
            guard case .moved(3, true) = gzip.step([97, 98, 99].span, to: &output, room: 1000) else {
                Issue.record("three bytes fit")
                return
            }
            var bytes: [UInt8] = []
            _ = bytes.append(output.bytes, atMost: .max)
            #expect(Gunzip(bytes).isWhole && Gunzip(bytes).content == [97, 98, 99])
            pool.give(gzip)
        }
        #expect(pool.inUse == 0 && pool.counts.responses == 5 && pool.counts.overflows == 5 && pool.counts.bytesIn == 15)
    }
}
