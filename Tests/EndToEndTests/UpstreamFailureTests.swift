import Testing

/// Whatever an upstream fails at is told: the client by a status, the operator by a metric and the log.
@Suite struct UpstreamFailureTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// The origin's behaviour; nil is that nobody listens.
        var behaviour: RecordingOrigin.Behaviour? = { _ in }
        /// Instead of the origin.
        var endpoint: String?
        var settings = ""
        /// None of it is held back for another attempt.
        var request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
        let status: Int
        let reason: String
        let log: String
        var isOfEndpoint = true
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "nobody listens", behaviour: nil, status: 502, reason: "connect_refused",
             log: "upstream refused the connection: Connection refused (ECONNREFUSED); default/app, stable; attempts: 1, answered 502"),
        Case(name: "no such socket", endpoint: "unix:/nowhere/at/all.sock", status: 502, reason: "connect_unreachable",
             log: "upstream could not be reached: No such file or directory (ENOENT)"),
        Case(name: "closes", behaviour: { _ = try $0.readRequest() }, status: 502, reason: "closed",
             log: "upstream closed the connection early; default/app, stable; attempts: 1, answered 502"),
        Case(name: "breaks off its body",
             behaviour: { connection in
                 _ = try connection.readRequest()
                 try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
             }, status: 200, reason: "closed", log: "upstream closed the connection early; default/app, stable; attempts: 1, answered 200"),
        Case(name: "resets within its body",
             behaviour: { connection in
                 _ = try connection.readRequest()
                 try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
                 connection.socket.reset()
             }, status: 200, reason: "reset", log: "upstream reset the connection; default/app, stable; attempts: 1, answered 200"),
        Case(name: "resets",
             behaviour: { connection in
                 _ = try connection.readRequest()
                 connection.socket.reset()
             }, status: 502, reason: "reset", log: "upstream reset the connection"),
        Case(name: "talks nonsense",
             behaviour: { connection in
                 _ = try connection.readRequest()
                 try connection.send("nonsense\r\n\r\n")
             }, status: 502, reason: "bad_response", log: "upstream sent an invalid response"),
        Case(name: "says nothing", behaviour: { _ = try $0.readToEnd() }, settings: "timeouts: {upstreamResponse: 200ms}",
             status: 504, reason: "response_timeout", log: "upstream timed out"),
        Case(name: "says nothing, on the whole", behaviour: { _ = try $0.readToEnd() }, settings: "timeouts: {request: 200ms}",
             status: 504, reason: "request_timeout", log: "request took longer than its deadline", isOfEndpoint: false),
    ]

    @Test(arguments: cases) func isCountedAndLogged(_ test: Case) throws {
        let origin = try RecordingOrigin { connection in try test.behaviour?(connection) }
        let closed = try ClosedPort()
        let endpoint = test.endpoint ?? (test.behaviour == nil ? closed.address : origin.address).description
        let serin = try SerinProcess(TestConfiguration(
            services: ["app": [endpoint]], manifests: [Manifests.ingress("app", service: "app")], settings: test.settings))
        let client = try serin.client()
        try client.send(test.request)
        #expect(try RawClient.status(of: client.readHead()) == test.status)
        try serin.waitForLog("default/app:80" + (test.isOfEndpoint ? " at \(endpoint): " : ": ") + test.log)
        let metrics = try serin.metrics()
        let labels = ["route": "default/app /", "version": "stable", "reason": test.reason]
        #expect(metrics.sum("serin_upstream_failures_total", labels) == 1, "\(metrics.text)")
        #expect(metrics.sum("serin_upstream_failures_total") == 1)
    }

    @Test func aServiceWithoutEndpoints() throws {
        let serin = try SerinProcess(TestConfiguration(services: ["app": []], manifests: [Manifests.ingress("app", service: "app")]))
        #expect(try serin.client().get().status == 503)
        try serin.waitForLog("default/app:80: no endpoint; default/app, stable; attempts: 0, answered 503")
        #expect(try serin.metrics().sum("serin_upstream_failures_total", ["reason": "no_endpoint"]) == 1)
    }

    @Test func aConnectThatHangs() throws {
        // A full accept queue: the kernel drops what comes, and the connect waits.
        let listener = try TestSocket.listen(on: .ipv4(port: 0), backlog: 0)
        var waiting: [TestSocket] = []
        for _ in 0..<8 { if let socket = try? TestSocket.connecting(to: .ipv4(port: listener.localPort)) { waiting.append(socket) } }
        let serin = try SerinProcess(TestConfiguration(
            services: ["app": ["127.0.0.1:\(listener.localPort)"]], manifests: [Manifests.ingress("app", service: "app")],
            settings: "timeouts: {upstreamConnect: 200ms}"))
        #expect(try serin.client().get().status == 504)
        try serin.waitForLog("default/app:80 at 127.0.0.1:\(listener.localPort): connecting to the upstream timed out; default/app")
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_upstream_failures_total", ["reason": "connect_timeout"]) == 1)
        #expect(metrics.sum("serin_upstream_timeouts_total") == 1)
    }

    /// Its client never learns of it.
    @Test func anAttemptBeforeAnother() throws {
        let closed = try ClosedPort(), origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(TestConfiguration(
            services: ["app": [closed.address.description, origin.address.description]],
            manifests: [Manifests.ingress("app", service: "app")]))
        let client = try serin.client()
        for _ in 0..<4 { #expect(try client.get().status == 200) }
        try serin.waitForLog("default/app:80 at \(closed.address): upstream refused the connection: "
            + "Connection refused (ECONNREFUSED); default/app, stable; the request went on")
        #expect(try serin.metrics().sum("serin_upstream_failures_total", ["version": "stable", "reason": "connect_refused"]) == 1)
    }

    /// A connection that was kept too long is nobody's failure.
    @Test func aStaleConnectionDoesNotCount() throws {
        let origin = try RecordingOrigin { connection in
            guard let first = try connection.readRequest() else { return }
            try connection.answer("ok\n", to: first)
            if connection.index == 0 { _ = try connection.readRequest() }
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        for _ in 0..<2 { #expect(try client.get().status == 200) }
        #expect(origin.connectionCount == 2)
        #expect(try serin.metrics().sum("serin_upstream_failures_total") == 0)
    }

    @Test func aShieldedCanary() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin { _ = try $0.readRequest() }
        let serin = try SerinProcess(.canary(
            old: [old], new: [new], ["canary-by-header": "X", "serin.dev/canary-shield": "true"]))
        #expect(try serin.client().get(fields: ["X: always"]).text == "old\n")
        try serin.waitForLog("default/new:80 at \(new.address): upstream closed the connection early; default/shop, canary; the request went on")
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_upstream_failures_total", ["version": "canary", "reason": "closed"]) == new.connectionCount)
        #expect(metrics.sum("serin_upstream_failures_total", ["version": "stable"]) == 0)
    }

    @Test func oneEndpointDoesNotHideAnother() throws {
        let ports = try (0..<3).map { _ in try ClosedPort() }
        let names = ["a", "b", "c"]
        let serin = try SerinProcess(TestConfiguration(
            services: Dictionary(uniqueKeysWithValues: zip(names, ports.map { [$0.address.description] })),
            manifests: names.map { Manifests.ingress($0, host: $0, service: $0) }))
        let client = try serin.client()
        for _ in 0..<3 { for name in names { #expect(try client.get(host: name).status == 502) } }
        for (name, port) in zip(names, ports) { try serin.waitForLog("default/\(name):80 at \(port.address): upstream refused") }
        #expect(try serin.stop() == .exited(0))
        for name in names { #expect(serin.process.errors.contains("default/\(name):80 at ")) }
        let lines = serin.process.errors.split(separator: "\n")
        #expect(lines.count { $0.contains("upstream refused the connection: Connection refused") } == 3, "each is written of once")
        #expect(lines.count { $0.contains("upstream refused the connection: 2 more in ") } == 3, "and of the rest there is a number")
    }
}
