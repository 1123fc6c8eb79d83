import Exchange
import Routing
import Testing

/// `proxy-next-upstream` (R39): what is tried again, how often, and for how long.
@Suite struct RetryScripts {
    @Test(arguments: conditions + statuses + bounds, [Int.max, 1, 7])
    func retry(_ script: Script, chunk: Int) { script.play(chunk: chunk) }

    private static let get = "GET / HTTP/1.1|Host: a.test||"
    private static let post = "POST / HTTP/1.1|Host: a.test|Content-Length: 4||body"
    /// Longer than the block that a head is read into.
    private static let put = "PUT / HTTP/1.1|Host: a.test|Content-Length: 6000||" + String(repeating: "b", count: 6000)
    private static let ok = "HTTP/1.1 200 OK|Content-Length: 2||ok"
    private static let busy = "HTTP/1.1 503 Busy|Content-Length: 4||busy"
    private static let bad = own("502 Bad Gateway", closes: false)
    private static let late = own("504 Gateway Timeout", closes: false)

    private static func world(_ conditions: RetryRule.Conditions, tries: Int = 3, seconds: UInt32 = 0) -> World {
        World(retry: RetryRule(conditions, tries: tries, seconds: seconds))
    }

    static let conditions: [Script] = [
        Script(
            name: "R39 off: a refusal", world: world([]), steps: [.connects([.refused]), .client(get)],
            toClient: bad, toUpstreams: [""], ends: [.init(502, .connectRefused)]),
        Script(
            name: "R39 off: a fresh connection breaks", world: world([]), steps: [.client(get), .upstreamResets],
            toClient: bad, toUpstreams: [get], ends: [.init(502, .upstreamReset)]),
        Script(
            name: "R39 off: a reused connection breaks behind the request", world: world([]), steps: [
                .connects([.reused]), .client(get), .upstreamCloses,
            ],
            toClient: bad, toUpstreams: [get], ends: [.init(502, .upstreamClosed)]),
        Script(
            name: "R39 off: a reused connection is dead before anything was sent", world: world([]), steps: [
                .connects([.reused]), .upstreamTakes(0), .client(get), .upstreamCloses, .upstreamTakes(.max), .upstream(ok),
            ],
            toClient: ok, toUpstreams: ["", get], ends: [.init(200, attempts: 2, sent: 2)], fresh: [false, true]),
        Script(
            name: "R39 timeout only: a refusal", world: world(.timeout), steps: [.connects([.refused]), .client(get)],
            toClient: bad, toUpstreams: [""], ends: [.init(502, .connectRefused)]),
        Script(
            name: "R39 error only: no connection in time", world: world(.error), steps: [.connects([.pending]), .client(get), .wait(5)],
            toClient: late, toUpstreams: [""], ends: [.init(504, .connectTimedOut)]),
        Script(
            name: "R39 error only: no answer", world: world(.error), steps: [.client(get), .wait(60)],
            toClient: late, toUpstreams: [get], ends: [.init(504, .upstreamTimedOut)]),
        Script(
            name: "R39 invalid_header", world: world(.invalidHeader), steps: [.client(get), .upstream("SSH-2.0-x|"), .upstream(ok)],
            toClient: ok, toUpstreams: [get, get], ends: [.init(200, attempts: 2, sent: 2)], reusable: [false, true]),
        Script(
            name: "R39 invalid_header is no error", world: world(.invalidHeader), steps: [.client(get), .upstreamResets],
            toClient: bad, toUpstreams: [get], ends: [.init(502, .upstreamReset)]),
        Script(
            name: "R39 error: half an answer is not tried again", world: world([.error, .timeout]),
            steps: [.client(get), .upstream("HTTP/1.1 2"), .upstreamCloses],
            toClient: bad, toUpstreams: [get], ends: [.init(502, .upstreamClosed)]),
        Script(
            name: "a body that came with its head is all held", steps: [.client(put), .upstreamResets, .upstream(ok)],
            toClient: ok, toUpstreams: [put, put], ends: [.init(200, attempts: 2, received: 6000, sent: 2)]),
        Script(
            name: "R39 non_idempotent", world: world([.error, .nonIdempotent]), steps: [.client(post), .upstreamResets, .upstream(ok)],
            toClient: ok, toUpstreams: [post, post], ends: [.init(200, attempts: 2, received: 4, sent: 2)]),
        Script(
            name: "R39 a canary's requests go by their main's rule and stay with it (R36)", world: world(.http503), steps: [
                .client("GET / HTTP/1.1|Host: canary.test|X-Canary: always||"), .upstream(busy), .upstream(ok),
            ],
            toClient: ok, toUpstreams: Array(repeating: "GET / HTTP/1.1|Host: canary.test|X-Canary: always||", count: 2),
            ends: [.init(200, attempts: 2, sent: 2)]),
    ]

    static let statuses: [Script] = ([500, 502, 503, 504, 403, 404, 429] as [UInt16]).map { status in
        let answer = "HTTP/1.1 \(status) No|Content-Length: 2||no"
        return Script(
            name: "R39 http_\(status)", world: world(RetryRule.Conditions(status: status)), steps: [.client(get), .upstream(answer), .upstream(ok)],
            toClient: ok, toUpstreams: [get, get], ends: [.init(200, attempts: 2, sent: 2)], reusable: [false, true])
    } + [
        Script(
            name: "R39 another status", world: world([.http500, .http502, .http504]), steps: [.client(get), .upstream(busy)],
            toClient: busy, toUpstreams: [get], ends: [.init(503, sent: 4)], reusable: [true]),
        Script(
            name: "R39 a status without attempts left", world: world(.http503, tries: 2), steps: [.client(get), .upstream(busy), .upstream(busy)],
            toClient: busy, toUpstreams: [get, get], ends: [.init(503, attempts: 2, sent: 4)], reusable: [false, true]),
        Script(
            name: "R39 a status, then a failure that is not tried again", world: world(.http503), steps: [
                .client(get), .upstream(busy), .upstreamResets,
            ],
            toClient: bad, toUpstreams: [get, get], ends: [.init(502, .upstreamReset, attempts: 2)]),
        Script(
            name: "R39 a status to POST", world: world(.http503), steps: [.client(post), .upstream(busy)],
            toClient: busy, toUpstreams: [post], ends: [.init(503, received: 4, sent: 4)]),
        Script(
            name: "R39 a status to POST, non_idempotent", world: world([.http503, .nonIdempotent]),
            steps: [.client(post), .upstream(busy), .upstream(ok)],
            toClient: ok, toUpstreams: [post, post], ends: [.init(200, attempts: 2, received: 4, sent: 2)]),
        Script(
            name: "R39 a status behind an interim response", world: world(.http503), steps: [
                .client(get), .upstream("HTTP/1.1 103 Early Hints|Link: </x>||" + busy),
            ],
            toClient: "HTTP/1.1 103 Early Hints|Link: </x>||" + busy, toUpstreams: [get], ends: [.init(503, sent: 4)]),
        Script(
            name: "R39 a status behind an interim response that HTTP/1.0 does not get", world: world(.http503), steps: [
                .client("GET / HTTP/1.0|Host: a.test||"), .upstream("HTTP/1.1 103 Early Hints|Link: </x>||" + busy), .upstream(ok),
            ],
            toClient: "HTTP/1.1 200 OK|Content-Length: 2|Connection: close||ok", toUpstreams: [get, get],
            ends: [.init(200, attempts: 2, sent: 2)], left: .closed),
        Script(
            name: "R39 a status in chunks, half of it there", world: world(.http503), steps: [
                .client(get), .upstream("HTTP/1.1 503 Busy|Transfer-Encoding: chunked||4|bu"), .upstream(ok),
            ],
            toClient: ok, toUpstreams: [get, get], ends: [.init(200, attempts: 2, sent: 2)], reusable: [false, true]),
        Script(
            name: "R39 a status while the request is still being sent", world: world([.http503, .nonIdempotent]), steps: [
                .client("POST / HTTP/1.1|Host: a.test|Content-Length: 6||abc"), .upstream(busy), .client("def"), .upstream(ok),
            ],
            toClient: ok, toUpstreams: [
                "POST / HTTP/1.1|Host: a.test|Content-Length: 6||abc", "POST / HTTP/1.1|Host: a.test|Content-Length: 6||abcdef",
            ],
            ends: [.init(200, attempts: 2, received: 6, sent: 2)], reusable: [false, true]),
        Script(
            name: "R39 the next request has its own attempts", world: world(.http503, tries: 2), steps: [
                .client(get), .upstream(busy), .upstream(busy), .client(get), .upstream(busy), .upstream(ok),
            ],
            toClient: busy + ok, toUpstreams: [get, get, get, get], ends: [.init(503, attempts: 2, sent: 4), .init(200, attempts: 2, sent: 2)]),
    ]

    static let bounds: [Script] = [
        Script(
            name: "R39 one try", world: world(.error, tries: 1), steps: [.connects([.refused]), .client(get)],
            toClient: bad, toUpstreams: [""], ends: [.init(502, .connectRefused)]),
        Script(
            name: "R39 one try, and a reused connection that is dead", world: world(.error, tries: 1), steps: [
                .connects([.reused]), .client(get), .upstreamCloses, .upstreamCloses,
            ],
            toClient: bad, toUpstreams: [get, get], ends: [.init(502, .upstreamClosed, attempts: 2)], fresh: [false, true]),
        Script(
            name: "R39 five tries", world: world(.error, tries: 5),
            steps: [.connects([.refused, .refused, .refused, .refused]), .client(get), .upstream(ok)],
            toClient: ok, toUpstreams: ["", "", "", "", get], ends: [.init(200, attempts: 5, sent: 2)]),
        Script(
            name: "R39 eight tries are the most", world: world(.error, tries: 100),
            steps: [.connects(Array(repeating: .refused, count: 9)), .client(get)],
            toClient: bad, toUpstreams: Array(repeating: "", count: 8), ends: [.init(502, .connectRefused, attempts: 8)]),
        Script(
            name: "R39 in time", world: world([.error, .timeout], seconds: 61), steps: [.client(get), .wait(60), .upstream(ok)],
            toClient: ok, toUpstreams: [get, get], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "R39 too late", world: world([.error, .timeout], seconds: 60), steps: [.client(get), .wait(60)],
            toClient: late, toUpstreams: [get], ends: [.init(504, .upstreamTimedOut)]),
        Script(
            name: "R39 a status too late", world: world(.http503, seconds: 10), steps: [.client(get), .wait(10), .upstream(busy)],
            toClient: busy, toUpstreams: [get], ends: [.init(503, sent: 4)]),
    ]
}
