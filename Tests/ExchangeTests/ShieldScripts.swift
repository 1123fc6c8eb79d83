import Exchange
import Routing
import Testing

/// `canary-shield`: stable answers what the canary fails at, and only that.
@Suite struct ShieldScripts {
    @Test(arguments: shielded + unshielded, [Int.max, 1, 7])
    func shield(_ script: Script, chunk: Int) { script.play(chunk: chunk) }

    private static func get(_ target: String = "/a", method: String = "GET") -> String {
        "\(method) \(target) HTTP/1.1|Host: shield.test|X-Canary: always||"
    }

    private static func canary(_ method: String = "GET") -> String {
        "\(method) /v2/a HTTP/1.1|Host: shield.test|X-Canary: always|X-Release: next||"
    }

    private static let ok = "HTTP/1.1 200 OK|Content-Length: 2||ok"
    private static let down = "HTTP/1.1 503 Service Unavailable|Content-Length: 4||down"

    static let shielded: [Script] = [
        Script(
            name: "a status of a gateway", steps: [.client(get()), .upstream(down), .upstream(ok)],
            toClient: ok, toUpstreams: [canary(), get()], ends: [.init(200, attempts: 2, sent: 2)], reusable: [false, true]),
        Script(
            name: "a listed status", steps: [.client(get()), .upstream("HTTP/1.1 500 x|Content-Length: 0||"), .upstream(ok)],
            toClient: ok, toUpstreams: [canary(), get()], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "an endless answer is not read", steps: [.client(get()), .upstream("HTTP/1.1 502 x||x"), .upstream(ok)],
            toClient: ok, toUpstreams: [canary(), get()], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "HEAD", steps: [.client(get(method: "HEAD")), .upstream("HTTP/1.1 504 x|Content-Length: 4||"), .upstream("HTTP/1.1 200 OK|Content-Length: 2||")],
            toClient: "HTTP/1.1 200 OK|Content-Length: 2||", toUpstreams: [canary("HEAD"), get(method: "HEAD")], ends: [.init(200, attempts: 2)]),
        Script(
            name: "a length of nothing", steps: [
                .client("GET /a HTTP/1.1|Host: shield.test|X-Canary: always|Content-Length: 0||"), .upstream(down), .upstream(ok),
            ],
            toClient: ok, toUpstreams: [
                "GET /v2/a HTTP/1.1|Host: shield.test|X-Canary: always|Content-Length: 0|X-Release: next||",
                "GET /a HTTP/1.1|Host: shield.test|X-Canary: always|Content-Length: 0||",
            ], ends: [.init(200, attempts: 2, sent: 2)], reusable: [false, true]),
        Script(
            name: "a reset", steps: [.client(get()), .upstreamResets, .upstream(ok)],
            toClient: ok, toUpstreams: [canary(), get()], ends: [.init(200, attempts: 2, sent: 2)], fresh: [false, false]),
        Script(
            name: "a head that breaks off", steps: [.client(get()), .upstream("HTTP/1.1 200 OK|X: "), .upstreamCloses, .upstream(ok)],
            toClient: ok, toUpstreams: [canary(), get()], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "an answer that is none", steps: [.client(get()), .upstream("nonsense||"), .upstream(ok)],
            toClient: ok, toUpstreams: [canary(), get()], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "silence", steps: [.client(get()), .wait(60), .upstream(ok)],
            toClient: ok, toUpstreams: [canary(), get()], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "three refusals", steps: [.connects([.refused, .refused, .refused]), .client(get()), .upstream(ok)],
            toClient: ok, toUpstreams: ["", "", "", get()], ends: [.init(200, attempts: 4, sent: 2)]),
        Script(
            name: "refusals of both", steps: [.connects(Array(repeating: .refused, count: 6)), .client(get())],
            toClient: own("502 Bad Gateway", closes: false), toUpstreams: Array(repeating: "", count: 6), ends: [.init(502, .connectRefused, attempts: 6)]),
        Script(
            name: "timeouts of connects", steps: [
                .connects([.pending, .pending, .pending]), .client(get()), .wait(5), .wait(5), .wait(5), .upstream(ok),
            ],
            toClient: ok, toUpstreams: ["", "", "", get()], ends: [.init(200, attempts: 4, sent: 2)]),
        Script(
            name: "no endpoint is left", steps: [.connects([.noEndpoint]), .client(get()), .upstream(ok)],
            toClient: ok, toUpstreams: ["", get()], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "too many connections", steps: [.connects([.overloaded]), .client(get()), .upstream(ok)],
            toClient: ok, toUpstreams: ["", get()], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "too long a wait for a connection", steps: [.connects([.queued]), .client(get()), .wait(5), .upstream(ok)],
            toClient: ok, toUpstreams: ["", get()], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "a pooled connection that was closed is tried again first", steps: [
                .connects([.reused]), .client(get()), .upstreamCloses, .upstream(down), .upstream(ok),
            ],
            toClient: ok, toUpstreams: [canary(), canary(), get()], ends: [.init(200, attempts: 3, sent: 2)], fresh: [false, true, false]),
        Script(
            name: "interim responses have passed", steps: [.client(get()), .upstream("HTTP/1.1 103 Early Hints||"), .upstream(down), .upstream(ok)],
            toClient: "HTTP/1.1 103 Early Hints||" + ok, toUpstreams: [canary(), get()], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "what stable says counts", steps: [.client(get()), .upstream(down), .upstream(down)],
            toClient: down, toUpstreams: [canary(), get()], ends: [.init(503, attempts: 2, sent: 4)]),
        Script(
            name: "the next request begins anew", steps: [.client(get() + get()), .upstream(down), .upstream(ok), .upstream(down), .upstream(ok)],
            toClient: ok + ok, toUpstreams: [canary(), get(), canary(), get()],
            ends: [.init(200, attempts: 2, sent: 2), .init(200, attempts: 2, sent: 2)]),
    ]

    static let unshielded: [Script] = [
        Script(
            name: "a status that is not listed", steps: [.client(get()), .upstream("HTTP/1.1 501 x|Content-Length: 0||")],
            toClient: "HTTP/1.1 501 x|Content-Length: 0||", toUpstreams: [canary()], ends: [.init(501)]),
        Script(
            name: "the client's own fault", steps: [.client(get()), .upstream("HTTP/1.1 404 x|Content-Length: 0||")],
            toClient: "HTTP/1.1 404 x|Content-Length: 0||", toUpstreams: [canary()], ends: [.init(404)]),
        Script(
            name: "a request that may change something", steps: [.client("DELETE /a HTTP/1.1|Host: shield.test|X-Canary: always||"), .upstream(down)],
            toClient: down, toUpstreams: [canary("DELETE")], ends: [.init(503, sent: 4)]),
        Script(
            name: "a request with a body", steps: [
                .client("GET /a HTTP/1.1|Host: shield.test|X-Canary: always|Content-Length: 1||x"), .upstream(down),
            ],
            toClient: down, toUpstreams: ["GET /v2/a HTTP/1.1|Host: shield.test|X-Canary: always|Content-Length: 1|X-Release: next||x"],
            ends: [.init(503, received: 1, sent: 4)]),
        Script(
            name: "stable's own failure", steps: [.client("GET /a HTTP/1.1|Host: shield.test||"), .upstream(down)],
            toClient: down, toUpstreams: ["GET /a HTTP/1.1|Host: shield.test||"], ends: [.init(503, sent: 4)]),
        Script(
            name: "an answer that has begun", steps: [.client(get()), .upstream("HTTP/1.1 200 OK|Content-Length: 9||x"), .upstreamResets],
            toClient: "HTTP/1.1 200 OK|Content-Length: 9||x", toUpstreams: [canary()], ends: [.init(200, .upstreamReset, sent: 1)], left: .closed),
        Script(
            name: "a canary without a shield", steps: [.client("GET / HTTP/1.1|Host: canary.test|X-Canary: always||"), .upstream(down)],
            toClient: down, toUpstreams: ["GET / HTTP/1.1|Host: canary.test|X-Canary: always||"], ends: [.init(503, sent: 4)]),
    ]

    /// The canary's failure is told beside the answer's version.
    @Test(arguments: [
        ("HTTP/1.1 500 x|Content-Length: 0||", 500, nil), ("nonsense||", 502, .badResponse),
    ] as [(String, UInt16, Failure?)]) func theSummaryTellsBoth(_ answer: String, _ status: UInt16, _ failure: Failure?) throws {
        let harness = MachineHarness()
        harness.take(.client(Self.get()))
        harness.drive()
        harness.take(.upstream(answer))
        harness.drive()
        harness.take(.upstream(Self.ok))
        harness.drive()
        let summary = try #require(harness.summaries.first)
        #expect(summary.version == .stable && summary.reason == .shield && summary.status == 200 && summary.failure == nil)
        let shielded = try #require(summary.shielded)
        #expect(shielded.reason == .header && shielded.status == status && shielded.failure == failure)
        #expect(harness.upstreams.map(\.backend) == [World.canary, World.stable])
        let ids = harness.upstreams.map { upstream in
            text(upstream.received).split(separator: "|").first { $0.hasPrefix("X-Request-ID: ") }
        }
        #expect(ids[0] != nil && ids[0] == ids[1], "one request, one id")
    }
}
