import Testing

/// Who waits where `limits.upstreamConnections` lets no more through, and whose turn it is.
@Suite struct QueueTests {
    /// Two endpoints, each of which has all that it may get: one request, and does not answer before its gate is opened.
    private struct Busy {
        let origins: [RecordingOrigin]
        let gates = [Gate(), Gate()]
        let serin: SerinProcess
        /// Whose requests they are.
        let clients: [RawClient]

        init(workers: Int = 1, annotations: [String: String] = [:]) throws {
            let gates = gates
            origins = try zip(["a", "b"], gates).map { name, gate in
                try RecordingOrigin { connection in
                    while let request = try connection.readRequest() {
                        try gate.wait()
                        try connection.answer(name, to: request)
                    }
                }
            }
            let serin = try SerinProcess(TestConfiguration(
                services: ["app": origins.map(\.address.description)],
                manifests: [Manifests.ingress("app", service: "app", annotations: annotations)],
                settings: "limits: {upstreamConnections: 1, upstreamQueue: 2}\ntimeouts: {upstreamConnect: 1h}", workers: workers))
            self.serin = serin
            clients = try (0..<2).map { _ in try serin.client() }
            for client in clients { try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
            for origin in origins { _ = try origin.requests(1) }
        }

        /// Clients whose requests wait; each before the next one.
        func waiting(_ count: Int) throws -> [RawClient] {
            try (1...count).map { number in
                let client = try serin.client()
                try client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                try eventually("\(number) to wait") { try serin.metrics().sum("serin_upstream_waits_total") == number }
                return client
            }
        }
    }

    /// However many wait, and wherever they came: one endpoint that hangs holds nobody up, and they go in the order in which they came.
    @Test(arguments: [1, 3]) func whoeverWaitsIsServedByWhicheverIsFreeFirst(_ workers: Int) throws {
        let busy = try Busy(workers: workers)
        let waiting = try busy.waiting(4)
        #expect(try busy.serin.client().get().status == 503, "two for each endpoint")
        busy.gates[1].open()
        for client in waiting { #expect(try client.readResponse().text == "b") }
        #expect(busy.origins[1].requests.dropFirst().map { $0.head.startLine } == (1...4).map { "GET /\($0) HTTP/1.1" })
        #expect(try busy.serin.client().get().text == "b", "its place is free again")
        busy.gates[0].open()
        #expect(try Set(busy.clients.map { try $0.readResponse().text }) == ["a", "b"])
    }

    /// Nobody waits, nor is refused, where one of very many endpoints is free.
    @Test func ofManyEndpointsTheFreeOneIsFound() throws {
        let gates = (0..<12).map { _ in Gate() }
        let origins = try gates.map { try RecordingOrigin.named("app", behind: $0) }
        let serin = try SerinProcess(TestConfiguration(
            services: ["app": origins.map(\.address.description)], manifests: [Manifests.ingress("app", service: "app")],
            settings: "limits: {upstreamConnections: 1, upstreamQueue: 0}"))
        let clients = try origins.map { _ in try serin.client() }
        for client in clients { try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        for origin in origins { _ = try origin.requests(1) }
        gates[5].open()
        try eventually("an answer") { clients.contains { $0.socket.isReadable } }
        for _ in 0..<4 { #expect(try serin.client().get().text == "app\n") }
        #expect(origins[5].requests.count == 5)
        for gate in gates { gate.open() }
        for client in clients { #expect(try client.readResponse().text == "app\n") }
    }

    /// Also for an endpoint that the new configuration does not have any more.
    @Test func aReloadThatRaisesTheLimitLetsThoseGoWhoWaitAtOldEndpoints() throws {
        let busy = try Busy()
        let waiting = try busy.waiting(4)
        let other = try RecordingOrigin.named("other")
        #expect(try busy.serin.reload(.origin(other, settings: "limits: {upstreamConnections: 3}")).status == 200)
        for origin in busy.origins { #expect(try origin.requests(3).count == 3, "as many at each") }
        for gate in busy.gates { gate.open() }
        for client in waiting + busy.clients { #expect(try ["a", "b"].contains(client.readResponse().text)) }
    }

    /// Whoever finds an old connection at its end asks on a new one, from its place: nobody overtakes it, and it gets no second old one.
    @Test func whoLosesAnOldConnectionKeepsItsPlace() throws {
        let all = Gate(), waits = Gate()
        let old = 4
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                if request.head.startLine.contains("/old") {
                    // So that each has a connection of its own.
                    try all.wait()
                } else if connection.index < old {
                    return try waits.wait()
                }
                try connection.answer("app\n", to: request)
            }
        }
        let serin = try SerinProcess(.origin(origin))
        let clients = try (0..<old).map { _ in try serin.client() }
        for client in clients { try client.send("GET /old HTTP/1.1\r\nHost: a\r\n\r\n") }
        _ = try origin.requests(old)
        all.open()
        for client in clients { #expect(try client.readResponse().status == 200) }
        #expect(try serin.reload(.origin(origin, settings: "limits: {upstreamConnections: 1}")).status == 200)

        try clients[0].send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try origin.requests(old + 1)
        try clients[1].send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n")
        try eventually("it to wait") { try serin.metrics().sum("serin_upstream_waits_total") == 1 }
        waits.open()
        for client in clients.prefix(2) { #expect(try client.readResponse().text == "app\n") }
        let asked = origin.requests.dropFirst(old).map { $0.head.startLine }
        #expect(asked.prefix(2) == ["GET /first HTTP/1.1", "GET /first HTTP/1.1"] && asked.last == "GET /second HTTP/1.1")
        #expect(try serin.client().get().text == "app\n", "its place is free again")
    }

    /// An endpoint that has refused one of those who wait does not get the others.
    @Test func nobodyIsSentToAnEndpointThatLatelyRefused() throws {
        let busy = try Busy(annotations: ["nginx.ingress.kubernetes.io/proxy-next-upstream-tries": "8"])
        // One fewer than there may be: the one that was there joins them.
        let waiting = try busy.waiting(3)
        busy.origins[1].stop()
        try eventually("it to refuse") { try busy.serin.metrics().sum("serin_upstream_connect_failures_total") == 1 }
        busy.gates[0].open()
        for client in busy.clients + waiting { #expect(try client.readResponse().text == "a") }
        #expect(try busy.serin.metrics().sum("serin_upstream_connect_failures_total") == 1)
    }
}
