import Testing

/// Upgraded connections.
@Suite struct TunnelTests {
    private static let request = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\n\r\n"
    private static let agreement = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: xyz\r\n\r\n"

    private static func echo(greeting: String = "") throws -> RecordingOrigin {
        try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            // In one piece: what follows the head at once belongs to the tunnel.
            try connection.send(agreement + greeting)
            try connection.send(try connection.readToEnd())
        }
    }

    private func open(_ serin: SerinProcess, early: String = "") throws -> RawClient {
        let client = try serin.client()
        try client.send(Self.request + early)
        let head = try client.readHead()
        #expect(head.startLine == "HTTP/1.1 101 Switching Protocols")
        #expect(head["Upgrade"] == "websocket")
        #expect(head["Connection"]?.lowercased() == "upgrade")
        #expect(head["Sec-WebSocket-Accept"] == "xyz")
        return client
    }

    @Test func bytesFlowBothWaysAndEndsArePassedOn() throws {
        let origin = try Self.echo(greeting: "hello")
        let serin = try SerinProcess(.origin(origin))
        let client = try open(serin)
        #expect(try client.readExactly(5) == Array("hello".utf8))
        let seen = try origin.requests(1)[0]
        #expect(seen["Upgrade"] == "websocket")
        #expect(seen["Connection"] == "upgrade")
        #expect(seen["Sec-WebSocket-Key"] == "abc")
        // The echo comes only after the client's end has reached the origin, and still reaches the client.
        let message = [UInt8](repeating: 0xAB, count: 300_000)
        try client.send(message)
        client.socket.shutdownWrite()
        #expect(try client.readToEnd() == message)
        try eventually("both ends to be closed") { try serin.metrics().sum("serin_connections", ["state": "upstream_active"]) == 0 }
        #expect(try serin.metrics().sum("serin_tunnels_opened_total") == 1)
        #expect(try serin.metrics().requests(["code": "1xx"]) == 1)
    }

    @Test func theOriginMayEndFirst() throws {
        let received = Counter()
        let origin = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send(Self.agreement + "bye")
            connection.socket.shutdownWrite()
            received.add(try connection.readToEnd().count)
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try open(serin)
        #expect(try client.readToEnd() == Array("bye".utf8))
        try client.send("thanks")
        client.close()
        try eventually("the client's last words") { received.value == 6 }
        try eventually("the tunnel to end") { try serin.metrics().sum("serin_connections", ["state": "client"]) == 0 }
    }

    @Test func aResetIsPassedOn() throws {
        let gate = Gate()
        let origin = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send(Self.agreement)
            try gate.wait()
            connection.socket.reset()
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try open(serin)
        gate.open()
        #expect(throws: TestSocket.Failure.self) { try client.readToEnd() }
    }

    @Test func anOriginMayDecline() throws {
        let origin = try RecordingOrigin.named("no tunnel")
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        let response = try client.exchange(Self.request)
        #expect(response.status == 200)
        #expect(response.text == "no tunnel\n")
        #expect(try client.get().status == 200, "the connection goes on as HTTP")
    }

    @Test func aSilentTunnelEnds() throws {
        let origin = try Self.echo()
        let serin = try SerinProcess(.origin(origin, settings: "timeouts: {tunnelIdle: 300ms}"))
        let client = try open(serin)
        #expect(try client.isClosed())
        #expect(try serin.metrics().sum("serin_timeouts_total", ["kind": "tunnel_idle"]) == 1)
    }

    @Test func otherTimeoutsDoNotApply() throws {
        let origin = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send(Self.agreement)
            while true { try connection.send(try connection.read(1)) }
        }
        let settings = "timeouts: {upstreamResponse: 200ms, clientBody: 200ms, clientHeader: 200ms, clientKeepAlive: 200ms, clientWrite: 200ms, request: 200ms}"
        let serin = try SerinProcess(.origin(origin, settings: settings))
        let client = try open(serin)
        // Longer than any of them, with silences that are too long for most.
        let end = Deadline(seconds: 1)
        try eventually("a second in the tunnel") {
            try client.send("x")
            #expect(try client.readExactly(1) == [UInt8(ascii: "x")])
            if !end.hasPassed { #expect(throws: TestSocket.Failure.timedOut("reading")) { try client.socket.receive(Deadline(seconds: 0.3)) } }
            return end.hasPassed
        }
    }
}
