import Exchange
import Testing

/// What the proxy answers by itself, and how it deals with limits, interim responses and tunnels.
@Suite struct AnswerScripts {
    @Test(arguments: refusals + limits + interims, [Int.max, 1, 7])
    func answer(_ script: Script, chunk: Int) { script.play(chunk: chunk) }

    private static let get = "GET / HTTP/1.1|Host: a.test||"
    private static let ok = "HTTP/1.1 200 OK|Content-Length: 2||ok"

    private static let chunked = "POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked||"

    private static func world(_ change: (inout World) -> Void) -> World {
        var world = World()
        change(&world)
        return world
    }

    private static func refusal(_ name: String, _ request: String, _ status: UInt16, _ text: String) -> Script {
        Script(
            name: name, steps: [.client(request)], toClient: own(text),
            ends: [.init(status, .malformedRequest, attempts: 0)], left: .closed)
    }

    @Test(arguments: longHeads, [Int.max, 4093])
    func longHead(_ script: Script, chunk: Int) { script.play(chunk: chunk) }

    static let longHeads: [Script] = [
        Script(
            name: "a head beyond all blocks", world: world { $0.headerBytes = 1 << 20 },
            steps: [.client("GET / HTTP/1.1|Host: a.test|Field: " + String(repeating: "x", count: 300_000))],
            toClient: own("431 Request Header Fields Too Large"), ends: [.init(431, .malformedRequest, attempts: 0)],
            left: .closed),
        Script(
            name: "a head that fits one block but not when written", world: world { $0.headerBytes = 1 << 20 },
            steps: [.client("GET / HTTP/1.1|Host: a.test|Field: " + String(repeating: "x", count: 262_090) + "||")],
            toClient: own("431 Request Header Fields Too Large"), ends: [.init(431, .malformedRequest, attempts: 0)],
            left: .closed),
    ]

    static let refusals: [Script] = [
        refusal("malformed", "GET  / HTTP/1.1|Host: a.test||", 400, "400 Bad Request"),
        refusal("no host", "GET / HTTP/1.1||", 400, "400 Bad Request"),
        refusal("an unknown coding", "POST / HTTP/1.1|Host: a.test|Transfer-Encoding: gzip||", 501, "501 Not Implemented"),
        refusal("HTTP/2", "GET / HTTP/2.0|Host: a.test||", 505, "505 HTTP Version Not Supported"),
        refusal("an unknown expectation", "GET / HTTP/1.1|Host: a.test|Expect: x||", 417, "417 Expectation Failed"),
        Script(
            name: "a long line", world: world { $0.requestLine = 32 },
            steps: [.client("GET /" + String(repeating: "x", count: 40))],
            toClient: own("414 URI Too Long"), ends: [.init(414, .malformedRequest, attempts: 0)], left: .closed),
        Script(
            name: "many bytes of fields", world: world { $0.headerBytes = 32 },
            steps: [.client("GET / HTTP/1.1|Host: a.test|Field: " + String(repeating: "x", count: 40))],
            toClient: own("431 Request Header Fields Too Large"), ends: [.init(431, .malformedRequest, attempts: 0)],
            left: .closed),
        Script(
            name: "no such host", steps: [.client("GET / HTTP/1.1|Host: x.test||" + get), .upstream(ok)],
            toClient: own("404 Not Found", closes: false) + ok, toUpstreams: [get],
            ends: [.init(404, .noRoute, attempts: 0), .init(200, sent: 2)]),
        Script(
            name: "no such host, HEAD", steps: [.client("HEAD / HTTP/1.1|Host: x.test||")],
            toClient: own("404 Not Found", closes: false, body: false), ends: [.init(404, .noRoute, attempts: 0, sent: 0)]),
        Script(
            name: "no such host, a body of nothing", steps: [.client("POST / HTTP/1.1|Host: x.test|Content-Length: 0||")],
            toClient: own("404 Not Found", closes: false), ends: [.init(404, .noRoute, attempts: 0)]),
        Script(
            name: "no such host, with a body", steps: [.client("POST / HTTP/1.1|Host: x.test|Content-Length: 32||" + get)],
            toClient: own("404 Not Found"), ends: [.init(404, .noRoute, attempts: 0)], left: .closed),
        Script(
            name: "TRACE", steps: [.client("TRACE / HTTP/1.1|Host: a.test||")],
            toClient: own(
                "405 Method Not Allowed", extra: "Allow: GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS|"),
            ends: [.init(405, .methodRefused, attempts: 0)], left: .closed),
        Script(
            name: "CONNECT", steps: [.client("CONNECT a.test:443 HTTP/1.1|Host: a.test:443||GET / HTTP/1.1|Host: a.test||")],
            toClient: own(
                "405 Method Not Allowed", extra: "Allow: GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS|"),
            ends: [.init(405, .methodRefused, attempts: 0)], left: .closed),
        Script(
            name: "OPTIONS that goes no further", steps: [.client("OPTIONS / HTTP/1.1|Host: a.test|Max-Forwards: 0||")],
            toClient: own("200 OK", closes: false, extra: "Allow: GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS|"),
            ends: [.init(200, attempts: 0, sent: 7)]),
        Script(
            name: "an encoded slash", steps: [.client("GET /a%2Fb HTTP/1.1|Host: a.test||")],
            toClient: own("400 Bad Request"), ends: [.init(400, .pathRefused, attempts: 0)], left: .closed),
        Script(
            name: "R34 the slash that is missing", steps: [.client("GET /app?q=1 HTTP/1.1|Host: a.test:8080||")],
            toClient: own("301 Moved Permanently", closes: false)
                .replacingFirst("|Content-Length: 22|", "|Content-Length: 22|Location: http://a.test:8080/app/?q=1|"),
            ends: [.init(301, attempts: 0)]),
        Script(
            name: "app-root", steps: [.client("GET /?q=1 HTTP/1.1|Host: App.test:8080||")],
            toClient: own("302 Found", closes: false)
                .replacingFirst("|Content-Length: 10|", "|Content-Length: 10|Location: http://App.test:8080/start?x=1|"),
            ends: [.init(302, attempts: 0)]),
        Script(
            name: "a host of expressions without the path", steps: [.client("GET /x HTTP/1.1|Host: app.test||")],
            toClient: own("404 Not Found", closes: false), ends: [.init(404, .noRoute, attempts: 0)]),
        Script(
            name: "a head too slow", steps: [.client("GET / HT"), .wait(14), .client("TP"), .wait(1)],
            toClient: own("408 Request Timeout"), ends: [.init(408, .clientTooSlow, attempts: 0)], left: .closed),
    ]

    static let limits: [Script] = [
        Script(
            name: "a length over the limit", world: world { $0.bodyLimit = 4 },
            steps: [.client("POST / HTTP/1.1|Host: a.test|Content-Length: 5||hello")],
            toClient: own("413 Content Too Large"), ends: [.init(413, .requestTooLarge, attempts: 0)], left: .closed),
        Script(
            name: "chunks over the limit while connecting", world: world { $0.bodyLimit = 4 },
            steps: [.connects([.pending]), .client(chunked), .client("5|")],
            toClient: own("413 Content Too Large"), toUpstreams: [""], ends: [.init(413, .requestTooLarge)],
            left: .closed, reusable: [false]),
        Script(
            name: "chunks over the limit", world: world { $0.bodyLimit = 4 },
            steps: [.client(chunked), .upstreamTakes(0), .client("3|abc|7fffffffffffffff|")],
            toClient: own("413 Content Too Large"), toUpstreams: [chunked], ends: [.init(413, .requestTooLarge, received: 3)],
            left: .closed, reusable: [false]),
        Script(
            name: "chunks over the limit behind an answer", world: world { $0.bodyLimit = 4 }, steps: [
                .client(chunked), .upstreamTakes(0), .upstream("HTTP/1.1 200 OK|Content-Length: 5||ab"), .client("3|abc|2|"),
            ],
            toClient: "HTTP/1.1 200 OK|Content-Length: 5|Connection: close||ab", toUpstreams: [chunked],
            ends: [.init(200, .requestTooLarge, received: 3, sent: 2)], left: .closed, reusable: [false]),
        Script(
            name: "no limit", world: world { $0.bodyLimit = 0 },
            steps: [.client("POST / HTTP/1.1|Host: a.test|Content-Length: 5||hello"), .upstream(ok)],
            toClient: ok, toUpstreams: ["POST / HTTP/1.1|Host: a.test|Content-Length: 5||hello"],
            ends: [.init(200, received: 5, sent: 2)]),
        Script(
            name: "a body too slow", steps: [.client("POST / HTTP/1.1|Host: a.test|Content-Length: 5||h"), .wait(29),
                .client("e"), .wait(29), .wait(1)],
            toClient: own("408 Request Timeout"), toUpstreams: ["POST / HTTP/1.1|Host: a.test|Content-Length: 5||he"],
            ends: [.init(408, .clientTooSlow, received: 2)], left: .closed, reusable: [false]),
        Script(
            name: "an answer goes on without the rest of its request", steps: [
                .client("POST / HTTP/1.1|Host: a.test|Content-Length: 5||h"), .upstream("HTTP/1.1 413 Too Large|Content-Length: 5||ab"),
                .wait(30), .upstream("c"), .wait(30), .upstream("de"),
            ],
            toClient: "HTTP/1.1 413 Too Large|Content-Length: 5|Connection: close||abcde",
            toUpstreams: ["POST / HTTP/1.1|Host: a.test|Content-Length: 5||h"],
            ends: [.init(413, received: 1, sent: 5)], left: .closed, reusable: [false]),
        Script(
            name: "an answer that does not go on without it", steps: [
                .client("POST / HTTP/1.1|Host: a.test|Content-Length: 5||h"), .upstream("HTTP/1.1 200 OK|Content-Length: 5||ab"),
                .wait(60),
            ],
            toClient: "HTTP/1.1 200 OK|Content-Length: 5|Connection: close||ab",
            toUpstreams: ["POST / HTTP/1.1|Host: a.test|Content-Length: 5||h"],
            ends: [.init(200, .clientTooSlow, received: 1, sent: 2)], left: .closed, reusable: [false]),
        Script(
            name: "a client that ends its body early gets the rest of its answer", steps: [
                .client("POST / HTTP/1.1|Host: a.test|Content-Length: 5||h"), .upstream("HTTP/1.1 413 Too Large|Content-Length: 5||ab"),
                .clientCloses, .upstream("cde"),
            ],
            toClient: "HTTP/1.1 413 Too Large|Content-Length: 5|Connection: close||abcde",
            toUpstreams: ["POST / HTTP/1.1|Host: a.test|Content-Length: 5||h"],
            ends: [.init(413, received: 1, sent: 5)], left: .closed, reusable: [false]),
        Script(
            name: "a bad chunk", steps: [.client("POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked||"), .client("zz|")],
            toClient: own("400 Bad Request"), toUpstreams: ["POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked||"],
            ends: [.init(400, .malformedRequest)], left: .closed, reusable: [false]),
        Script(
            name: "stops reading", steps: [.client(get), .clientTakes(5), .upstream(ok), .wait(59), .wait(1)],
            toClient: "HTTP/", toUpstreams: [get], ends: [.init(200, .clientTooSlow)], left: .aborted,
            reusable: [true]),
    ]

    static let interims: [Script] = [
        Script(
            name: "103 to HTTP/1.1", steps: [.client(get), .upstream("HTTP/1.1 103 Early Hints|Link: </x>||" + ok)],
            toClient: "HTTP/1.1 103 Early Hints|Link: </x>||" + ok, toUpstreams: [get], ends: [.init(200, sent: 2)]),
        Script(
            name: "a client that does not read it", steps: [
                .client(get), .clientTakes(5), .upstream("HTTP/1.1 103 Early Hints|Link: </x>||"), .wait(60),
            ],
            toClient: "HTTP/", toUpstreams: [get], ends: [.init(408, .clientTooSlow, sent: 0)], left: .aborted, reusable: [false]),
        Script(
            name: "103 not to HTTP/1.0", steps: [
                .client("GET / HTTP/1.0|Host: a.test||"), .upstream("HTTP/1.1 103 Early Hints|Link: </x>||" + ok),
            ],
            toClient: "HTTP/1.1 200 OK|Content-Length: 2|Connection: close||ok", toUpstreams: [get],
            ends: [.init(200, sent: 2)], left: .closed),
        Script(
            name: "426 says to what", steps: [
                .client(get), .upstream("HTTP/1.1 426 Upgrade Required|Connection: Upgrade|Upgrade: foo/1|Content-Length: 0||"),
            ],
            toClient: "HTTP/1.1 426 Upgrade Required|Upgrade: foo/1|Content-Length: 0|Connection: upgrade||", toUpstreams: [get],
            ends: [.init(426)], reusable: [true]),
        Script(
            name: "426 without that", steps: [.client(get), .upstream("HTTP/1.1 426 Upgrade Required|Content-Length: 0||")],
            toClient: "HTTP/1.1 426 Upgrade Required|Content-Length: 0||", toUpstreams: [get], ends: [.init(426)], reusable: [true]),
        Script(
            name: "no other answer does", steps: [
                .client(get), .upstream("HTTP/1.1 400 Bad Request|Connection: Upgrade|Upgrade: foo/1|Content-Length: 0||"),
            ],
            toClient: "HTTP/1.1 400 Bad Request|Content-Length: 0||", toUpstreams: [get], ends: [.init(400)], reusable: [true]),
        Script(
            name: "Expect", steps: [
                .client("POST / HTTP/1.1|Host: a.test|Expect: 100-continue|Content-Length: 2||"),
                .upstream("HTTP/1.1 100 Continue||"), .client("hi"), .upstream(ok),
            ],
            toClient: "HTTP/1.1 100 Continue||" + ok,
            toUpstreams: ["POST / HTTP/1.1|Host: a.test|Expect: 100-continue|Content-Length: 2||hi"],
            ends: [.init(200, received: 2, sent: 2)], reusable: [true]),
        Script(
            name: "Expect refused", steps: [
                .client("POST / HTTP/1.1|Host: a.test|Expect: 100-continue|Content-Length: 2||"),
                .upstream("HTTP/1.1 401 Unauthorized|Content-Length: 0||"),
            ],
            toClient: "HTTP/1.1 401 Unauthorized|Content-Length: 0|Connection: close||",
            toUpstreams: ["POST / HTTP/1.1|Host: a.test|Expect: 100-continue|Content-Length: 2||"],
            ends: [.init(401)], left: .closed, reusable: [false]),
        Script(
            name: "Expect in HTTP/1.0 is ignored", steps: [
                .client("POST / HTTP/1.0|Host: a.test|Expect: 100-continue|Content-Length: 2||hi"), .upstream(ok),
            ],
            toClient: "HTTP/1.1 200 OK|Content-Length: 2|Connection: close||ok",
            toUpstreams: ["POST / HTTP/1.1|Host: a.test|Content-Length: 2||hi"],
            ends: [.init(200, received: 2, sent: 2)], left: .closed),
    ]
}

extension String {
    fileprivate func replacingFirst(_ old: String, _ new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
    }
}
