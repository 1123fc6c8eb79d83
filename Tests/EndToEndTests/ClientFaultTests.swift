import Foundation
import Testing

/// Clients that go away, stop reading or stop speaking at every point of a request: nothing of them stays.
@Suite struct ClientFaultTests {
    enum Point: String, CaseIterable {
        case beforeAByte, withinAHead, betweenRequests, withinABody, withinChunks, whileConnecting, whileItsTurnIsAwaited
        case whileTheOriginThinks, whileAnInterimResponseIsThere, withinAnAnswer, whileTheAnswerIsStuck, withinAPipeline
        case behindARefusal, withinATunnel
    }

    enum Leaving: String, CaseIterable {
        case reset, close
    }

    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let upgrade = "GET /tunnel HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    /// More than all buffers between origin and client hold.
    private static let block = [UInt8](repeating: 0x61, count: 1 << 20)

    private static func origin() throws -> RecordingOrigin {
        try RecordingOrigin { connection in
            while let head = try connection.readHead() {
                let target = head.startLine.split(separator: " ")[1]
                switch target {
                case "/hold": _ = try connection.readToEnd()
                case "/body":
                    _ = try connection.readToEnd()
                case "/interim":
                    try connection.send("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n")
                    _ = try connection.readToEnd()
                case "/stream":
                    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
                    for _ in 0..<900 { try connection.send(block) }
                case "/tunnel":
                    try connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello")
                    _ = try connection.readToEnd()
                default: try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                }
            }
        }
    }

    /// Where all has been said, an orderly end is no goodbye: see `aHalfCloseIsNoGoodbye`.
    private static let saysAll: Set<Point> = [.whileConnecting, .whileItsTurnIsAwaited, .whileTheOriginThinks, .whileAnInterimResponseIsThere]
    private static let departures = Point.allCases.map { ($0, Leaving.reset) } + Point.allCases.filter { !saysAll.contains($0) }.map { ($0, .close) }

    @Test(arguments: departures)
    func nothingStaysOfAClientThatLeaves(_ point: Point, _ leaving: Leaving) throws {
        let origin = try Self.origin()
        // A full accept queue: the kernel drops what comes, and the connect waits.
        let full = try TestSocket.listen(on: .ipv4(port: 0), backlog: 0)
        var waiting: [TestSocket] = []
        for _ in 0..<8 { if let socket = try? TestSocket.connecting(to: .ipv4(port: full.localPort)) { waiting.append(socket) } }
        let serin = try SerinProcess(TestConfiguration(
            services: ["app": [origin.address.description], "full": ["127.0.0.1:\(full.localPort)"]],
            manifests: [Manifests.ingress("app", service: "app"), Manifests.ingress("full", host: "full", service: "full")],
            settings: "limits: {body: 1KiB, upstreamConnections: 1}\ntimeouts: {upstreamConnect: 1h}"))
        let before = try Self.descriptors(of: serin)
        let other = try Self.occupant(of: point, serin)
        let client = try serin.client(receiveBuffer: point == .whileTheAnswerIsStuck ? 4096 : nil)
        try Self.bring(client, to: point, serin, origin)
        switch leaving {
        case .reset: client.socket.reset()
        case .close: client.close()
        }
        other?.socket.reset()
        try eventually("all of it to be gone after \(point)") {
            let metrics = try serin.metrics()
            return metrics.sum("serin_connections", ["state": "client"]) == 0 && metrics.sum("serin_connections", ["state": "upstream_active"]) == 0
        }
        #expect(try serin.client().get().text == "ok", "and it serves")
        try eventually("no descriptor to be left") {
            let idle = try serin.metrics().sum("serin_connections", ["state": "upstream_idle"])
            return try Self.descriptors(of: serin) - idle == before
        }
        _ = waiting
    }

    /// Somebody else, where the point needs one.
    private static func occupant(of point: Point, _ serin: SerinProcess) throws -> RawClient? {
        guard point == .whileItsTurnIsAwaited else { return nil }
        let other = try serin.client()
        try other.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        try eventually("the only place to be taken") { try serin.metrics().sum("serin_connections", ["state": "upstream_active"]) == 1 }
        return other
    }

    private static func bring(_ client: RawClient, to point: Point, _ serin: SerinProcess, _ origin: RecordingOrigin) throws {
        func send(_ text: String) throws { try client.send(text) }
        func isActive() throws { try eventually("an upstream at \(point)") { try serin.metrics().sum("serin_connections", ["state": "upstream_active"]) == 1 } }
        switch point {
        case .beforeAByte: try eventually("it to be let in") { try serin.metrics().sum("serin_connections_accepted_total") == 1 }
        case .withinAHead: try send("GET / HTTP/1.1\r\nHos")
        case .betweenRequests: #expect(try client.exchange(get).status == 200)
        case .withinABody:
            try send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome")
            try isActive()
        case .withinChunks:
            try send("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsom")
            try isActive()
        case .whileConnecting:
            try send("GET / HTTP/1.1\r\nHost: full\r\n\r\n")
            try isActive()
        case .whileItsTurnIsAwaited:
            try send(get)
            try eventually("it to wait") { try serin.metrics().sum("serin_upstream_waits_total") == 1 }
        case .whileTheOriginThinks:
            try send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
            try isActive()
        case .whileAnInterimResponseIsThere:
            try send("GET /interim HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.readHead().startLine == "HTTP/1.1 103 Early Hints")
        case .withinAnAnswer:
            try send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.readHead()
            try client.skip(300_000)
        case .whileTheAnswerIsStuck:
            try send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            try eventually("a beginning") { client.socket.isReadable }
        case .withinAPipeline: try send(get + get + get + "GET /")
        case .behindARefusal:
            try send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nsome")
            #expect(try client.readResponse(to: "POST").status == 413)
        case .withinATunnel:
            try send(upgrade)
            #expect(try client.readHead().startLine == "HTTP/1.1 101 Switching Protocols")
        }
    }

    private static func descriptors(of serin: SerinProcess) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(serin.process.pid)/fd").count
    }

    /// A window that stays shut: the time between two writes ends it, and the origin is let go.
    @Test(arguments: ["clientWrite: 300ms", "request: 300ms, clientWrite: 600ms"])
    func aClientThatNeverReadsIsCut(_ times: String) throws {
        let origin = try Self.origin()
        let serin = try SerinProcess(.origin(origin, settings: "timeouts: {\(times)}"))
        let client = try serin.client(receiveBuffer: 4096)
        try client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        try eventually("both connections to end") {
            let metrics = try serin.metrics()
            return metrics.requests() == 1 && metrics.sum("serin_connections", ["state": "client"]) == 0
                && metrics.sum("serin_connections", ["state": "upstream_active"]) == 0
        }
        #expect(try serin.metrics().sum("serin_timeouts_total", ["kind": "client_write"]) == 1)
        #expect(try serin.metrics().sum("serin_upstream_timeouts_total") == 0, "nor is its upstream to blame")
        #expect(try serin.metrics().sum("serin_client_errors_total") == 0, "its request was good")
        #expect(try serin.client().get().text == "ok")
        #expect(throws: (any Error).self, "what it reads now is visibly cut") { try client.skip(900_000_000) }
    }

    /// All has been said, but not heard: an answer follows, at every point where a whole request is there.
    @Test(arguments: ["/", "/interim", "/hold"])
    func aHalfCloseIsNoGoodbye(_ target: String) throws {
        let gate = Gate()
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                if target == "/interim" { try connection.send("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n") }
                if target != "/" { try gate.wait() }
                try connection.answer("late\n", to: request)
            }
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        try client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        client.socket.shutdownWrite()
        if target == "/interim" { #expect(try client.readHead().startLine == "HTTP/1.1 103 Early Hints") }
        if target != "/" { _ = try origin.requests(1) }
        gate.open()
        #expect(try client.readResponse().text == "late\n")
        #expect(try client.isClosed())
    }

    private static let tooLong = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n"

    /// What comes behind the last request while its answer still waits for the client does not destroy that (RFC 9112 section 9.6).
    @Test(arguments: ["1.0", "1.1"])
    func bytesBehindTheLastRequestCostNoAnswer(_ version: String) throws {
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                try connection.answer(String(repeating: "serin", count: 80_000), to: request)
            }
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client(receiveBuffer: 16 << 10)
        try client.send("GET / HTTP/\(version)\r\nHost: a\r\nConnection: close\r\n\r\n")
        // All of it is written, and more than half waits in Serin's socket.
        try eventually("the answer") { try serin.metrics().sum("serin_requests_total") == 1 }
        try client.send("\r\n")
        // By the time the worker has served others, it has seen that.
        for _ in 0..<2 { #expect(try serin.client().get().status == 200) }
        let answer = try client.readResponse()
        #expect(answer.status == 200 && answer.text.utf8.count == 400_000)
    }

    /// Behind a refusal is read on, for the answer to arrive; but not for ever so much.
    @Test func aRefusedClientMaySendOnlySoMuch() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let modest = try serin.client()
        try modest.send(Self.tooLong)
        try modest.send([UInt8](repeating: 0x61, count: 12_000_000))
        #expect(try modest.readResponse(to: "POST").status == 413)
        modest.socket.shutdownWrite()
        #expect(try modest.isClosed())
        #expect(try serin.metrics().sum("serin_linger_overflows_total") == 0)
        let flood = try serin.client()
        try flood.send(Self.tooLong)
        #expect(try flood.readResponse(to: "POST").status == 413)
        // More than the buffers between us take, after the limit.
        #expect(throws: (any Error).self) {
            for _ in 0..<400 { try flood.send([UInt8](repeating: 0x61, count: 1_000_000)) }
        }
        #expect(try serin.metrics().sum("serin_linger_overflows_total") == 1)
        #expect(try serin.metrics().sum("serin_connections", ["state": "client"]) == 0)
        #expect(try serin.client().get().text == "app\n")
    }

    /// Nor for ever so long, whether it goes on sending or says nothing.
    @Test(arguments: [false, true])
    func aRefusedClientMayStayOnlySoLong(_ trickles: Bool) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        try client.send(Self.tooLong)
        #expect(try client.readResponse(to: "POST").status == 413)
        #expect(try serin.metrics().sum("serin_connections", ["state": "client"]) == 1, "it is listened to")
        try eventually("its end", within: 60) {
            // Fails once it is gone.
            if trickles { try? client.send("a") }
            return try serin.metrics().sum("serin_connections", ["state": "client"]) == 0
        }
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_timeouts_total", ["kind": "linger"]) == 1)
        #expect(metrics.sum("serin_linger_overflows_total") == 0)
    }
}
