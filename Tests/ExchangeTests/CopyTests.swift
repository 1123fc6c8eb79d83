@testable import Exchange
import HTTP1
import Routing
import Testing

/// Copies of stable's requests: what they hold, and how they end (`RequestCopy`), without a socket.
@Suite struct CopyTests {
    /// What happens to a copy on its way, in order.
    enum Step: Sendable {
        /// Its connection is there, an old one.
        case connected(reused: Bool = false)
        /// The canary takes as many bytes, or all.
        case takes(Int = .max)
        case says(String)
        case closes, resets, stopsReading, breaks
        case waits(TimeSpan)
        case refuses
        /// The copy begins anew, over a fresh connection.
        case again
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var request = "GET /a HTTP/1.1|Host: mirror.test||"
        let steps: [Step]
        /// Nil is that it has not ended.
        let ending: RequestCopy.Ending?
        var testDescription: String { name }
    }

    private static func answered(_ status: UInt16, isReusable: Bool = true) -> RequestCopy.Ending {
        RequestCopy.Ending(failure: nil, status: status, isReusable: isReusable)
    }

    private static func failed(_ failure: Failure) -> RequestCopy.Ending {
        RequestCopy.Ending(failure: failure, status: 0, isReusable: false)
    }

    private static let ok = "HTTP/1.1 200 OK|Content-Length: 2||ok"

    static let cases: [Case] = [
        Case(name: "answered", steps: [.connected(), .takes(), .says(ok)], ending: answered(200)),
        Case(name: "answered with an error", steps: [.connected(), .takes(), .says("HTTP/1.1 503 x|Content-Length: 0||")], ending: answered(503)),
        Case(
            name: "answered with a long head", steps: [.connected(), .takes(), .says("HTTP/1.1 200 OK|A: \(String(repeating: "x", count: 20_000))|Content-Length: 2||ok")],
            ending: answered(200)),
        Case(name: "answered in chunks", steps: [.connected(), .takes(), .says("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0||")], ending: answered(200)),
        Case(name: "after interim answers", steps: [.connected(), .takes(), .says("HTTP/1.1 103 x||"), .says(ok)], ending: answered(200)),
        Case(name: "answered by the end", steps: [.connected(), .takes(), .says("HTTP/1.1 200 OK||ok"), .closes], ending: answered(200, isReusable: false)),
        Case(name: "told to close", steps: [.connected(), .takes(), .says("HTTP/1.1 200 OK|Connection: close|Content-Length: 0||")], ending: answered(200, isReusable: false)),
        Case(name: "more than its answer", steps: [.connected(), .takes(), .says(ok + "more")], ending: answered(200, isReusable: false)),
        Case(name: "answered before all was taken", steps: [.connected(), .takes(5), .says(ok)], ending: answered(200, isReusable: false)),
        Case(name: "read no further, and answered", steps: [.connected(), .takes(5), .stopsReading, .says(ok), .closes], ending: answered(200, isReusable: false)),
        Case(name: "broken, and answered", steps: [.connected(), .takes(5), .breaks, .says(ok), .closes], ending: answered(200, isReusable: false)),
        Case(
            name: "broken amid an answer by the end", steps: [.connected(), .takes(5), .breaks, .says("HTTP/1.1 200 OK||ok"), .closes],
            ending: failed(.upstreamReset)),
        Case(name: "still answering", steps: [.connected(), .takes(), .says("HTTP/1.1 200 OK|Content-Length: 9||ok")], ending: nil),
        Case(
            name: "an endless answer", steps: [.connected(), .takes(), .says("HTTP/1.1 200 OK||" + String(repeating: "x", count: 3 << 20))],
            ending: answered(200, isReusable: false)),
        Case(name: "cut amid the answer", steps: [.connected(), .takes(), .says("HTTP/1.1 200 OK|Content-Length: 9||ok"), .closes], ending: failed(.upstreamClosed)),
        Case(name: "reset amid the answer", steps: [.connected(), .takes(), .says("HTTP/1.1 200 OK||ok"), .resets], ending: failed(.upstreamReset)),
        Case(name: "no HTTP", steps: [.connected(), .takes(), .says("nonsense||")], ending: failed(.badResponse)),
        Case(name: "a body without end", steps: [.connected(), .takes(), .says("HTTP/1.1 200 OK|Transfer-Encoding: chunked||x|")], ending: failed(.badResponse)),
        Case(name: "an endless head", steps: [.connected(), .takes(), .says("HTTP/1.1 200 OK|" + String(repeating: "A: b|", count: 90_000))], ending: failed(.badResponse)),
        Case(name: "an upgrade nobody asked for", steps: [.connected(), .takes(), .says("HTTP/1.1 101 x|Upgrade: a|Connection: upgrade||")], ending: failed(.badResponse)),
        Case(name: "interim answers without end", steps: [.connected(), .takes(), .says(String(repeating: "HTTP/1.1 103 x||", count: 17))], ending: failed(.badResponse)),
        Case(name: "an answer to nothing", steps: [.connected(), .says(ok)], ending: failed(.upstreamClosed)),
        Case(name: "closed at once", steps: [.connected(), .takes(), .closes], ending: failed(.upstreamClosed)),
        Case(name: "an old connection has ended", steps: [.connected(reused: true), .takes(), .closes, .again, .connected(), .takes(), .says(ok)], ending: answered(200)),
        Case(
            name: "no second time for what may do harm", request: "POST /a HTTP/1.1|Host: mirror.test|Content-Length: 2||hi",
            steps: [.connected(reused: true), .takes(), .closes], ending: failed(.upstreamClosed)),
        Case(
            name: "but if nothing was sent", request: "POST /a HTTP/1.1|Host: mirror.test|Content-Length: 2||hi",
            steps: [.connected(reused: true), .closes, .again, .connected(), .takes(), .says(ok)], ending: answered(200)),
        Case(name: "no connection", steps: [.refuses], ending: failed(.connectRefused)),
        Case(name: "no connection in time", steps: [.waits(.seconds(5))], ending: failed(.connectTimedOut)),
        Case(name: "no answer in time", steps: [.connected(), .takes(), .waits(.seconds(60))], ending: failed(.upstreamTimedOut)),
        Case(
            name: "no whole answer in time", steps: [.connected(), .takes(), .waits(.seconds(30)), .says("HTTP/1.1 200 OK||ok"), .waits(.seconds(30))],
            ending: failed(.upstreamTimedOut)),
        Case(name: "still in time", steps: [.connected(), .takes(), .waits(.milliseconds(59_999))], ending: nil),
    ]

    @Test(arguments: cases, [(Int.max, false), (1000, false), (.max, true), (1000, true)])
    func ends(_ test: Case, _ means: (chunk: Int, isShortOfMemory: Bool)) throws {
        let chunk = means.chunk
        let harness = MachineHarness(World())
        harness.take(.client(test.request))
        harness.drive()
        let copy = try #require(harness.context.copies.takeReady().first)
        if means.isShortOfMemory { harness.take(.memory(0)) }
        var now = harness.now
        copy.begin(now: now)
        for step in test.steps {
            switch step {
            case .connected(let reused): copy.connected(reused: reused, now: now)
            case .takes(let most): Self.take(most, of: copy, chunk)
            case .says(let text): Self.say(wire(text), to: copy, harness.context.pool, chunk)
            case .closes: copy.upstreamClosed(reset: false)
            case .resets: copy.upstreamClosed(reset: true)
            case .stopsReading: copy.upstreamStoppedReading(reset: false)
            case .breaks: copy.upstreamStoppedReading(reset: true)
            case .refuses: copy.fail(.connectRefused)
            case .waits(let span):
                now = now + span
                copy.timedOut(now: now)
            case .again: #expect(copy.beginsAnew(now: now))
            }
        }
        #expect(copy.ending == test.ending)
        if test.ending?.failure != nil { #expect(!copy.beginsAnew(now: now)) }
        #expect(copy.ending == nil || !copy.hasOutput)
        let count = harness.context.copies.count
        harness.context.copies.end(copy, copy.ending?.failure, harness.context.pool)
        #expect(harness.context.copies.count == count - 1)
    }

    @discardableResult
    private static func take(_ most: Int, of copy: RequestCopy, _ chunk: Int) -> [UInt8] {
        var taken: [UInt8] = []
        while copy.hasOutput, taken.count < most {
            _ = copy.transmit { first, second in
                let limit = min(chunk, most - taken.count)
                let count = taken.append(first, atMost: limit)
                return count + taken.append(second, atMost: limit - count)
            }
        }
        return taken
    }

    private static func say(_ bytes: [UInt8], to copy: RequestCopy, _ pool: BufferPool, _ chunk: Int) {
        var rest = bytes[...]
        while !rest.isEmpty, copy.ending == nil {
            copy.receive(pool) { space in
                let count = min(space.count, chunk, rest.count)
                for index in 0..<count { space[index] = rest[rest.startIndex + index] }
                rest = rest.dropFirst(count)
                return count
            }
        }
    }

    // MARK: What a copy holds

    struct Made: Sendable, CustomTestStringConvertible {
        let name: String
        let request: String
        /// What the canary gets; nil is no copy.
        let copy: String?
        var failure: Failure?
        var testDescription: String { name }
    }

    private static func copied(_ line: String, _ fields: String = "", _ body: String = "") -> String {
        "\(line)|Host: mirror.test|\(fields)X-Shadow: 1||\(body)"
    }

    @Test(arguments: [
        Made(name: "a head", request: "GET /a?b HTTP/1.1|Host: mirror.test||", copy: copied("GET /a?b HTTP/1.1")),
        Made(name: "a body", request: "POST /a HTTP/1.1|Host: mirror.test|Content-Length: 5||hello", copy: copied("POST /a HTTP/1.1", "Content-Length: 5|", "hello")),
        Made(
            name: "a body in chunks", request: "PUT /a HTTP/1.1|Host: mirror.test|Transfer-Encoding: chunked||5|hello|0||",
            copy: copied("PUT /a HTTP/1.1", "Transfer-Encoding: chunked|", "5|hello|0||")),
        Made(
            name: "nobody waits for 100", request: "POST /a HTTP/1.1|Host: mirror.test|Expect: 100-continue|Content-Length: 2||hi",
            copy: copied("POST /a HTTP/1.1", "Content-Length: 2|", "hi")),
        Made(name: "what a client says of copies", request: "GET /a HTTP/1.1|Host: mirror.test|X-Shadow: 7|x_shadow: 8||", copy: copied("GET /a HTTP/1.1")),
        Made(name: "no upgrade", request: "GET /a HTTP/1.1|Host: mirror.test|Connection: upgrade|Upgrade: websocket||", copy: nil),
        Made(name: "not what the canary gets itself", request: "GET /a HTTP/1.1|Host: mirror.test|X-Canary: always||", copy: nil),
        Made(name: "too long a body", request: "POST /a HTTP/1.1|Host: mirror.test|Content-Length: 70000||", copy: nil, failure: .requestTooLarge),
        Made(
            name: "too many chunks", request: "POST /a HTTP/1.1|Host: mirror.test|Transfer-Encoding: chunked||11170|" + String(repeating: "x", count: 70_000) + "|",
            copy: nil, failure: .requestTooLarge),
        Made(name: "a canary without endpoints", request: "GET /none HTTP/1.1|Host: mirror.test||", copy: nil, failure: .noEndpoint),
    ], [Int.max, 7])
    func isMade(_ test: Made, chunk: Int) {
        let harness = MachineHarness(World())
        harness.chunk = chunk
        harness.take(.client(test.request))
        harness.drive()
        let copies = harness.context.copies.takeReady()
        #expect(copies.count == (test.copy == nil ? 0 : 1))
        if let copy = copies.first {
            copy.connected(reused: false, now: harness.now)
            let bytes = Self.take(.max, of: copy, chunk)
            // What arrives in pieces goes on in other chunks.
            let message = Message(bytes)
            let body = message.dechunked.map { message.head.contains("Transfer-Encoding") ? "5|\($0)|0||" : $0 }
            #expect(strip(message.head) + (body ?? text(message.body)) == test.copy)
        }
        #expect(harness.context.copies.takeEndings().map(\.failure) == (test.failure == nil ? [] : [test.failure]))
        #expect(harness.problems.isEmpty)
    }

    /// Without what every request gets.
    private func strip(_ head: String) -> String {
        let usual = ["X-Request-ID", "X-Real-IP", "X-Forwarded", "X-Scheme"]
        let lines = head.split(separator: "|", omittingEmptySubsequences: false)
        return lines.filter { line in !usual.contains { line.hasPrefix($0) } }.joined(separator: "|")
    }

    /// What stands in the way of copies does not stand in the way of requests, and gives its place back.
    @Test func thereAreSoManyAtATime() {
        let harness = MachineHarness(World())
        let limit = harness.snapshot.limits.mirrorRequests
        for _ in 0..<(limit + 3) {
            harness.take(.client("GET /a HTTP/1.1|Host: mirror.test||"))
            harness.drive()
            harness.take(.upstream("HTTP/1.1 200 OK|Content-Length: 0||"))
            harness.drive()
        }
        #expect(harness.summaries.count == limit + 3 && harness.summaries.allSatisfy { $0.status == 200 })
        let copies = harness.context.copies.takeReady()
        #expect(copies.count == limit && harness.context.copies.count == limit)
        #expect(harness.context.copies.takeEndings().map(\.failure) == [.overloaded, .overloaded, .overloaded])
        for copy in copies { harness.context.copies.end(copy, nil, status: 200, harness.context.pool) }
        #expect(harness.context.copies.count == 0)
    }

    /// Slow uploads have places of their own; once they are there, they need one like all others.
    @Test func slowUploadsKeepNobodyFromBeingCopied() {
        let world = World()
        let context = world.context()
        let limit = world.snapshot().limits.mirrorRequests
        let uploads = (0..<limit + 1).map { _ in MachineHarness(world, context) }
        for upload in uploads {
            upload.take(.client("POST /a HTTP/1.1|Host: mirror.test|Content-Length: 5||he"))
            upload.drive()
        }
        #expect(context.copies.fillingCount == limit)
        #expect(context.copies.takeEndings().map(\.failure) == [.overloaded])
        let other = MachineHarness(world, context)
        other.take(.client("GET /a HTTP/1.1|Host: mirror.test||"))
        other.drive()
        let copies = context.copies.takeReady()
        #expect(copies.count == 1 && context.copies.count == 1)
        for upload in uploads {
            upload.take(.client("llo"))
            upload.drive()
        }
        #expect(context.copies.takeEndings().map(\.failure) == [.overloaded], "one place is taken")
        for copy in copies + context.copies.takeReady() { context.copies.end(copy, nil, status: 200, context.pool) }
        #expect(context.copies.count == 0 && context.copies.fillingCount == 0)
    }

    /// A request that ends before its body is there takes its copy along.
    @Test func anUnfinishedRequestIsNotSent() {
        let harness = MachineHarness(World())
        harness.take(.client("POST /a HTTP/1.1|Host: mirror.test|Content-Length: 5||he"))
        harness.drive()
        #expect(harness.context.copies.fillingCount == 1 && harness.context.copies.isEmpty)
        harness.clientFails()
        #expect(harness.context.copies.takeReady().isEmpty && harness.context.copies.fillingCount == 0)
        #expect(harness.context.copies.takeEndings().map(\.failure) == [.clientClosed])
    }
}
