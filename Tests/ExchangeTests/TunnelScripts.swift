import Exchange
import Testing

/// Upgrades: asked for, agreed to, refused; and what passes afterwards.
@Suite struct TunnelScripts {
    @Test(arguments: scripts, [Int.max, 1, 7])
    func tunnel(_ script: Script, chunk: Int) { script.play(chunk: chunk) }

    private static let ask = "GET /chat HTTP/1.1|Host: a.test|Connection: upgrade|Upgrade: websocket||"
    private static let agree = "HTTP/1.1 101 Switching Protocols|Connection: upgrade|Upgrade: websocket||"
    private static let ok = "HTTP/1.1 200 OK|Content-Length: 2||ok"
    private static let bad = own("502 Bad Gateway", closes: false)

    static let scripts: [Script] = [
        Script(
            name: "both ways, the client ends first", steps: [
                .client(ask), .upstream(agree), .client("ping"), .upstream("pong"), .clientCloses, .upstream("late"),
                .upstreamCloses,
            ],
            toClient: agree + "ponglate", toUpstreams: [ask + "ping"], ends: [.init(101, received: 4, sent: 8)], left: .closed,
            reusable: [false]),
        Script(
            name: "both ways, the upstream ends first", steps: [
                .client(ask), .upstream(agree), .upstream("pong"), .upstreamCloses, .client("late"), .clientCloses,
            ],
            toClient: agree + "pong", toUpstreams: [ask + "late"], ends: [.init(101, received: 4, sent: 4)], left: .closed,
            reusable: [false]),
        Script(
            name: "the client speaks before the answer",
            steps: [.client(ask + "early"), .upstream(agree + "bird"), .clientCloses],
            toClient: agree + "bird", toUpstreams: [ask + "early"], ends: []),
        Script(
            name: "the client half-closes before the answer",
            steps: [.client(ask), .clientCloses, .upstream(agree), .upstreamCloses],
            toClient: agree, toUpstreams: [ask], ends: [.init(101)], left: .closed),
        Script(
            name: "the upstream refuses", steps: [.client(ask), .upstream(ok), .client(ask), .upstream(ok)],
            toClient: ok + ok, toUpstreams: [ask, ask], ends: [.init(200, sent: 2), .init(200, sent: 2)], reusable: [true, true]),
        Script(
            name: "another protocol than asked for", steps: [
                .client(ask), .upstream("HTTP/1.1 101 Switching Protocols|Connection: upgrade|Upgrade: other||"),
            ],
            toClient: bad, toUpstreams: [ask], ends: [.init(502, .badResponse)], reusable: [false]),
        Script(
            name: "an upstream that has stopped reading", steps: [
                .upstreamTakes(5), .client(ask), .upstreamStopsReading, .upstream(agree), .clientCloses,
            ],
            toClient: bad, toUpstreams: ["GET /"], ends: [.init(502, .badResponse)], left: .closed, reusable: [false]),
        Script(
            name: "101 without a protocol", steps: [.client(ask), .upstream("HTTP/1.1 101 Switching Protocols||")],
            toClient: bad, toUpstreams: [ask], ends: [.init(502, .badResponse)], reusable: [false]),
        Script(
            name: "an HTTP/1.0 client cannot ask", steps: [
                .client("GET /chat HTTP/1.0|Host: a.test|Connection: upgrade|Upgrade: websocket||"), .upstream(agree),
            ],
            toClient: own("502 Bad Gateway"), toUpstreams: ["GET /chat HTTP/1.1|Host: a.test||"],
            ends: [.init(502, .badResponse)], left: .closed),
        Script(
            name: "h2c is not passed on", steps: [
                .client("GET / HTTP/1.1|Host: a.test|Connection: upgrade, http2-settings|Upgrade: h2c|HTTP2-Settings: AAMA||"),
                .upstream(ok),
            ],
            toClient: ok, toUpstreams: ["GET / HTTP/1.1|Host: a.test||"], ends: [.init(200, sent: 2)]),
    ] + ["H2C/1", "h2", "h2c-16", "H2-14", "HTTP/2.0", "TLS/1.0", "websocket, h2c", "h2c /1", "/13"].map { protocols in
        Script(
            name: "nor is \(protocols)", steps: [
                .client("GET / HTTP/1.1|Host: a.test|Connection: upgrade|Upgrade: \(protocols)||"), .upstream(ok),
            ],
            toClient: ok, toUpstreams: ["GET / HTTP/1.1|Host: a.test||"], ends: [.init(200, sent: 2)])
    } + ["SPDY/3.1", "WebSocket/13"].map { name in
        Script(
            name: "a name with a version: \(name)", steps: [
                .client("GET / HTTP/1.1|Host: a.test|Connection: upgrade|Upgrade: \(name)||"),
                .upstream("HTTP/1.1 101 Switching Protocols|Connection: upgrade|Upgrade: \(name)||"), .client("x"), .upstreamCloses, .clientCloses,
            ],
            toClient: "HTTP/1.1 101 Switching Protocols|Connection: upgrade|Upgrade: \(name)||",
            toUpstreams: ["GET / HTTP/1.1|Host: a.test|Connection: upgrade|Upgrade: \(name)||x"], ends: [.init(101, received: 1)], left: .closed)
    } + [
        Script(
            name: "h2c that nobody passed on is not agreed to", steps: [
                .client("GET / HTTP/1.1|Host: a.test|Connection: upgrade|Upgrade: h2c||"),
                .upstream("HTTP/1.1 101 Switching Protocols|Connection: upgrade|Upgrade: h2c||"),
            ],
            toClient: bad, toUpstreams: ["GET / HTTP/1.1|Host: a.test||"], ends: [.init(502, .badResponse)]),
        Script(
            name: "silence", steps: [.client(ask), .upstream(agree), .wait(3599), .client("x"), .wait(3599), .wait(1)],
            toClient: agree, toUpstreams: [ask + "x"], ends: [.init(101, received: 1)], left: .closed),
        Script(
            name: "the client breaks", steps: [.client(ask), .upstream(agree), .clientFails],
            toClient: agree, toUpstreams: [ask], ends: [.init(101, .clientClosed)], left: .aborted, reusable: [false]),
        Script(
            name: "the upstream breaks", steps: [.client(ask), .upstream(agree), .upstreamResets],
            toClient: agree, toUpstreams: [ask], ends: [.init(101, .upstreamReset)], left: .aborted, reusable: [false]),
        Script(
            name: "the upstream stops reading", steps: [.client(ask), .upstream(agree), .upstreamStopsReading],
            toClient: agree, toUpstreams: [ask], ends: [.init(101, .upstreamReset)], left: .aborted, reusable: [false]),
        Script(
            name: "is cut", steps: [.client(ask), .upstream(agree), .cut],
            toClient: agree, toUpstreams: [ask], ends: [.init(101, .shutdown)], left: .aborted, reusable: [false]),
        Script(
            name: "a slow client gets all before the end", steps: [
                .client(ask), .upstream(agree), .clientTakes(2), .upstream("pong"), .upstreamCloses, .clientCloses,
                .clientTakes(.max),
            ],
            toClient: agree + "pong", toUpstreams: [ask], ends: [.init(101, sent: 4)], left: .closed),
    ]

    @Test func halfCloseIsPassedOn() {
        let harness = MachineHarness()
        for step in [.client(Self.ask), .upstream(Self.agree), .clientCloses] as [Script.Step] {
            harness.take(step)
            harness.drive()
        }
        #expect(harness.upstreams[0].isWriteShut)
        #expect(!harness.isClientWriteShut)
        #expect(harness.summaries.isEmpty)
    }
}
