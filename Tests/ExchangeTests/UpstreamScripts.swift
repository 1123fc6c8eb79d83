import Exchange
import Testing

/// Upstreams that cannot be reached, fail, or answer badly: what is tried again and what the client is told.
@Suite struct UpstreamScripts {
    @Test(arguments: connecting + retries + broken + early, [Int.max, 1, 7])
    func upstream(_ script: Script, chunk: Int) { script.play(chunk: chunk) }

    private static let get = "GET / HTTP/1.1|Host: a.test||"
    private static let post = "POST / HTTP/1.1|Host: a.test|Content-Length: 4||body"
    private static let put = "PUT / HTTP/1.1|Host: a.test|Content-Length: 4||body"
    private static let ok = "HTTP/1.1 200 OK|Content-Length: 2||ok"
    private static let bad = own("502 Bad Gateway", closes: false)
    private static let late = own("504 Gateway Timeout", closes: false)

    static let connecting: [Script] = [
        Script(
            name: "one refusal", steps: [.connects([.refused]), .client(get), .upstream(ok)],
            toClient: ok, toUpstreams: ["", get], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "two refusals, any method", steps: [.connects([.refused, .refused]), .client(post), .upstream(ok)],
            toClient: ok, toUpstreams: ["", "", post], ends: [.init(200, attempts: 3, received: 4, sent: 2)]),
        Script(
            name: "three refusals", steps: [.connects([.refused, .refused, .refused]), .client(get)],
            toClient: bad, toUpstreams: ["", "", ""], ends: [.init(502, .connectRefused, attempts: 3)]),
        Script(
            name: "three timeouts", steps: [
                .connects([.pending, .pending, .pending]), .client(get), .wait(5), .wait(5), .wait(4), .wait(1),
            ],
            toClient: late, toUpstreams: ["", "", ""], ends: [.init(504, .connectTimedOut, attempts: 3)],
            reusable: [false, false, false]),
        Script(
            name: "a timeout, then a connection", steps: [.connects([.pending]), .client(get), .wait(5), .upstream(ok)],
            toClient: ok, toUpstreams: ["", get], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "the Service has no endpoint", steps: [.client("GET / HTTP/1.1|Host: empty.test||")],
            toClient: own("503 Service Unavailable", closes: false, extra: "Retry-After: 1|"),
            ends: [.init(503, .noEndpoint, attempts: 0)]),
        Script(
            name: "no endpoint is left", steps: [.connects([.noEndpoint]), .client(get)],
            toClient: own("503 Service Unavailable", closes: false, extra: "Retry-After: 1|"), toUpstreams: [""],
            ends: [.init(503, .noEndpoint)]),
        Script(
            name: "overloaded", steps: [.connects([.overloaded]), .client(get)],
            toClient: own("503 Service Unavailable", closes: false, extra: "Retry-After: 1|"), toUpstreams: [""],
            ends: [.init(503, .overloaded)]),
        Script(
            name: "its turn comes", steps: [
                .connects([.queued]), .client(get), .wait(4), .connected(.fresh), .upstream(ok),
            ],
            toClient: ok, toUpstreams: [get], ends: [.init(200, sent: 2)]),
        Script(
            name: "its turn does not come", steps: [.connects([.queued]), .client(get), .wait(5)],
            toClient: own("503 Service Unavailable", closes: false, extra: "Retry-After: 1|"), toUpstreams: [""],
            ends: [.init(503, .queueTimedOut)], reusable: [false]),
        Script(
            name: "what it waits for its turn is not what it connects for", steps: [
                .connects([.queued]), .client(get), .wait(4), .connected(.turn), .wait(4), .connected(.fresh), .upstream(ok),
            ],
            toClient: ok, toUpstreams: [get], ends: [.init(200, sent: 2)]),
        Script(
            name: "its turn comes, and no connection", steps: [
                .connects([.queued, .queued, .pending]), .client(get), .wait(4), .connected(.turn), .wait(5), .connected(.turn), .wait(5),
                .wait(5),
            ],
            toClient: own("504 Gateway Timeout", closes: false), toUpstreams: ["", "", ""],
            ends: [.init(504, .connectTimedOut, attempts: 3)], reusable: [false, false, false]),
    ]

    static let retries: [Script] = [
        Script(
            name: "a reused connection is dead: GET", steps: [
                .connects([.reused]), .client(get), .upstreamCloses, .upstream(ok),
            ],
            toClient: ok, toUpstreams: [get, get], ends: [.init(200, attempts: 2, sent: 2)], fresh: [false, true]),
        Script(
            name: "a reused connection is dead: POST of which nothing was written", steps: [
                .connects([.reused]), .upstreamTakes(0), .client(post), .upstreamCloses, .upstreamTakes(.max), .upstream(ok),
            ],
            toClient: ok, toUpstreams: ["", post], ends: [.init(200, attempts: 2, received: 4, sent: 2)], fresh: [false, true]),
        Script(
            name: "a reused connection is dead: POST of which a byte was written", steps: [
                .connects([.reused]), .upstreamTakes(1), .client(post), .upstreamResets,
            ],
            toClient: bad, toUpstreams: ["P"], ends: [.init(502, .upstreamReset, received: 4)], fresh: [false]),
        Script(
            name: "a fresh connection breaks: idempotent", steps: [.client(put), .upstreamResets, .upstream(ok)],
            toClient: ok, toUpstreams: [put, put], ends: [.init(200, attempts: 2, received: 4, sent: 2)], fresh: [false, false]),
        Script(
            name: "a fresh connection breaks: POST", steps: [.client(post), .upstreamResets],
            toClient: bad, toUpstreams: [post], ends: [.init(502, .upstreamReset, received: 4)]),
        Script(
            name: "three broken connections", steps: [.client(get), .upstreamCloses, .upstreamCloses, .upstreamCloses],
            toClient: bad, toUpstreams: [get, get, get], ends: [.init(502, .upstreamClosed, attempts: 3)]),
        Script(
            name: "nothing is tried again after a byte of an answer", steps: [.client(get), .upstream("H"), .upstreamCloses],
            toClient: bad, toUpstreams: [get], ends: [.init(502, .upstreamClosed)]),
        Script(
            name: "nothing is tried again after an interim response", steps: [
                .client(get), .upstream("HTTP/1.1 103 Early Hints|Link: </x>||"), .upstreamCloses,
            ],
            toClient: "HTTP/1.1 103 Early Hints|Link: </x>||" + bad, toUpstreams: [get], ends: [.init(502, .upstreamClosed)]),
        Script(
            name: "fails while an interim response is half written", steps: [
                .client(get), .clientTakes(20), .upstream("HTTP/1.1 103 Early Hints|Link: </x>||"), .upstreamCloses,
                .clientTakes(.max),
            ],
            toClient: "HTTP/1.1 103 Early Hints|Link: </x>||" + bad, toUpstreams: [get], ends: [.init(502, .upstreamClosed)]),
        Script(
            name: "no answer: GET", steps: [.client(get), .wait(60), .wait(59), .upstream(ok)],
            toClient: ok, toUpstreams: [get, get], ends: [.init(200, attempts: 2, sent: 2)]),
        Script(
            name: "no answer: POST", steps: [.client(post), .wait(60)],
            toClient: late, toUpstreams: [post], ends: [.init(504, .upstreamTimedOut, received: 4)], reusable: [false]),
        Script(
            name: "no answer three times", steps: [.client(get), .wait(60), .wait(60), .wait(60)],
            toClient: late, toUpstreams: [get, get, get], ends: [.init(504, .upstreamTimedOut, attempts: 3)]),
        Script(
            name: "it speaks first on a reused connection", steps: [
                .connects([.reused]), .upstreamTakes(0), .client(post), .upstream("HTTP/1.1 408 Too Late||"),
                .upstreamTakes(.max), .upstream(ok),
            ],
            toClient: ok, toUpstreams: ["", post], ends: [.init(200, attempts: 2, received: 4, sent: 2)]),
        Script(
            name: "a chunked body is sent again", steps: [
                .client("PUT / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked||0||"), .upstreamCloses, .upstream(ok),
            ],
            toClient: ok, toUpstreams: Array(repeating: "PUT / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked||0||", count: 2),
            ends: [.init(200, attempts: 2, sent: 2)]),
    ]

    static let broken: [Script] = [
        Script(
            name: "not HTTP", steps: [.client(get), .upstream("SSH-2.0-x|")],
            toClient: bad, toUpstreams: [get], ends: [.init(502, .badResponse)], reusable: [false]),
        Script(
            name: "both framings", steps: [
                .client(get), .upstream("HTTP/1.1 200 OK|Content-Length: 1|Transfer-Encoding: chunked||0||"),
            ],
            toClient: bad, toUpstreams: [get], ends: [.init(502, .badResponse)], reusable: [false]),
        Script(
            name: "a length cut short",
            steps: [.client(get), .upstream("HTTP/1.1 200 OK|Content-Length: 5||abc"), .upstreamCloses],
            toClient: "HTTP/1.1 200 OK|Content-Length: 5||abc", toUpstreams: [get],
            ends: [.init(200, .upstreamClosed, sent: 3)], left: .closed, reusable: [false]),
        Script(
            name: "chunks cut short", steps: [
                .client("GET / HTTP/1.0|Host: a.test||"),
                .upstream("HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|abc|"), .upstreamCloses,
            ],
            toClient: "HTTP/1.1 200 OK|Connection: close||abc", toUpstreams: [get],
            ends: [.init(200, .upstreamClosed, sent: 3)], left: .aborted, reusable: [false]),
        Script(
            name: "a bad chunk", steps: [
                .client("GET / HTTP/1.0|Host: a.test||"), .upstream("HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|abc|x|"),
            ],
            toClient: "HTTP/1.1 200 OK|Connection: close||abc", toUpstreams: [get],
            ends: [.init(200, .badResponse, sent: 3)], left: .aborted, reusable: [false]),
        Script(
            name: "until a reset", steps: [
                .client("GET / HTTP/1.0|Host: a.test||"), .upstream("HTTP/1.1 200 OK||abc"), .upstreamResets,
            ],
            toClient: "HTTP/1.1 200 OK|Connection: close||abc", toUpstreams: [get],
            ends: [.init(200, .upstreamReset, sent: 3)], left: .aborted, reusable: [false]),
        Script(
            name: "stalls within its answer", steps: [
                .client(get), .upstream("HTTP/1.1 200 OK|Content-Length: 5||abc"), .wait(59), .upstream("d"), .wait(59), .wait(1),
            ],
            toClient: "HTTP/1.1 200 OK|Content-Length: 5||abcd", toUpstreams: [get],
            ends: [.init(200, .upstreamTimedOut, sent: 4)], left: .closed, reusable: [false]),
        Script(
            name: "surplus bytes", steps: [.client(get), .upstream(ok + "HTTP/1.1 200 OK|Content-Length: 4||evil"), .client(get)],
            toClient: ok, toUpstreams: [get, get], ends: [.init(200, sent: 2)], reusable: [false]),
        Script(
            name: "101 that nobody asked for", steps: [
                .client(get), .upstream("HTTP/1.1 101 Switching Protocols|Connection: upgrade|Upgrade: websocket||"),
            ],
            toClient: bad, toUpstreams: [get], ends: [.init(502, .badResponse)], reusable: [false]),
        Script(
            name: "the 17th interim response", steps: [
                .client("GET / HTTP/1.0|Host: a.test||"), .upstream(String(repeating: "HTTP/1.1 103 E||", count: 17)),
            ],
            toClient: own("502 Bad Gateway"), toUpstreams: [get], ends: [.init(502, .badResponse)], left: .closed),
    ]

    private static let long = "POST / HTTP/1.1|Host: a.test|Content-Length: 1000||"
    private static let old = long.replacing("HTTP/1.1", with: "HTTP/1.0")
    private static let full = "HTTP/1.1 413 Content Too Large|Content-Length: 2||no"

    static let early: [Script] = [
        Script(
            name: "answers before the body is there", steps: [.client(long + "abc"), .upstream(full)],
            toClient: full.replacing("||no", with: "|Connection: close||no"), toUpstreams: [long + "abc"],
            ends: [.init(413, received: 3, sent: 2)], left: .closed,
            reusable: [false]),
        Script(
            name: "answers, then stops reading", steps: [
                .client(long + "abc"), .upstreamStopsReading, .upstream(full), .client("def"),
            ],
            toClient: "HTTP/1.1 413 Content Too Large|Content-Length: 2|Connection: close||no",
            toUpstreams: [long + "abc"], ends: [.init(413, received: 3, sent: 2)], left: .closed, reusable: [false]),
        Script(
            name: "stops reading and says nothing", steps: [.client(long + "abc"), .upstreamStopsReading, .upstreamCloses],
            toClient: own("502 Bad Gateway"), toUpstreams: [long + "abc"], ends: [.init(502, .upstreamClosed, received: 3)],
            left: .closed, reusable: [false]),
        Script(
            name: "breaks behind its answer", steps: [.client(long + "abc"), .upstream(full), .upstreamBreaks, .client("def")],
            toClient: full.replacing("||no", with: "|Connection: close||no"),
            toUpstreams: [long + "abc"], ends: [.init(413, received: 3, sent: 2)], left: .closed, reusable: [false]),
        Script(
            name: "breaks amid an answer that its end would end", steps: [
                .client(old + "abc"), .upstream("HTTP/1.1 200 OK||half"), .upstreamBreaks,
            ],
            toClient: "HTTP/1.1 200 OK|Connection: close||half",
            toUpstreams: [long + "abc"], ends: [.init(200, .upstreamReset, received: 3, sent: 4)], left: .aborted, reusable: [false]),
        Script(
            name: "stops reading amid an answer that its end ends", steps: [
                .client(old + "abc"), .upstream("HTTP/1.1 200 OK||whole"), .upstreamStopsReading, .upstreamCloses,
            ],
            toClient: "HTTP/1.1 200 OK|Connection: close||whole",
            toUpstreams: [long + "abc"], ends: [.init(200, received: 3, sent: 5)], left: .closed, reusable: [false]),
        Script(
            name: "breaks and says nothing", steps: [.client(long + "abc"), .upstreamBreaks],
            toClient: own("502 Bad Gateway"), toUpstreams: [long + "abc"], ends: [.init(502, .upstreamReset, received: 3)],
            left: .closed, reusable: [false]),
        Script(
            name: "answers while the body goes on", steps: [
                .client(post.replacing("4", with: "8") + "abc"), .upstream("HTTP/1.1 200 OK|Content-Length: 4||12"),
                .client("d"), .upstream("34"),
            ],
            toClient: "HTTP/1.1 200 OK|Content-Length: 4|Connection: close||1234",
            toUpstreams: [post.replacing("4", with: "8") + "abcd"],
            ends: [.init(200, received: 8, sent: 4)], left: .closed, reusable: [true]),
    ]
}

extension String {
    /// The text with every occurrence of one character replaced.
    fileprivate func replacing(_ old: Character, with new: Character) -> String {
        String(map { $0 == old ? new : $0 })
    }
}
