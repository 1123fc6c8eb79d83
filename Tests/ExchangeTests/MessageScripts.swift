import Exchange
import Testing

/// Messages of all framings, both ways.
@Suite struct MessageScripts {
    @Test(arguments: requests + responses + bodiless, [Int.max, 1, 7])
    func message(_ script: Script, chunk: Int) { script.play(chunk: chunk) }

    private static let get = "GET / HTTP/1.1|Host: a.test||"
    private static let ok = "HTTP/1.1 200 OK|Content-Length: 2||ok"

    static let requests: [Script] = [
        Script(
            name: "GET", steps: [.client(get), .upstream(ok)], toClient: ok, toUpstreams: [get],
            ends: [.init(200, sent: 2)], reusable: [true], fresh: [false]),
        Script(
            name: "HEAD keeps the length and has no body",
            steps: [.client("HEAD /x HTTP/1.1|Host: a.test||"), .upstream("HTTP/1.1 200 OK|Content-Length: 500||")],
            toClient: "HTTP/1.1 200 OK|Content-Length: 500||", toUpstreams: ["HEAD /x HTTP/1.1|Host: a.test||"],
            ends: [.init(200)], reusable: [true]),
        Script(
            name: "HEAD answered with a coding", steps: [
                .client("HEAD /x HTTP/1.1|Host: a.test||"), .upstream("HTTP/1.1 200 OK|Transfer-Encoding: chunked||"),
            ],
            toClient: "HTTP/1.1 200 OK||", toUpstreams: ["HEAD /x HTTP/1.1|Host: a.test||"],
            ends: [.init(200)], reusable: [true]),
        Script(
            name: "POST with a length",
            steps: [.client("POST /p HTTP/1.1|Host: a.test|Content-Length: 5||hello"), .upstream(ok)],
            toClient: ok, toUpstreams: ["POST /p HTTP/1.1|Host: a.test|Content-Length: 5||hello"],
            ends: [.init(200, received: 5, sent: 2)], reusable: [true]),
        Script(
            name: "POST of nothing",
            steps: [.client("POST /p HTTP/1.1|Host: a.test|Content-Length: 0||"), .upstream(ok)],
            toClient: ok, toUpstreams: ["POST /p HTTP/1.1|Host: a.test|Content-Length: 0||"],
            ends: [.init(200, sent: 2)], reusable: [true]),
        Script(
            name: "a body in pieces", steps: [
                .client("PUT /p HTTP/1.1|Host: a.test|Content-Length: 6||ab"), .client("cd"), .client("ef"), .upstream(ok),
            ],
            toClient: ok, toUpstreams: ["PUT /p HTTP/1.1|Host: a.test|Content-Length: 6||abcdef"],
            ends: [.init(200, received: 6, sent: 2)], reusable: [true]),
        Script(
            name: "GET with a body",
            steps: [.client("GET / HTTP/1.1|Host: a.test|Content-Length: 1||x" + get), .upstream(ok), .upstream(ok)],
            toClient: ok + ok,
            toUpstreams: ["GET / HTTP/1.1|Host: a.test|Content-Length: 1||x", get],
            ends: [.init(200, received: 1, sent: 2), .init(200, sent: 2)], reusable: [true, true]),
    ]

    static let responses: [Script] = [
        Script(
            name: "chunked",
            steps: [.client(get), .upstream("HTTP/1.1 200 OK|Transfer-Encoding: chunked||"), .upstream("0||")],
            toClient: "HTTP/1.1 200 OK|Transfer-Encoding: chunked||0||", toUpstreams: [get],
            ends: [.init(200)], reusable: [true]),
        Script(
            name: "a length of zero", steps: [.client(get), .upstream("HTTP/1.1 200 OK|Content-Length: 0||")],
            toClient: "HTTP/1.1 200 OK|Content-Length: 0||", toUpstreams: [get], ends: [.init(200)], reusable: [true]),
        Script(
            name: "a length to an HTTP/1.0 client",
            steps: [.client("GET / HTTP/1.0|Host: a.test||"), .upstream(ok)],
            toClient: "HTTP/1.1 200 OK|Content-Length: 2|Connection: close||ok", toUpstreams: [get],
            ends: [.init(200, sent: 2)], left: .closed, reusable: [true]),
        Script(
            name: "chunked to an HTTP/1.0 client", steps: [
                .client("GET / HTTP/1.0|Host: a.test||"),
                .upstream("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2;x=y|ab|3|cde|0|Trailer: dropped||"),
            ],
            toClient: "HTTP/1.1 200 OK|Connection: close||abcde", toUpstreams: [get],
            ends: [.init(200, sent: 5)], left: .closed, reusable: [true]),
        Script(
            name: "until close to an HTTP/1.0 client",
            steps: [.client("GET / HTTP/1.0|Host: a.test||"), .upstream("HTTP/1.0 200 OK||abc"), .upstreamCloses],
            toClient: "HTTP/1.1 200 OK|Connection: close||abc", toUpstreams: [get],
            ends: [.init(200, sent: 3)], left: .closed, reusable: [false]),
        Script(
            name: "an HTTP/1.0 upstream is not reused",
            steps: [.client(get), .upstream("HTTP/1.0 200 OK|Content-Length: 2||ok")],
            toClient: ok, toUpstreams: [get], ends: [.init(200, sent: 2)], reusable: [false]),
        Script(
            name: "an HTTP/1.0 upstream that keeps its connection", steps: [
                .client(get), .upstream("HTTP/1.0 200 OK|Content-Length: 2|Connection: keep-alive||ok"),
            ],
            toClient: ok, toUpstreams: [get], ends: [.init(200, sent: 2)], reusable: [true]),
        Script(
            name: "an upstream that closes is not reused",
            steps: [.client(get), .upstream("HTTP/1.1 200 OK|Content-Length: 2|Connection: close||ok")],
            toClient: ok, toUpstreams: [get], ends: [.init(200, sent: 2)], reusable: [false]),
    ]

    static let bodiless: [Script] = [
        Script(
            name: "204", steps: [.client(get), .upstream("HTTP/1.1 204 No Content||")],
            toClient: "HTTP/1.1 204 No Content||", toUpstreams: [get], ends: [.init(204)], reusable: [true]),
        Script(
            name: "204 that announces a body", steps: [.client(get), .upstream("HTTP/1.1 204 No Content|Content-Length: 9||")],
            toClient: "HTTP/1.1 204 No Content||", toUpstreams: [get], ends: [.init(204)], reusable: [false]),
        Script(
            name: "304 keeps the length", steps: [.client(get), .upstream("HTTP/1.1 304 Not Modified|Content-Length: 9||")],
            toClient: "HTTP/1.1 304 Not Modified|Content-Length: 9||", toUpstreams: [get], ends: [.init(304)],
            reusable: [true]),
    ]

    /// How a body was cut into chunks is not part of the message: what the reads make of it is compared without it.
    @Test(arguments: [Int.max, 1, 7]) func chunkedRequest(chunk: Int) {
        let harness = MachineHarness()
        harness.chunk = chunk
        harness.take(.client("POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked||3;ext|abc|2|de|0|Field: dropped||"))
        harness.drive()
        let received = Message(harness.upstreams[0].received)
        #expect(received.head.contains("|Transfer-Encoding: chunked|"))
        #expect(!received.head.contains("Content-Length"))
        #expect(received.dechunked == "abcde")
        harness.take(.upstream("HTTP/1.1 200 OK|Transfer-Encoding: chunked||1|x|4|yzzy|0|Field: dropped||"))
        harness.drive()
        let answer = Message(harness.toClient)
        #expect(answer.head.contains("|Transfer-Encoding: chunked|"))
        #expect(answer.dechunked == "xyzzy")
        #expect(harness.summaries.map { Script.End($0) } == [.init(200, received: 5, sent: 5)])
        #expect(harness.reusable == [true])
        #expect(harness.isOpen)
    }

    @Test(arguments: [Int.max, 1, 7]) func untilCloseIsChunked(chunk: Int) {
        let harness = MachineHarness()
        harness.chunk = chunk
        for step in [.client(Self.get), .upstream("HTTP/1.1 200 OK||abc"), .upstream("def")] as [Script.Step] {
            harness.take(step)
            harness.drive()
        }
        #expect(harness.summaries.isEmpty)
        harness.take(.upstreamCloses)
        harness.drive()
        #expect(Message(harness.toClient).dechunked == "abcdef")
        #expect(harness.summaries.map { Script.End($0) } == [.init(200, sent: 6)])
        #expect(harness.reusable == [false])
        #expect(harness.isOpen)
    }
}
