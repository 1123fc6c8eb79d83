import Exchange
import Testing

/// Whose time runs when, where more than one side is slow.
@Suite struct DeadlineTests {
    @Test(arguments: shares + overall, [Int.max, 1, 7])
    func deadline(_ script: Script, chunk: Int) { script.play(chunk: chunk) }

    private static let get = "GET / HTTP/1.1|Host: a.test||"
    private static let post = "POST / HTTP/1.1|Host: a.test|Content-Length: 4||"
    private static let ok = "HTTP/1.1 200 OK|Content-Length: 4||"
    private static let closing = "HTTP/1.1 200 OK|Content-Length: 4|Connection: close||"
    private static let waiting = "POST / HTTP/1.1|Host: a.test|Expect: 100-continue|Content-Length: 4||"
    /// Its Expect is for nobody behind the first hop.
    private static let nominating = "POST / HTTP/1.1|Host: a.test|Connection: expect|Expect: 100-continue|Content-Length: 4||"
    private static let goOn = "HTTP/1.1 100 Continue||"
    private static let hint = "HTTP/1.1 103 Early Hints|Link: </x>||"

    private static var tenSeconds: World {
        var world = World()
        world.requestDeadline = .seconds(10)
        return world
    }

    static let shares: [Script] = [
        Script(
            name: "a slow reader's time is not the upstream's", steps: [
                .client(get), .clientTakes(0), .upstream(ok + "ab"), .wait(59), .clientTakes(.max), .wait(59), .upstream("cd"),
            ],
            toClient: ok + "abcd", toUpstreams: [get], ends: [.init(200, sent: 4)]),
        Script(
            name: "a pause of the upstream's is not the reader's", steps: [
                .client(get), .upstream(ok + "ab"), .wait(59), .clientTakes(0), .upstream("c"), .wait(59), .clientTakes(.max),
                .upstream("d"),
            ],
            toClient: ok + "abcd", toUpstreams: [get], ends: [.init(200, sent: 4)]),
        Script(
            name: "a pause before the end is not the reader's", steps: [
                .client("GET / HTTP/1.1|Host: a.test||"), .upstream("HTTP/1.1 200 OK||"), .wait(59), .clientTakes(0),
                .upstreamCloses, .wait(59), .clientTakes(.max),
            ],
            toClient: "HTTP/1.1 200 OK|Transfer-Encoding: chunked||0||", toUpstreams: [get], ends: [.init(200)]),
        Script(
            name: "an upstream that is slow to read is not the sender's fault", steps: [
                .upstreamTakes(0), .client(post + "ab"), .wait(40), .upstreamTakes(.max), .wait(29), .client("cd"),
                .upstream(ok + "abcd"),
            ],
            toClient: ok + "abcd", toUpstreams: [post + "abcd"], ends: [.init(200, received: 4, sent: 4)]),
        Script(
            name: "an upstream that does not read is too slow", steps: [.upstreamTakes(0), .client(post + "abcd"), .wait(60),
                .wait(60), .wait(60)],
            toClient: own("504 Gateway Timeout", closes: false), toUpstreams: ["", "", ""],
            ends: [.init(504, .upstreamTimedOut, attempts: 3, received: 4)]),
        Script(
            name: "a client that is asked to go on has all its time from then", steps: [
                .client(waiting), .wait(40), .upstream(goOn), .wait(29), .client("abcd"), .upstream(ok + "abcd"),
            ],
            toClient: goOn + ok + "abcd", toUpstreams: [waiting + "abcd"], ends: [.init(200, received: 4, sent: 4)]),
        Script(
            name: "another interim response does not ask it to go on", steps: [
                .client(waiting), .upstream(hint), .wait(40), .upstream(goOn), .wait(29), .client("abcd"), .upstream(ok + "abcd"),
            ],
            toClient: hint + goOn + ok + "abcd", toUpstreams: [waiting + "abcd"], ends: [.init(200, received: 4, sent: 4)]),
        Script(
            name: "nor has it more time for being asked twice", steps: [
                .client(waiting), .wait(40), .upstream(goOn), .wait(20), .upstream(goOn), .wait(10),
            ],
            toClient: goOn + goOn + own("408 Request Timeout"), toUpstreams: [waiting], ends: [.init(408, .clientTooSlow)], left: .closed),
        Script(
            name: "an Expect that the upstream does not hear of gives no time", steps: [.client(nominating), .wait(30)],
            toClient: own("408 Request Timeout"), toUpstreams: [post], ends: [.init(408, .clientTooSlow)], left: .closed),
        Script(
            name: "nor does it take any", steps: [.client(nominating), .wait(29), .client("abcd"), .wait(59), .upstream(ok + "abcd")],
            toClient: ok + "abcd", toUpstreams: [post + "abcd"], ends: [.init(200, received: 4, sent: 4)]),
        Script(
            name: "one that has begun its body waits for nobody", steps: [
                .client("POST / HTTP/1.1|Host: a.test|Expect: 100-continue|Transfer-Encoding: chunked||5"), .wait(30),
            ],
            toClient: own("408 Request Timeout"),
            toUpstreams: ["POST / HTTP/1.1|Host: a.test|Expect: 100-continue|Transfer-Encoding: chunked||"],
            ends: [.init(408, .clientTooSlow)], left: .closed),
        Script(
            name: "the time of a next head runs from its first byte", steps: [
                .client(get), .upstream(ok + "abcd"), .wait(1000), .client("GET /"), .wait(14),
                .client(" HTTP/1.1|Host: a.test||"),
            ],
            toClient: ok + "abcd", toUpstreams: [get, get], ends: [.init(200, sent: 4)]),
        Script(
            name: "be it that of a blank line", steps: [
                .client("\r"), .wait(7), .client("\n"), .wait(7), .client("GET / HTTP/1.1|"), .wait(1),
            ],
            toClient: own("408 Request Timeout"), ends: [.init(408, .clientTooSlow, attempts: 0)], left: .closed),
        Script(
            name: "be it that of a blank line behind another request", steps: [
                .client(get), .upstream(ok + "abcd"), .wait(1000), .client("|"), .wait(14), .client("GET / HTTP/1.1|"), .wait(1),
            ],
            toClient: ok + "abcd" + own("408 Request Timeout"), toUpstreams: [get],
            ends: [.init(200, sent: 4), .init(408, .clientTooSlow, attempts: 0)], left: .closed),
        Script(
            name: "half a blank line is no request", steps: [.client("\r"), .wait(15)], ends: [], left: .closed),
        Script(
            name: "nor is one behind another request", steps: [
                .client(get), .upstream(ok + "abcd"), .client("|"), .wait(14), .wait(1),
            ],
            toClient: ok + "abcd", toUpstreams: [get], ends: [.init(200, sent: 4)], left: .closed),
    ]

    static let overall: [Script] = [
        Script(
            name: "no answer in time", world: tenSeconds, steps: [.client(get), .wait(9), .wait(1)],
            toClient: own("504 Gateway Timeout", closes: false), toUpstreams: [get], ends: [.init(504, .requestTimedOut)],
            reusable: [false]),
        Script(
            name: "no whole answer in time", world: tenSeconds, steps: [.client(get), .upstream(ok + "a"), .wait(10)],
            toClient: ok + "a", toUpstreams: [get], ends: [.init(200, .requestTimedOut, sent: 1)], left: .closed),
        Script(
            name: "the client trickles its body", world: tenSeconds, steps: [
                .client(post + "a"), .wait(5), .client("b"), .wait(4), .client("c"), .wait(1),
            ],
            toClient: own("408 Request Timeout"), toUpstreams: [post + "abc"],
            ends: [.init(408, .clientTooSlow, received: 3)], left: .closed, reusable: [false]),
        Script(
            name: "the client trickles its body behind an answer that has begun", world: tenSeconds, steps: [
                .client(post + "a"), .upstream(ok + "ok"), .wait(5), .client("b"), .wait(5),
            ],
            toClient: closing + "ok", toUpstreams: [post + "ab"],
            ends: [.init(200, .clientTooSlow, received: 2, sent: 2)], left: .closed),
        Script(
            name: "an upstream that does not read is to blame for a body that is not whole", world: tenSeconds, steps: [
                .upstreamTakes(0), .client(post + "a"), .wait(10),
            ],
            toClient: own("504 Gateway Timeout"), toUpstreams: [""], ends: [.init(504, .requestTimedOut, received: 1)],
            left: .closed),
        Script(
            name: "no connection in time", world: tenSeconds, steps: [
                .connects([.pending, .pending, .pending]), .client(get), .wait(5), .wait(5),
            ],
            toClient: own("504 Gateway Timeout", closes: false), toUpstreams: ["", ""],
            ends: [.init(504, .requestTimedOut, attempts: 2)]),
        Script(
            name: "the client does not read an own answer", world: tenSeconds, steps: [
                .client(get), .clientTakes(0), .wait(10), .wait(10), .clientTakes(.max),
            ],
            toClient: own("504 Gateway Timeout", closes: false), toUpstreams: [get], ends: [.init(504, .requestTimedOut)]),
        Script(
            name: "the client does not read the rest of a broken answer", world: tenSeconds, steps: [
                .client(get), .clientTakes(0), .upstream(ok + "a"), .wait(10), .wait(10), .clientTakes(.max),
            ],
            toClient: ok + "a", toUpstreams: [get], ends: [.init(200, .clientTooSlow, sent: 1)], left: .closed),
        Script(
            name: "the client does not read a whole answer", world: tenSeconds, steps: [
                .client(get), .clientTakes(0), .upstream(ok + "abcd"), .wait(10),
            ],
            toUpstreams: [get], ends: [.init(200, .clientTooSlow)], left: .aborted),
        Script(
            name: "the client has not read for too long, either", world: tenSeconds, steps: [
                .client(get), .clientTakes(0), .upstream(ok + "a"), .wait(60),
            ],
            toUpstreams: [get], ends: [.init(200, .clientTooSlow)], left: .aborted),
    ]
}
