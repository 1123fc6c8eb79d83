import Exchange
import Testing

/// What becomes of the client's connection: kept, closed, half-closed, broken, drained.
@Suite struct ConnectionScripts {
    @Test(arguments: keepAlive + pipelining + ends, [Int.max, 1, 7])
    func connection(_ script: Script, chunk: Int) { script.play(chunk: chunk) }

    private static let get = "GET / HTTP/1.1|Host: a.test||"
    private static let ok = "HTTP/1.1 200 OK|Content-Length: 2||ok"
    private static let okAndClose = "HTTP/1.1 200 OK|Content-Length: 2|Connection: close||ok"
    private static let post = "POST / HTTP/1.1|Host: a.test|Content-Length: 4||"

    private static var keepsHTTP10: World {
        var world = World()
        world.http10KeepAlive = true
        return world
    }

    static let keepAlive: [Script] = [
        Script(
            name: "one request after another", steps: [.client(get), .upstream(ok), .client(get), .upstream(ok)],
            toClient: ok + ok, toUpstreams: [get, get], ends: [.init(200, sent: 2), .init(200, sent: 2)]),
        Script(
            name: "Connection: close", steps: [
                .client("GET / HTTP/1.1|Host: a.test|Connection: close||"), .upstream(ok), .client(get),
            ],
            toClient: okAndClose, toUpstreams: [get], ends: [.init(200, sent: 2)], left: .closed, reusable: [true]),
        Script(
            name: "HTTP/1.0 does not persist, even if it asks to",
            steps: [.client("GET / HTTP/1.0|Host: a.test|Connection: keep-alive||"), .upstream(ok)],
            toClient: okAndClose, toUpstreams: [get], ends: [.init(200, sent: 2)], left: .closed),
        Script(
            name: "HTTP/1.0 persists where it may", world: keepsHTTP10,
            steps: [.client("GET / HTTP/1.0|Host: a.test|Connection: keep-alive||"), .upstream(ok)],
            toClient: "HTTP/1.1 200 OK|Content-Length: 2|Connection: keep-alive||ok", toUpstreams: [get],
            ends: [.init(200, sent: 2)]),
        Script(
            name: "HTTP/1.0 closes by default", world: keepsHTTP10,
            steps: [.client("GET / HTTP/1.0|Host: a.test||"), .upstream(ok)],
            toClient: okAndClose, toUpstreams: [get], ends: [.init(200, sent: 2)], left: .closed),
        Script(
            name: "draining closes after the answer", steps: [.client(get), .drains, .upstream(ok)],
            toClient: okAndClose, toUpstreams: [get], ends: [.init(200, sent: 2)], left: .closed),
        Script(
            name: "draining closes after an own answer", steps: [.drains, .client("GET / HTTP/1.1|Host: x.test||")],
            toClient: own("404 Not Found"), ends: [.init(404, .noRoute, attempts: 0)], left: .closed),
        Script(
            name: "an answer of unknown length to HTTP/1.0 closes", world: keepsHTTP10, steps: [
                .client("GET / HTTP/1.0|Host: a.test|Connection: keep-alive||"), .upstream("HTTP/1.1 200 OK||x"), .upstreamCloses,
            ],
            toClient: "HTTP/1.1 200 OK|Connection: close||x", toUpstreams: [get], ends: [.init(200, sent: 1)], left: .closed),
    ]

    static let pipelining: [Script] = [
        Script(
            name: "two requests in one read", steps: [.client(get + get), .upstream(ok), .upstream(ok)],
            toClient: ok + ok, toUpstreams: [get, get], ends: [.init(200, sent: 2), .init(200, sent: 2)]),
        Script(
            name: "a request and a half", steps: [
                .client(get + "GET /2 HTTP/1.1|Ho"), .upstream(ok), .client("st: a.test||"), .upstream(ok),
            ],
            toClient: ok + ok, toUpstreams: [get, "GET /2 HTTP/1.1|Host: a.test||"],
            ends: [.init(200, sent: 2), .init(200, sent: 2)]),
        Script(
            name: "behind a body", steps: [.client(post + "body" + get), .upstream(ok), .upstream(ok)],
            toClient: ok + ok, toUpstreams: [post + "body", get],
            ends: [.init(200, received: 4, sent: 2), .init(200, sent: 2)]),
        Script(
            name: "behind an own answer", steps: [.client("GET / HTTP/1.1|Host: x.test||" + get), .upstream(ok)],
            toClient: own("404 Not Found", closes: false) + ok, toUpstreams: [get],
            ends: [.init(404, .noRoute, attempts: 0), .init(200, sent: 2)]),
        Script(
            name: "nothing after Connection: close", steps: [
                .client("GET / HTTP/1.1|Host: a.test|Connection: close||" + get), .upstream(ok),
            ],
            toClient: okAndClose, toUpstreams: [get], ends: [.init(200, sent: 2)], left: .closed),
        // The body is not a request, however much it looks like one.
        Script(
            name: "behind a body that no upstream took", steps: [
                .connects([.pending, .refused, .refused]), .client("POST / HTTP/1.1|Host: a.test|Content-Length: 32||" + get),
                .connected(.refused),
                .client("GET /2 HTTP/1.1|Host: a.test||"), .upstream(ok),
            ],
            toClient: own("502 Bad Gateway", closes: false) + ok,
            toUpstreams: ["", "", "", "GET /2 HTTP/1.1|Host: a.test||"],
            ends: [.init(502, .connectRefused, attempts: 3, received: 32), .init(200, sent: 2)]),
        Script(
            name: "behind a body whose upstream failed", steps: [
                .client("POST / HTTP/1.1|Host: a.test|Content-Length: 32||" + get), .upstreamCloses,
                .client("GET /2 HTTP/1.1|Host: a.test||"), .upstream(ok),
            ],
            toClient: own("502 Bad Gateway", closes: false) + ok,
            toUpstreams: ["POST / HTTP/1.1|Host: a.test|Content-Length: 32||" + get, "GET /2 HTTP/1.1|Host: a.test||"],
            ends: [.init(502, .upstreamClosed, received: 32), .init(200, sent: 2)]),
        Script(
            name: "a blank line between two requests", steps: [.client(get + "|" + get), .upstream(ok), .upstream(ok)],
            toClient: ok + ok, toUpstreams: [get, get], ends: [.init(200, sent: 2), .init(200, sent: 2)]),
    ]

    static let ends: [Script] = [
        Script(name: "closes before a request", steps: [.clientCloses], ends: [], left: .closed),
        Script(name: "closes after a blank line", steps: [.client("|"), .clientCloses], ends: [], left: .closed),
        Script(
            name: "a blank line is no request", steps: [.client("|"), .wait(15)], ends: [], left: .closed),
        Script(name: "is idle", steps: [.wait(1000)], ends: []),
        Script(
            name: "closes within a head", steps: [.client("GET / HT"), .clientCloses],
            ends: [.init(499, .clientClosed, attempts: 0)], left: .closed),
        Script(
            name: "breaks within a head", steps: [.client("GET / HT"), .clientFails],
            ends: [.init(499, .clientClosed, attempts: 0)], left: .aborted),
        Script(
            name: "half-closes after its request", steps: [.client(get), .clientCloses, .upstream(ok)],
            toClient: ok, toUpstreams: [get], ends: [.init(200, sent: 2)], left: .closed),
        Script(
            name: "half-closes after a body", steps: [.client(post + "body"), .clientCloses, .upstream(ok)],
            toClient: ok, toUpstreams: [post + "body"], ends: [.init(200, received: 4, sent: 2)], left: .closed),
        Script(
            name: "closes within a body", steps: [.client(post + "bo"), .clientCloses], toUpstreams: [post + "bo"],
            ends: [.init(499, .clientClosed, received: 2)], left: .closed, reusable: [false]),
        Script(
            name: "closes within a chunked body while connecting", steps: [
                .connects([.pending]), .client("POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked||2|ab|"), .clientCloses,
            ],
            toUpstreams: [""], ends: [.init(499, .clientClosed, received: 2)], left: .closed, reusable: [false]),
        Script(
            name: "half-closes while connecting", steps: [
                .connects([.pending]), .client(get), .clientCloses, .connected(.fresh), .upstream(ok),
            ],
            toClient: ok, toUpstreams: [get], ends: [.init(200, sent: 2)], left: .closed),
        Script(
            name: "breaks while connecting", steps: [.connects([.pending]), .client(get), .clientFails],
            toUpstreams: [""], ends: [.init(499, .clientClosed)], left: .aborted, reusable: [false]),
        Script(
            name: "breaks while the upstream works", steps: [.client(get), .clientFails],
            toUpstreams: [get], ends: [.init(499, .clientClosed)], left: .aborted, reusable: [false]),
        Script(
            name: "breaks within the answer", steps: [
                .client(get), .clientTakes(0), .upstream("HTTP/1.1 200 OK|Content-Length: 9||123"), .clientFails,
            ],
            toUpstreams: [get], ends: [.init(200, .clientClosed)], left: .aborted, reusable: [false]),
        Script(
            name: "breaks while it reads the rest", steps: [.client(get), .clientTakes(0), .upstream(ok), .clientFails],
            toUpstreams: [get], ends: [.init(200, .clientClosed)], left: .aborted, reusable: [true]),
        Script(
            name: "is cut by the end of the process", steps: [.client(get), .cut],
            toUpstreams: [get], ends: [.init(503, .shutdown, sent: 0)], left: .aborted, reusable: [false]),
        Script(name: "is cut while idle", steps: [.client(get), .upstream(ok), .client("|"), .cut],
            toClient: ok, toUpstreams: [get], ends: [.init(200, sent: 2)], left: .closed),
    ]

    /// A client that may still be sending must not lose its answer to a reset (RFC 9112 section 9.6).
    @Test(arguments: [
        ("POST / HTTP/1.1|Host: x.test|Content-Length: 5||", true), ("GET / HTTP/1.1||", true),
        ("GET / HTTP/1.1|Host: x.test|Connection: close||", false),
        ("GET / HTTP/1.1|Host: x.test|Connection: close||GET /", true),
    ]) func lingers(_ request: String, _ expected: Bool) {
        let harness = MachineHarness()
        harness.take(.client(request))
        harness.drive()
        guard case .close(let linger) = harness.ending else {
            Issue.record("the connection closes")
            return
        }
        #expect(linger == expected)
    }
}
