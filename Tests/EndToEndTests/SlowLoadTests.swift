import Glibc
import Testing

/// A load that does not end: the manifests lie on a mount that does not answer.
@Suite struct SlowLoadTests {
    private struct Stalled {
        let origin: RecordingOrigin
        let faults: FaultFolder
        let serin: SerinProcess

        /// - Parameter settings: further lines of serin.yaml.
        init(_ origin: RecordingOrigin? = nil, settings: String = "") throws {
            let origin = try origin ?? RecordingOrigin.named("app")
            self.origin = origin
            let folder = try TemporaryFolder()
            faults = try FaultFolder(folder)
            serin = try SerinProcess(.origin(origin, settings: settings), folder: folder, variables: try faults.variables)
            try faults.stall(opening: "all.yaml")
            serin.process.signal(SIGHUP)
            try faults.waitForStall()
        }
    }

    // MARK: Stops

    @Test(arguments: [SIGTERM, SIGQUIT])
    func aStopDoesNotWaitForIt(_ signal: Int32) throws {
        let stalled = try Stalled()
        #expect(try stalled.serin.client().get().text == "app\n")
        stalled.serin.process.signal(signal)
        #expect(try stalled.serin.process.wait() == .exited(0))
        let log = stalled.serin.process.errors
        #expect(log.contains("the configuration is still being loaded: not waited for") && log.contains("stopped"), "\(log)")
    }

    /// Nor for a request that does not end.
    @Test func norDoesOneAtOnce() throws {
        let gate = Gate()
        defer { gate.open() }
        let stalled = try Stalled(try RecordingOrigin.named("late", behind: gate), settings: "shutdownTimeout: 600s")
        let client = try stalled.serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try stalled.origin.requests(1)
        stalled.serin.process.signal(SIGTERM)
        try stalled.serin.waitForLog("stopping: finishing what runs")
        stalled.serin.process.signal(SIGTERM)
        #expect(try stalled.serin.process.wait() == .exited(0))
        #expect(stalled.serin.process.errors.contains("stopping at once"))
    }

    // MARK: The admin address

    /// What callers do once they have asked for a reload.
    enum Caller: String, CaseIterable, Sendable {
        case waits, sendsNoMore, closes, resets

        func act(_ client: RawClient) {
            switch self {
            case .waits: break
            case .sendsNoMore: client.socket.shutdownWrite()
            case .closes: client.close()
            case .resets: client.socket.reset()
            }
        }
    }

    private static let request = "POST /v1/reload HTTP/1.1\r\nHost: localhost\r\n\r\n"

    private static func call(_ serin: SerinProcess, times: Int, _ caller: Caller) throws -> [RawClient] {
        try (0..<times).map { _ in
            let client = try RawClient(serin.admin)
            try client.send(request)
            caller.act(client)
            return client
        }
    }

    @Test(arguments: Caller.allCases)
    func theAdminAddressAnswersHoweverManyAskForReloads(_ caller: Caller) throws {
        let stalled = try Stalled(), serin = stalled.serin
        let probe = try RawClient(serin.admin)
        var callers: [RawClient] = []
        for count in 1...40 {
            callers += try Self.call(serin, times: 1, caller)
            // Its request has been read when these are answered.
            for _ in 0..<2 { #expect(try probe.get("/livez", host: "localhost").status == 200) }
            #expect(try serin.ask("/livez").status == 200, "\(count) callers")
        }
        for path in ["/readyz", "/healthz", "/metrics", "/v1/routes"] { #expect(try serin.ask(path).status == 200, "\(path)") }
        #expect(try serin.metrics().sum("serin_admin_connections_closed_total", ["reason": "refused"]) == 0)
        try stalled.faults.endStall()
        #expect(try eventually("a reload") {
            let response = try serin.reload()
            return response.status == 503 ? nil : response.status
        } == 200)
    }

    /// Half of the places are for others. Who sends no more (`nc -N`) is answered as well.
    @Test(arguments: [Caller.waits, .sendsNoMore])
    func callersThatWaitAreAnsweredInTheEnd(_ caller: Caller) throws {
        let stalled = try Stalled(), serin = stalled.serin
        let waiting = try Self.call(serin, times: 16, caller)
        #expect(try serin.ask("/livez").status == 200)
        for caller in [Caller.waits, .sendsNoMore] {
            let response = try Self.call(serin, times: 1, caller)[0].readResponse(to: "POST")
            #expect(response.status == 503 && response["Retry-After"] == "1", "\(response.text)")
        }
        try stalled.faults.endStall()
        for client in waiting { #expect(try client.readResponse(to: "POST").status == 200) }
        #expect(try serin.reload().status == 200)
    }

    /// Nobody reads the answer: the place is free at once.
    @Test(arguments: [false, true])
    func whoIsGoneHasNoPlace(_ isUnix: Bool) throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder(), faults = try FaultFolder(folder)
        var configuration = TestConfiguration.origin(origin)
        if isUnix { configuration.admin = "unix:\(folder.path("admin"))" }
        let serin = try SerinProcess(configuration, folder: folder, variables: try faults.variables)
        try faults.stall(opening: "all.yaml")
        _ = try Self.call(serin, times: 16, isUnix ? .closes : .resets)
        try faults.waitForStall()
        func livez(_ client: RawClient) throws -> Int { try client.get("/livez", host: "localhost", fields: ["Connection: close"]).status }
        #expect(try livez(RawClient(serin.admin)) == 200)
        let idle = try (0..<31).map { _ in try RawClient(serin.admin) }
        let metrics = Metrics(text: try RawClient(serin.admin).get("/metrics", host: "localhost").text)
        #expect(metrics.text.contains("serin_admin_connections_closed_total"))
        #expect(metrics.sum("serin_admin_connections_closed_total") == 0)
        for client in idle { #expect(try livez(client) == 200) }
    }

    /// Who sends no more is gone, or waits: nobody can say. It keeps its place while nobody needs that.
    @Test func whoSendsNoMoreMakesRoomFirst() throws {
        let stalled = try Stalled(), serin = stalled.serin
        let idle = try (0..<16).map { _ in try RawClient(serin.admin) }
        let waiting = try Self.call(serin, times: 16, .sendsNoMore)
        // They are waiting when these are answered, and some idle ones have been silent for longer.
        for client in idle[..<2] { #expect(try client.get("/livez", host: "localhost").status == 200) }
        #expect(try serin.metrics().sum("serin_admin_connections_closed_total", ["reason": "evicted"]) == 1)
        #expect(try waiting[0].isClosed())
        for client in idle { #expect(try client.get("/livez", host: "localhost").status == 200) }
        try stalled.faults.endStall()
        for client in waiting.dropFirst() { #expect(try client.readResponse(to: "POST").status == 200) }
    }
}
