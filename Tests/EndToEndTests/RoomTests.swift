import Foundation
import Testing

/// Few descriptors, and more upstream connections than they are enough for: those that idle give way to whatever is needed.
@Suite struct RoomTests {
    /// Of the process. Without what it needs itself, they are for at most 38 clients and 39 upstream connections, of which 35 are kept
    /// (with two workers 36, 36 and 32).
    private static let descriptors = 162
    private static let mostUpstreams = 39
    private static let mostKept = 35
    private static let clients = 30

    private static func start(_ configuration: TestConfiguration) throws -> SerinProcess {
        let folder = try TemporaryFolder()
        try configuration.write(to: folder)
        let script = "#!/bin/sh\nulimit -n \(descriptors)\nexec \"\(try SerinProcess.executable())\" \"$@\"\n"
        try folder.write(script, to: "limited")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path("limited"))
        return try SerinProcess(in: folder, program: folder.path("limited"))
    }

    /// An origin that answers nobody before its gate is open.
    private struct Held {
        let gate: Gate
        let origin: RecordingOrigin

        init() throws {
            let gate = Gate()
            self.gate = gate
            origin = try RecordingOrigin.named("app", behind: gate)
        }
    }

    /// One route for each origin, by host: s0, s1 and so on.
    private static func services(_ origins: [Held], workers: Int) -> TestConfiguration {
        let names = origins.indices.map { "s\($0)" }
        var configuration = TestConfiguration(
            services: Dictionary(uniqueKeysWithValues: zip(names, origins.map { [$0.origin.address.description] })),
            manifests: names.map { Manifests.ingress($0, host: $0, service: $0) })
        configuration.workers = workers
        return configuration
    }

    /// Each request of each client has a connection of its own.
    private static func askAtOnce(_ clients: [RawClient], _ index: Int, _ held: Held, meanwhile: () throws -> Void = {}) throws {
        for client in clients { try client.send("GET / HTTP/1.1\r\nHost: s\(index)\r\n\r\n") }
        _ = try held.origin.requests(clients.count)
        try meanwhile()
        held.gate.open()
        for client in clients { #expect(try client.readResponse().status == 200, "s\(index)") }
    }

    private static func upstreams(_ serin: SerinProcess) throws -> Int {
        let metrics = try serin.metrics()
        return ["upstream_active", "upstream_idle"].reduce(0) { $0 + metrics.sum("serin_connections", ["state": $1]) }
    }

    /// Some clients that ask one service after the other leave idle connections to all of them.
    @Test(arguments: [1, 2]) func idleConnectionsGiveWay(_ workers: Int) throws {
        let origins = try (0..<6).map { _ in try Held() }
        let serin = try Self.start(Self.services(origins, workers: workers))
        let clients = try (0..<Self.clients).map { _ in try serin.client() }
        for (index, held) in origins.enumerated() {
            try Self.askAtOnce(clients, index, held)
            #expect(try serin.client().get(host: "s\(index)").status == 200, "a new client")
            #expect(try serin.ask("/livez").status == 200)
        }
        #expect((1...Self.mostKept).contains(try Self.upstreams(serin)))
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_upstream_evictions_total") >= origins.count * Self.clients - Self.mostKept)
        for name in ["serin_accept_pauses_total", "serin_upstream_failures_total", "serin_connections_refused_total"] {
            #expect(metrics.sum(name) == 0, "\(name)")
        }
    }

    /// A worker whose own ones are in use gets the room that another one keeps.
    @Test func workersGiveWayToEachOther() throws {
        let origins = try (0..<8).map { _ in try Held() }
        let serin = try Self.start(Self.services(origins, workers: 2))
        for (index, held) in origins.enumerated() {
            // The kernel spreads them differently each time.
            let clients = try (0..<Self.clients).map { _ in try serin.client() }
            try Self.askAtOnce(clients, index, held) {
                try eventually("no more than are kept") { try Self.upstreams(serin) <= Self.mostKept }
            }
            for client in clients { client.close() }
            try eventually("the clients to be gone") { try serin.metrics().sum("serin_connections", ["state": "client"]) == 0 }
        }
        #expect(try serin.metrics().sum("serin_upstream_failures_total") == 0)
    }

    private static func mirrored(_ stable: RecordingOrigin, _ canary: RecordingOrigin) -> TestConfiguration {
        .canary(old: [stable], new: [canary], ["serin.dev/canary-mirror-percent": "100"])
    }

    private static func dropped(_ serin: SerinProcess) throws -> Int {
        try serin.metrics().sum("serin_mirrored_requests_total", ["outcome": "dropped-busy"])
    }

    /// A canary that keeps all copies waiting gets no more of them than there is room for beside requests.
    @Test func copiesAreDroppedWhereThereIsNoRoom() throws {
        let all = Gate()
        let stable = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                if request.head.startLine.contains("/held") { try all.wait() }
                try connection.answer("old\n", to: request)
            }
        }
        let canary = try Held()
        let serin = try Self.start(Self.mirrored(stable, canary.origin))
        let client = try serin.client()
        for _ in 0..<50 { #expect(try client.get().text == "old\n") }
        try eventually("the others to be dropped") { try Self.dropped(serin) >= 50 - Self.mostKept }
        #expect(try Self.upstreams(serin) <= Self.mostKept + 1, "with the request's own")
        // More requests at a time than those on their way leave room for.
        let clients = try (0..<Self.clients).map { _ in try serin.client() }
        for client in clients { try client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n") }
        _ = try stable.requests(50 + clients.count)
        try eventually("copies to make room") { try Self.upstreams(serin) <= Self.mostUpstreams }
        all.open()
        for client in clients { #expect(try client.readResponse().text == "old\n") }
        #expect(try serin.metrics().sum("serin_upstream_failures_total") == 0)
        canary.gate.open()
        try eventually("copies again") {
            _ = try client.get()
            return try serin.metrics().sum("serin_mirrored_requests_total", ["outcome": "2xx"]) > Self.mostKept
        }
    }

    /// Where descriptors have run out for all that, a copy on its way gives its own to a request.
    @Test func aCopyGivesWayToARequest() throws {
        let stable = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nold\n")
        }
        let canary = try Held()
        let folder = try TemporaryFolder()
        let faults = try FaultFolder(folder)
        let serin = try SerinProcess(Self.mirrored(stable, canary.origin), folder: folder, variables: try faults.variables)
        let client = try serin.client()
        #expect(try client.get().text == "old\n")
        _ = try canary.origin.requests(1)
        try faults.begin(.socket, EMFILE, times: 1)
        #expect(try client.get().text == "old\n")
        _ = try canary.origin.requests(2)
        #expect(try Self.dropped(serin) == 1)
        #expect(try serin.metrics().sum("serin_upstream_failures_total") == 0)
    }
}
