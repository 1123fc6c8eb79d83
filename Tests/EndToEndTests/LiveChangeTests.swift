import Testing

/// What a reload must not disturb.
@Suite struct LiveChangeTests {
    private static func configuration(_ origin: RecordingOrigin, _ address: String? = nil) -> TestConfiguration {
        TestConfiguration(
            services: ["app": [address ?? origin.address.description]], manifests: [Manifests.ingress("app", service: "app")])
    }

    /// The pool of an endpoint that is there before and after: by its address, by a name, beside others, on another route.
    @Test(arguments: ["address", "name"])
    func unchangedPoolsSurvive(_ kind: String) throws {
        let origin = try RecordingOrigin.named("app"), other = try RecordingOrigin.named("other")
        let address = kind == "name" ? "localhost:\(origin.address.description.split(separator: ":").last ?? "")" : nil
        let first = Self.configuration(origin, address)
        let serin = try SerinProcess(first)
        #expect(try serin.client().get().text == "app\n")
        var routes = first, services = first, endpoints = first
        routes.manifests.append(Manifests.ingress("more", host: "more.example", service: "app"))
        services.services["more"] = first.services["app"]
        services.manifests = [Manifests.ingress("app", service: "more")]
        endpoints.services["app"] = (first.services["app"] ?? []) + [other.address.description]
        for configuration in [first, routes, services, endpoints, first] {
            #expect(try serin.reload(configuration).status == 200)
            var answers: Set<String> = []
            for _ in 0..<2 { answers.insert(try serin.client().get().text) }
            #expect(answers.contains("app\n"))
        }
        #expect(origin.connectionCount == 1, "the one connection was kept over all reloads")
        #expect(try serin.metrics().sum("serin_upstream_connects_total") == 2, "and one to the endpoint that came and went")
    }

    /// What requests began with stays until they end, and shows; what nobody began with does not.
    @Test func configurationsInMemoryAreCounted() throws {
        let gate = Gate()
        let origin = try RecordingOrigin.named("app", behind: gate)
        let serin = try SerinProcess(Self.configuration(origin))
        func count() throws -> Int { try serin.metrics().sum("serin_snapshots") }
        #expect(try count() == 1)
        let client = try serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try origin.requests(1)
        for _ in 0..<3 { #expect(try serin.reload().status == 200) }
        try eventually("the two in between to be gone") { try count() == 2 }
        gate.open()
        #expect(try client.readResponse().text == "app\n")
        try eventually("the first one to be gone", within: 60) { try count() == 1 }
    }

    @Test func poolsOfWhatIsGoneAreClosed() throws {
        let one = try RecordingOrigin.named("one"), two = try RecordingOrigin.named("two")
        let serin = try SerinProcess(Self.configuration(one))
        #expect(try serin.client().get().text == "one\n")
        #expect(try serin.reload(Self.configuration(two)).status == 200)
        try eventually("the idle connection to go") { try serin.metrics().sum("serin_connections", ["state": "upstream_idle"]) == 0 }
    }

    /// A request that is under way meanwhile does not leave its connection to nobody.
    @Test func requestsToWhatIsGoneKeepNoConnection() throws {
        let gate = Gate()
        let one = try RecordingOrigin.named("one", behind: gate)
        let two = try RecordingOrigin.named("two")
        let serin = try SerinProcess(Self.configuration(one))
        let client = try serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try one.requests(1)
        #expect(try serin.reload(Self.configuration(two)).status == 200)
        gate.open()
        #expect(try client.readResponse().text == "one\n")
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_connections", ["state": "upstream_idle"]) == 0)
        #expect(metrics.sum("serin_connections", ["state": "upstream_active"]) == 0)
    }

    /// Hundreds of reloads while clients ask without a pause: no request fails, and each is answered by one of the two.
    @Test func noRequestNoticesAReload() throws {
        let one = try RecordingOrigin.named("one"), two = try RecordingOrigin.named("two")
        let versions = [Self.configuration(one), Self.configuration(two)]
        var configurations = versions
        for index in configurations.indices { configurations[index].workers = 2 }
        let serin = try SerinProcess(configurations[0])
        let load = LoadClient(serin.address, clients: 8, host: "a", accepted: ["one\n", "two\n"])
        for round in 1...300 {
            #expect(try serin.reload(configurations[round % 2]).status == 200)
            if round % 20 == 0 { try load.waitForMore(20) }
        }
        try load.stop()
        #expect(load.failures.isEmpty, "\(load.failures.prefix(3))")
        #expect(load.answers["one\n", default: 0] > 0 && load.answers["two\n", default: 0] > 0)
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_config_reloads_total", ["result": "success"]) == 300)
        #expect(metrics.requests(["code": "2xx"]) == load.total, "every answer was counted once")
    }

    @Test func theLogAndTheMetricsTellHowLongItTook() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(Self.configuration(origin))
        #expect(try serin.metrics().text.contains("serin_config_last_reload_duration_seconds 0\n"))
        #expect(try serin.reload().status == 200)
        try serin.waitForLog("reloaded: 1 route in ")
        #expect(try !serin.metrics().text.contains("serin_config_last_reload_duration_seconds 0\n"))
    }
}
