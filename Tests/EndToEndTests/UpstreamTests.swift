import Testing

/// Connections to endpoints: kept, dealt out, tried again.
@Suite struct UpstreamTests {
    private static func configuration(_ endpoints: [String], settings: String = "") -> TestConfiguration {
        TestConfiguration(services: ["app": endpoints], manifests: [Manifests.ingress("app", service: "app")], settings: settings)
    }

    // MARK: Pooling

    @Test func oneConnectionServesManyRequests() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        for _ in 0..<5 {
            let client = try serin.client()
            for _ in 0..<10 { #expect(try client.get().status == 200) }
        }
        #expect(origin.connectionCount == 1)
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_upstream_connects_total") == 1)
        #expect(metrics.sum("serin_upstream_reuses_total") == 49)
        #expect(metrics.sum("serin_connections", ["state": "upstream_idle"]) == 1)
    }

    @Test func anIdleConnectionIsClosedInTime() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "timeouts: {upstreamKeepAlive: 200ms}"))
        #expect(try serin.client().get().status == 200)
        try eventually("the idle connection to end") { try serin.metrics().sum("serin_connections", ["state": "upstream_idle"]) == 0 }
        #expect(try serin.metrics().sum("serin_timeouts_total", ["kind": "upstream_keep_alive"]) == 1)
        #expect(try serin.client().get().status == 200)
        #expect(origin.connectionCount == 2)
    }

    @Test func aConnectionWithBytesBehindTheAnswerIsNotKept() throws {
        let origin = try RecordingOrigin.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        for _ in 0..<5 { #expect(try client.get().text == "ok") }
        #expect(origin.connectionCount == 5)
    }

    @Test func connectionsOfRemovedEndpointsAreClosed() throws {
        let one = try RecordingOrigin.named("one"), two = try RecordingOrigin.named("two")
        let serin = try SerinProcess(.origin(one))
        #expect(try serin.client().get().text == "one\n")
        #expect(try serin.reload(.origin(two)).status == 200)
        try eventually("no idle connection") { try serin.metrics().sum("serin_connections", ["state": "upstream_idle"]) == 0 }
    }

    // MARK: Balancing

    @Test func requestsGoRoundByWeight() throws {
        let origins = try (0..<3).map { try RecordingOrigin.named("\($0)") }
        var configuration = Self.configuration([])
        configuration.services = [:]
        configuration.settings = """
            services:
              app:
                - {address: "\(origins[0].address)", weight: 1}
                - {address: "\(origins[1].address)", weight: 2}
                - {address: "\(origins[2].address)", weight: 3}
            """
        let serin = try SerinProcess(configuration)
        let client = try serin.client()
        for _ in 0..<60 { _ = try client.get() }
        #expect(origins.map(\.requests.count) == [10, 20, 30])
    }

    @Test func equalEndpointsTakeTurns() throws {
        let origins = try (0..<3).map { try RecordingOrigin.named("\($0)") }
        let serin = try SerinProcess(Self.configuration(origins.map(\.address.description)))
        let client = try serin.client()
        let answers = try (0..<30).map { _ in try client.get().text }
        for index in answers.indices.dropFirst(3) { #expect(answers[index] == answers[index - 3]) }
        #expect(Set(answers).count == 3)
    }

    // MARK: Trying again

    @Test(arguments: ["GET", "POST"])
    func aRefusedConnectTriesTheNextEndpoint(_ method: String) throws {
        let closed = try ClosedPort()
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(Self.configuration([closed.address.description, origin.address.description]))
        let client = try serin.client()
        for _ in 0..<10 {
            #expect(try client.exchange("\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").status == 200)
        }
        #expect(origin.requests.map(\.text) == Array(repeating: "hi", count: 10))
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_upstream_connect_failures_total") == 1, "it is passed over from then on")
        #expect(metrics.sum("serin_upstream_retries_total") == 1)
        #expect(metrics.requests(["code": "2xx"]) == 10)
    }

    @Test func theLastEndpointIsNeverGivenUp() throws {
        let closed = try ClosedPort()
        let serin = try SerinProcess(Self.configuration([closed.address.description]))
        let client = try serin.client()
        for _ in 0..<3 { #expect(try client.get().status == 502) }
        let origin = try RecordingOrigin.named("back")
        #expect(try serin.reload(.origin(origin)).status == 200)
        #expect(try client.get().text == "back\n")
    }

    @Test func itComesBackAtOnceWhenItIsTheOnlyOne() throws {
        let origin = try RecordingOrigin.named("first")
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        #expect(try client.get().text == "first\n")
        origin.stop()
        try eventually("a refusal") { try client.get().status == 502 }
        let again = try RecordingOrigin.named("second", at: origin.address)
        #expect(try client.get().text == "second\n")
        #expect(again.requests.count == 1)
    }

    /// The origin takes a second request on the same connection and closes without a word: the usual race with its own idle timeout.
    private static func stale() throws -> RecordingOrigin {
        try RecordingOrigin { connection in
            guard let first = try connection.readRequest() else { return }
            try connection.answer("ok\n", to: first)
            if connection.index == 0 {
                _ = try connection.readRequest()
                return
            }
            while let request = try connection.readRequest() { try connection.answer("again\n", to: request) }
        }
    }

    struct Retry: Sendable, CustomTestStringConvertible {
        let method: String
        let status: Int
        var testDescription: String { method }
    }

    @Test(arguments: [
        Retry(method: "GET", status: 200), Retry(method: "HEAD", status: 200), Retry(method: "PUT", status: 200),
        Retry(method: "DELETE", status: 200), Retry(method: "OPTIONS", status: 200), Retry(method: "POST", status: 502),
        Retry(method: "PATCH", status: 502), Retry(method: "BREW", status: 502),
    ])
    func aStaleConnectionIsReplacedWhereThatIsSafe(_ test: Retry) throws {
        let origin = try Self.stale()
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        #expect(try client.get().status == 200)
        let body = test.method == "PUT" ? "Content-Length: 4\r\n\r\nbody" : "\r\n"
        let response = try client.exchange("\(test.method) / HTTP/1.1\r\nHost: a\r\n\(body)", method: test.method)
        #expect(response.status == test.status)
        #expect(origin.requests.filter { $0.method == test.method && $0.connection == 0 }.count == (test.method == "GET" ? 2 : 1))
        #expect(origin.connectionCount == (test.status == 200 ? 2 : 1), "tried once more, or not at all")
        if test.method == "PUT" { #expect(origin.requests.filter { $0.connection == 1 }.map(\.text) == ["body"]) }
    }

    @Test func afterAResponseByteNothingIsTriedAgain() throws {
        let origin = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 2")
        }
        let serin = try SerinProcess(.origin(origin))
        #expect(try serin.client().get().status == 502)
        #expect(origin.connectionCount == 1)
    }

    @Test func attemptsAreBounded() throws {
        let origin = try RecordingOrigin { connection in _ = try connection.readRequest() }
        let serin = try SerinProcess(.origin(origin))
        #expect(try serin.client().get().status == 502)
        #expect(origin.connectionCount == 3)
    }

    // MARK: Too slow

    @Test func aConnectThatHangsTimesOut() throws {
        // A full accept queue: the kernel drops what comes, and the connect waits.
        let listener = try TestSocket.listen(on: .ipv4(port: 0), backlog: 0)
        var waiting: [TestSocket] = []
        for _ in 0..<8 { if let socket = try? TestSocket.connecting(to: .ipv4(port: listener.localPort)) { waiting.append(socket) } }
        let serin = try SerinProcess(Self.configuration(["127.0.0.1:\(listener.localPort)"], settings: "timeouts: {upstreamConnect: 200ms}"))
        #expect(try serin.client().get().status == 504)
        #expect(try serin.metrics().sum("serin_upstream_timeouts_total") == 1)
    }

    struct Slow: Sendable, CustomTestStringConvertible {
        let name: String
        let settings: String
        var method = "POST"
        var testDescription: String { name }
    }

    @Test(arguments: [
        Slow(name: "to its first byte", settings: "timeouts: {upstreamResponse: 200ms}"),
        Slow(name: "on the whole", settings: "timeouts: {request: 200ms}"),
        Slow(name: "on the whole, with GET", settings: "timeouts: {request: 200ms}", method: "GET"),
    ])
    func anOriginThatIsTooSlow(_ test: Slow) throws {
        let origin = try RecordingOrigin { connection in
            _ = try connection.readHead()
            _ = try connection.readToEnd()
        }
        let serin = try SerinProcess(.origin(origin, settings: test.settings))
        let client = try serin.client()
        #expect(try client.exchange("\(test.method) / HTTP/1.1\r\nHost: a\r\n\r\n").status == 504)
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_upstream_timeouts_total") == 1)
        #expect(metrics.requests(["code": "5xx", "version": "stable", "route": "default/app /"]) == 1, "\(metrics.text)")
    }

    @Test func everyAttemptThatTakesTooLongCounts() throws {
        let origin = try RecordingOrigin { connection in
            let request = try connection.readRequest()
            if let request, connection.index == 2 { try connection.answer("late", to: request) }
            _ = try connection.readToEnd()
        }
        let serin = try SerinProcess(.origin(origin, settings: "timeouts: {upstreamResponse: 300ms}"))
        #expect(try serin.client().get().text == "late")
        #expect(try serin.metrics().sum("serin_upstream_timeouts_total") == 2)
    }

    // MARK: Kinds of addresses

    @Test func unixSocketsOnBothSides() throws {
        let folder = try TemporaryFolder()
        let origin = try RecordingOrigin.named("unix", at: .unix(path: folder.path("o.sock")))
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = ["unix:\(folder.path("l.sock"))", "127.0.0.1:0"]
        configuration.workers = 2
        let serin = try SerinProcess(configuration, folder: folder)
        let client = try serin.client()
        #expect(try client.get().text == "unix\n")
        #expect(origin.requests[0]["X-Real-IP"] == "unix:")
        #expect(try RawClient(serin.listeners[1]).get().text == "unix\n")
        #expect(try Curl.run("--unix-socket", folder.path("l.sock"), "http://a/").body == "unix\n")
    }

    @Test(.enabled(if: TestSocket.hasIPv6, "this machine has no IPv6"))
    func version6OnBothSides() throws {
        let origin = try RecordingOrigin.named("six", at: .ipv6(port: 0))
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = ["[::1]:0"]
        let serin = try SerinProcess(configuration)
        #expect(serin.address.description.hasPrefix("[::1]:"))
        #expect(try serin.client().get().text == "six\n")
        #expect(origin.requests[0]["X-Real-IP"] == "::1")
        #expect(try Curl.run("http://\(serin.address)/").body == "six\n")
    }

    @Test func namesAreResolved() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(Self.configuration(["localhost:\(origin.address.port)"]))
        #expect(try serin.client().get().text == "app\n")
    }

    @Test func aNameThatComesWithAReloadIsResolvedFirst() throws {
        let one = try RecordingOrigin.named("one"), two = try RecordingOrigin.named("two")
        let serin = try SerinProcess(.origin(one))
        #expect(try serin.client().get().text == "one\n")
        #expect(try serin.reload(Self.configuration(["localhost:\(two.address.port)"])).status == 200)
        #expect(try serin.client().get().text == "two\n")
    }

    @Test func aNameThatDoesNotResolveHasNoEndpoint() throws {
        let serin = try SerinProcess(Self.configuration(["nowhere.invalid:80"]))
        #expect(try serin.client().get().status == 503)
        try serin.waitForLog("nowhere.invalid does not resolve")
    }
}
