import Glibc
import Testing

/// The system has nothing left: no descriptors, no memory, no watches. What was under way goes on once it has some again, nobody else
/// is blamed for it, and it shows.
@Suite struct ExhaustionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let call: Faults.Call
        let error: Int32
        var testDescription: String { name }
    }

    /// A Serin with one origin, and faults that have not begun.
    private static func start(
        _ origins: RecordingOrigin..., settings: String = ""
    ) throws -> (SerinProcess, FaultFolder) {
        let folder = try TemporaryFolder()
        let faults = try FaultFolder(folder)
        let configuration = TestConfiguration(
            services: ["app": origins.map(\.address.description)], manifests: [Manifests.ingress("app", service: "app")],
            settings: settings)
        return (try SerinProcess(configuration, folder: folder, variables: try faults.variables), faults)
    }

    private static func failures(_ serin: SerinProcess, _ reason: String) throws -> Int {
        try serin.metrics().sum("serin_upstream_failures_total", ["reason": reason])
    }

    // MARK: Accepting

    /// Connections stay in the queue and are served later; the admin address answers meanwhile.
    @Test(arguments: [
        Case(name: "no descriptor left to the process", call: .accept, error: EMFILE),
        Case(name: "no descriptor left to the system", call: .accept, error: ENFILE),
        Case(name: "no memory", call: .accept, error: ENOMEM),
        Case(name: "nothing but connections that failed", call: .accept, error: ECONNABORTED),
    ])
    func acceptingRestsAndGoesOn(_ test: Case) throws {
        let origin = try RecordingOrigin.named("app")
        let (serin, faults) = try Self.start(origin)
        let early = try serin.client()
        #expect(try early.get().text == "app\n")
        try faults.begin(test.call, test.error, port: serin.address.port)
        let late = try serin.client()
        try late.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try eventually("a second rest") { try serin.metrics().sum("serin_accept_pauses_total") >= 2 }
        try serin.waitForLog("accepting on \(serin.address): ")
        #expect(try early.get().text == "app\n", "who was there stays")
        #expect(!late.socket.isReadable)
        try faults.end(test.call)
        #expect(try late.readResponse().text == "app\n")
        #expect(try serin.client().get().text == "app\n")
    }

    /// An idle upstream connection is worth less than a client.
    @Test func anIdleConnectionGivesWayToAClient() throws {
        let origin = try RecordingOrigin.named("app")
        let (serin, faults) = try Self.start(origin)
        #expect(try serin.client().get().text == "app\n")
        try faults.begin(.accept, EMFILE, port: serin.address.port, times: 1)
        #expect(try serin.client().get().text == "app\n")
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_upstream_evictions_total") == 1)
        #expect(metrics.sum("serin_accept_pauses_total") == 0)
    }

    @Test func aConnectionThatFailedIsPassedOver() throws {
        let origin = try RecordingOrigin.named("app")
        let (serin, faults) = try Self.start(origin)
        try faults.begin(.accept, ECONNABORTED, port: serin.address.port, times: 3)
        for _ in 0..<3 { #expect(try serin.client().get().text == "app\n") }
        #expect(try serin.metrics().sum("serin_accept_pauses_total") == 0)
    }

    /// The admin address rests, too, and comes back.
    @Test(arguments: [
        Case(name: "no descriptors", call: .accept, error: EMFILE),
        Case(name: "nothing but connections that failed", call: .accept, error: ECONNABORTED),
    ])
    func theAdminAddressComesBack(_ test: Case) throws {
        let origin = try RecordingOrigin.named("app")
        let (serin, faults) = try Self.start(origin)
        let early = try RawClient(serin.admin)
        #expect(try early.get("/livez", host: "localhost").status == 200)
        try faults.begin(test.call, test.error, port: serin.admin.port)
        let late = try RawClient(serin.admin)
        try late.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in 0..<3 { #expect(try early.get("/livez", host: "localhost").status == 200) }
        #expect(!late.socket.isReadable)
        try faults.end(test.call)
        #expect(try late.readResponse().status == 200)
    }

    /// An idle upstream connection is worth less than an operator, too.
    @Test func anIdleConnectionGivesWayToTheAdminAddress() throws {
        let origin = try RecordingOrigin.named("app")
        let (serin, faults) = try Self.start(origin)
        #expect(try serin.client().get().text == "app\n")
        try faults.begin(.accept, EMFILE, port: serin.admin.port, times: 1)
        try eventually("room") { try serin.metrics().sum("serin_upstream_evictions_total") == 1 }
    }

    /// Too many descriptors are watched already: the client is told, and it is counted.
    @Test func aClientThatCannotBeWatchedIsToldSo() throws {
        let origin = try RecordingOrigin.named("app")
        let (serin, faults) = try Self.start(origin)
        try faults.begin(.epoll, ENOSPC, port: serin.address.port)
        let refused = try serin.client().readResponse()
        #expect(refused.status == 503 && refused["Retry-After"] == "1" && refused["Connection"] == "close")
        try faults.end(.epoll)
        #expect(try serin.client().get().text == "app\n")
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_connections_refused_total", ["reason": "exhausted"]) == 1)
        #expect(metrics.sum("serin_connections_refused_total", ["reason": "limit"]) == 0)
        #expect(metrics.sum("serin_connections", ["state": "client"]) <= 1, "its place is free again")
        try serin.waitForLog("turning away a client of \(serin.address): No space left on device (ENOSPC)")
    }

    // MARK: Connecting

    private static let connecting = [
        Case(name: "no descriptor for a socket", call: .socket, error: EMFILE),
        Case(name: "no memory for a socket", call: .socket, error: ENOBUFS),
        Case(name: "too many descriptors are watched", call: .epoll, error: ENOSPC),
        Case(name: "no memory to watch it", call: .epoll, error: ENOMEM),
    ]

    /// No fault of the endpoint, which is not passed over afterwards.
    @Test(arguments: Self.connecting)
    func anUpstreamThatCannotBeAskedIsNotToBlame(_ test: Case) throws {
        let origin = try RecordingOrigin.named("app")
        let (serin, faults) = try Self.start(origin)
        try faults.begin(test.call, test.error, port: test.call == .socket ? 0 : origin.address.port)
        let refused = try serin.client().get()
        #expect(refused.status == 503 && refused["Retry-After"] == "1")
        #expect(try Self.failures(serin, "exhausted") == 1)
        try faults.end(test.call)
        #expect(try serin.client().get().text == "app\n")
        for reason in ["connect_refused", "connect_unreachable", "no_endpoint"] { #expect(try Self.failures(serin, reason) == 0) }
    }

    /// What it holds may be what is missing.
    @Test(arguments: Self.connecting)
    func anIdleConnectionGivesWayToANewOne(_ test: Case) throws {
        let origins = try ["a", "b"].map { try RecordingOrigin.named($0) }
        let (serin, faults) = try Self.start(origins[0], origins[1])
        let client = try serin.client()
        let isFirst = try client.get().text == "a\n"
        let other = origins[isFirst ? 1 : 0]
        try faults.begin(test.call, test.error, port: test.call == .socket ? 0 : other.address.port, times: 1)
        #expect(try client.get().text == (isFirst ? "b\n" : "a\n"))
        #expect(try Self.failures(serin, "exhausted") == 0)
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_upstream_evictions_total") == 1)
        #expect(metrics.sum("serin_connections", ["state": "upstream_idle"]) == 1)
    }

    // MARK: Moving bytes

    enum Side: Sendable { case client, upstream }

    struct Moving: Sendable, CustomTestStringConvertible {
        let call: Faults.Call
        let side: Side
        let error: Int32
        var testDescription: String { "\(call) of \(side), \(error == ENOBUFS ? "ENOBUFS" : "ENOMEM")" }

        static let all = [Faults.Call.send, .recv].flatMap { call in
            [Side.client, .upstream].flatMap { side in [ENOBUFS, ENOMEM].map { Moving(call: call, side: side, error: $0) } }
        }
    }

    /// It is tried again soon, on new connections and on kept ones; nothing is lost, nothing is sent twice.
    @Test(arguments: Moving.all)
    func aShortWantOfMemoryOnlyTakesTime(_ test: Moving) throws {
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() { try connection.answer(request.text + "\n", to: request) }
        }
        for keptBefore in [false, true] {
            let (serin, faults) = try Self.start(origin)
            let client = try serin.client()
            if keptBefore { #expect(try client.get().status == 200) }
            let before = origin.requests.count
            try faults.begin(test.call, test.error, port: test.side == .client ? serin.address.port : origin.address.port, times: 5)
            let answer = try client.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", method: "POST")
            #expect(answer.status == 200 && answer.text == "hello\n")
            #expect(origin.requests.count == before + 1)
            #expect(try client.get().status == 200, "the connection goes on")
            let metrics = try serin.metrics()
            #expect(metrics.sum("serin_memory_shortages_total") == 5)
            #expect(metrics.sum("serin_upstream_failures_total") == 0)
            #expect(metrics.sum("serin_upstream_resets_total") == 0)
        }
    }

    /// After a while it is no longer waited for: another endpoint is asked, for which it may do.
    @Test func anotherEndpointIsAsked() throws {
        let (first, second) = (try RecordingOrigin.named("first"), try RecordingOrigin.named("second"))
        let (serin, faults) = try Self.start(first, second)
        try faults.begin(.send, ENOBUFS, port: first.address.port)
        let client = try serin.client()
        for _ in 0..<2 { #expect(try client.get().text == "second\n") }
        #expect(first.requests.isEmpty)
        #expect(try Self.failures(serin, "exhausted") >= 1)
        #expect(try Self.failures(serin, "reset") == 0)
        try serin.waitForLog("out of descriptors or memory: No buffer space available (ENOBUFS)")
    }

    struct Lasting: Sendable, CustomTestStringConvertible {
        let name: String
        let call: Faults.Call
        let method: String
        /// How many the origin gets.
        let requests: Int
        var testDescription: String { name }
    }

    /// The client is told that it is our own fault; what the origin may have got once is not sent again.
    @Test(arguments: [
        Lasting(name: "GET that cannot be sent", call: .send, method: "GET", requests: 0),
        Lasting(name: "POST that cannot be sent", call: .send, method: "POST", requests: 0),
        Lasting(name: "POST whose answer cannot be read", call: .recv, method: "POST", requests: 1),
    ])
    func aLastingWantOfMemoryIsOurs(_ test: Lasting) throws {
        let origin = try RecordingOrigin.named("app")
        let (serin, faults) = try Self.start(origin)
        try faults.begin(test.call, ENOBUFS, port: origin.address.port)
        let client = try serin.client()
        let answer = try client.exchange("\(test.method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", method: test.method)
        #expect(answer.status == 503 && answer["Retry-After"] == "1")
        #expect(origin.requests.count == test.requests)
        #expect(try Self.failures(serin, "exhausted") >= 1)
        for reason in ["reset", "closed", "response_timeout", "connect_refused"] { #expect(try Self.failures(serin, reason) == 0) }
        try faults.end(test.call)
        #expect(try serin.client().get().text == "app\n")
    }

    /// An answer that cannot be sent any further is cut, and no client is said to have gone away.
    @Test func aClientThatCannotBeAnsweredIsCut() throws {
        let origin = try RecordingOrigin.named("app")
        let (serin, faults) = try Self.start(origin)
        try faults.begin(.send, ENOBUFS, port: serin.address.port)
        let client = try serin.client()
        #expect(throws: (any Error).self) { try client.get() }
        #expect(try Self.failures(serin, "exhausted") == 1)
        try faults.end(.send)
        #expect(try serin.client().get().text == "app\n")
    }
}
