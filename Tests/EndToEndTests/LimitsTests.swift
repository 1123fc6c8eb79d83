import Foundation
import Testing

/// More clients than there may be.
@Suite struct LimitsTests {
    @Test func theProcessAdmitsOnlySoMany() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "limits: {connections: 3}"))
        var clients = try (0..<3).map { _ in try serin.client() }
        for client in clients { #expect(try client.get().status == 200) }
        let refused = try serin.client()
        let answer = try refused.readResponse()
        #expect(answer.status == 503)
        #expect(answer.text == "503 Service Unavailable\n")
        #expect(answer["Connection"] == "close")
        #expect(answer["Retry-After"] == "1")
        #expect(answer["Date"]?.hasSuffix(" GMT") == true)
        #expect(try refused.isClosed())
        #expect(try serin.metrics().sum("serin_connections_refused_total") == 1)
        #expect(try serin.metrics().sum("serin_connections", ["state": "client"]) == 3)
        clients.removeLast().close()
        try eventually("a place") { try serin.metrics().sum("serin_connections", ["state": "client"]) == 2 }
        #expect(try serin.client().get().status == 200)
        for client in clients { #expect(try client.get().status == 200, "who was there stays") }
    }

    /// Clients that do not read hold the most memory there is for one; from the limit on nobody new is let in.
    @Test func bufferedBytesHaveALimit() throws {
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                guard request.head.startLine.contains("/long") else { return try connection.answer("app\n", to: request) }
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
                for _ in 0..<100 { try connection.send([UInt8](repeating: 0x61, count: 1_000_000)) }
            }
        }
        let serin = try SerinProcess(.origin(origin, settings: "limits: {memory: 1MiB}"))
        let early = try serin.client()
        #expect(try early.get().status == 200)
        #expect(try serin.metrics().sum("serin_buffer_bytes") == 0, "nobody who is idle has a buffer")
        var stuck: [RawClient] = []
        let refused = try eventually("the limit") { () -> Response? in
            let client = try serin.client(receiveBuffer: 4096)
            // Refused before it has asked, perhaps.
            try? client.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
            try eventually("an answer") { client.socket.isReadable }
            stuck.append(client)
            let head = try client.readHead()
            return head.startLine.contains("503") ? Response(status: 503, head: head, body: []) : nil
        }
        #expect(refused["Retry-After"] == "1" && refused["Connection"] == "close")
        #expect((4...8).contains(stuck.count), "\(stuck.count) at a quarter of a MiB each")
        #expect(try serin.metrics().sum("serin_buffer_bytes") >= 1 << 20)
        #expect(try serin.metrics().sum("serin_connections_refused_total") == 1)
        let late = try early.get()
        #expect(late.status == 503 && late["Retry-After"] == "1" && late["Connection"] == "close", "nor is there room for another request")
        #expect(try serin.metrics().sum("serin_connections_refused_total") == 2)
        for client in stuck { client.socket.reset() }
        try eventually("room") { try serin.metrics().sum("serin_buffer_bytes") == 0 }
        #expect(try serin.client().get().status == 200)
    }

    /// A head that has begun takes no more than it is long, about; and connections that were there before the limit was reached bring no more
    /// than it allows.
    @Test func headsThatHaveBegunHaveALimit() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "limits: {memory: 1MiB}"))
        let clients = try (0..<400).map { _ in try serin.client() }
        let leaving = try (0..<5).map { _ in try serin.client() }
        try eventually("all connections") { try serin.metrics().sum("serin_connections", ["state": "client"]) == clients.count + leaving.count }
        for client in clients { try client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ") }
        let (bytes, refused) = try eventually("the limit") { () -> (Int, Int)? in
            let metrics = try serin.metrics()
            let (bytes, refused) = (metrics.sum("serin_buffer_bytes"), metrics.sum("serin_connections_refused_total"))
            return bytes / 4416 + refused == clients.count ? (bytes, refused) : nil
        }
        #expect((1 << 20...1 << 20 + 8192).contains(bytes), "\(bytes) bytes")
        for client in leaving { client.close() }
        try eventually("those to be gone that only leave") { try serin.metrics().sum("serin_connections", ["state": "client"]) <= clients.count }
        #expect((100...200).contains(refused), "\(refused) of \(clients.count), a page for each of the others")
        let served = try clients.filter { client in
            try client.send("x\r\n\r\n")
            return try client.readResponse().status == 200
        }
        #expect(served.count == clients.count - refused)
        #expect(try serin.metrics().sum("serin_connections_refused_total") == refused)
    }

    /// Nor do those that have begun make room for long heads by themselves: from the limit on they are refused, too.
    @Test func headsThatGrowHaveALimit() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "limits: {memory: 2MiB}"))
        let clients = try (0..<300).map { _ in try serin.client() }
        for client in clients { try client.send("G") }
        try eventually("all to begin") { try serin.metrics().sum("serin_buffer_bytes") == clients.count * 4416 }
        let fields = (0..<30).map { "X-\($0): \(String(repeating: "y", count: 900))\r\n" }.joined()
        for client in clients { try? client.send("ET / HTTP/1.1\r\nHost: a\r\n" + fields) }
        let (bytes, refused) = try eventually("each to have room or be refused") { () -> (Int, Int)? in
            let metrics = try serin.metrics()
            let (bytes, refused) = (metrics.sum("serin_buffer_bytes"), metrics.sum("serin_connections_refused_total"))
            return bytes == (clients.count - refused) * 66_880 ? (bytes, refused) : nil
        }
        #expect((2 << 20 - 66_880...2 << 20 + 66_880).contains(bytes), "\(bytes) bytes")
        #expect(refused >= 260, "\(refused) of \(clients.count)")
        #expect(try serin.ask("/livez").status == 200)
        let answers = try clients.map { client in
            try? client.send("\r\n")
            return try client.readResponse()
        }
        #expect(answers.count { $0.status == 200 } == clients.count - refused, "who has room is served")
        #expect(answers.allSatisfy { $0.status == 200 || $0["Retry-After"] == "1" && $0["Connection"] == "close" })
        #expect(try serin.metrics().sum("serin_connections_refused_total") == refused)
        #expect(try serin.metrics().sum("serin_buffer_bytes") == 0)
        #expect(try serin.client().get().status == 200)
    }

    /// What a burst has taken, the system has again once it is over. A sanitizer has a memory of its own.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["SERIN_PROGRAM"] == nil))
    func theMemoryOfABurstIsGivenBack() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let clients = try (0..<800).map { _ in try serin.client() }
        let fields = (0..<6).map { "X-\($0): \(String(repeating: "y", count: 900))\r\n" }.joined()
        for client in clients { try client.send("GET / HTTP/1.1\r\nHost: a\r\n" + fields) }
        try eventually("all to grow") { try serin.metrics().sum("serin_buffer_bytes") == clients.count * 66_880 }
        let most = try serin.process.residentKilobytes()
        for client in clients { client.close() }
        try eventually("most of it to be given back", within: 60) { try serin.process.residentKilobytes() < most - 35_000 }
        #expect(try serin.client().get().status == 200)
    }

    /// Requests that are on their way when the limit is reached finish, in small buffers.
    @Test func whatIsOnItsWayTakesLittleMore() throws {
        let gate = Gate()
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                try gate.wait()
                guard request.head.startLine.contains("/long") else { return try connection.answer("app\n", to: request) }
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
                for _ in 0..<100 { try connection.send([UInt8](repeating: 0x61, count: 1_000_000)) }
            }
        }
        let serin = try SerinProcess(.origin(origin, settings: "limits: {memory: 1MiB}"))
        let idle = try serin.client(), begun = try serin.client()
        try begun.send("HEAD / HTTP/1.1\r\nHost: a\r\n")
        let clients = try (0..<100).map { _ in try serin.client(receiveBuffer: 4096) }
        for (index, client) in clients.enumerated() {
            try client.send("GET /\(index < 50 ? "long" : "short") HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        _ = try origin.requests(clients.count)
        gate.open()
        try eventually("all answers to begin") { clients.allSatisfy { $0.socket.isReadable } }
        let stuck = clients[..<50]
        let most = try (0..<20).map { _ in try serin.metrics().sum("serin_buffer_bytes") }.max() ?? 0
        #expect((1 << 20...2 << 20).contains(most), "\(most) bytes")
        for client in clients[50...] { #expect(try client.readResponse().status == 200) }
        let late = try idle.get()
        try begun.send("\r\n")
        for answer in [late, try begun.readResponse(to: "HEAD")] {
            #expect(answer.status == 503 && answer["Retry-After"] == "1" && answer["Connection"] == "close")
        }
        #expect(try begun.isClosed(), "nothing follows the answer to HEAD")
        #expect(try serin.metrics().sum("serin_connections_refused_total") == 2)
        for client in stuck { client.socket.reset() }
        try eventually("room") { try serin.metrics().sum("serin_buffer_bytes") == 0 }
        #expect(try serin.client().get().status == 200)
    }

    @Test func oneClientGetsOnlySoMany() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "limits: {connectionsPerClient: 2}"))
        let clients = try (0..<2).map { _ in try serin.client() }
        for client in clients { #expect(try client.get().status == 200) }
        #expect(try serin.client().get().status == 503, "also to one that sends its request at once")
        clients[0].close()
        try eventually("a place") { try serin.metrics().sum("serin_connections", ["state": "client"]) == 1 }
        #expect(try serin.client().get().status == 200)
    }

    /// Of the whole process, however the clients are spread over the workers.
    @Test(arguments: [1, 3])
    func anEndpointGetsOnlySoManyRequestsAtATime(_ workers: Int) throws {
        let gate = Gate()
        let origin = try RecordingOrigin.named("app", behind: gate)
        let settings = "limits: {upstreamConnections: 2, upstreamQueue: 3}\ntimeouts: {upstreamConnect: 1h}"
        var configuration = TestConfiguration.origin(origin, settings: settings)
        configuration.workers = workers
        let serin = try SerinProcess(configuration)
        let clients = try (0..<5).map { _ in try serin.client() }
        for client in clients { try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        try eventually("three to wait") { try serin.metrics().sum("serin_upstream_waits_total") == 3 }
        let refused = try serin.client().get()
        #expect(refused.status == 503 && refused["Retry-After"] == "1")
        #expect(try serin.metrics().sum("serin_upstream_overflows_total") == 1)
        try serin.waitForLog("default/app:80: too many requests wait already; default/app, stable; attempts: 1, answered 503")
        #expect(try serin.metrics().sum("serin_upstream_failures_total", ["reason": "queue_full"]) == 1)
        #expect(try origin.requests(2).count == 2)
        // One who goes away while it waits, and not only has said all, leaves its place to another.
        clients[4].socket.reset()
        let late = try eventually("a place in the queue") { () -> RawClient? in
            let client = try serin.client()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            return try eventually("an answer, or a place") {
                if try serin.metrics().sum("serin_upstream_waits_total") == 4 { return .some(client) }
                return client.socket.isReadable ? .some(nil) : nil
            }
        }
        gate.open()
        for client in clients[..<4] + [late] { #expect(try client.readResponse().text == "app\n") }
        for client in clients[..<4] { #expect(try client.get().text == "app\n", "all places are free again") }
    }

    @Test func whoWaitsTooLongIsTold() throws {
        let gate = Gate()
        let origin = try RecordingOrigin.named("app", behind: gate)
        let settings = "limits: {upstreamConnections: 1}\ntimeouts: {upstreamConnect: 100ms}"
        let serin = try SerinProcess(.origin(origin, settings: settings))
        let first = try serin.client()
        try first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try origin.requests(1)
        let second = try serin.client()
        let answer = try second.get()
        #expect(answer.status == 503 && answer["Retry-After"] == "1")
        try serin.waitForLog("default/app:80: no connection became free in time; default/app, stable; attempts: 1, answered 503")
        #expect(try serin.metrics().sum("serin_upstream_failures_total", ["reason": "queue_timeout"]) == 1)
        gate.open()
        #expect(try first.readResponse().text == "app\n")
        #expect(try second.get().text == "app\n", "its connection is still good")
        // A reload may lift the limit.
        #expect(try serin.reload(.origin(origin)).status == 200)
        #expect(try second.get().text == "app\n")
    }

    /// Without anybody leaving.
    @Test(arguments: ["2", "0"]) func aReloadThatRaisesTheLimitLetsThoseGoWhoWait(_ limit: String) throws {
        let gate = Gate()
        let origin = try RecordingOrigin.named("app", behind: gate)
        func configuration(_ limit: String) -> TestConfiguration {
            .origin(origin, settings: "limits: {upstreamConnections: \(limit)}\ntimeouts: {upstreamConnect: 1h}")
        }
        let serin = try SerinProcess(configuration("1"))
        let clients = try (0..<2).map { _ in try serin.client() }
        for client in clients { try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        try eventually("one to wait") { try serin.metrics().sum("serin_upstream_waits_total") == 1 }
        #expect(try serin.reload(configuration(limit)).status == 200)
        #expect(try origin.requests(2).count == 2)
        gate.open()
        for client in clients { #expect(try client.readResponse().text == "app\n") }
    }

    @Test func whereAnotherEndpointIsFreeNobodyWaits() throws {
        let gate = Gate()
        let origins = try (0..<3).map { _ in try RecordingOrigin.named("app", behind: gate) }
        var configuration = TestConfiguration.origin(origins[0], settings: "limits: {upstreamConnections: 1, upstreamQueue: 0}")
        configuration.services = ["app": origins.map(\.address.description)]
        configuration.workers = 3
        let serin = try SerinProcess(configuration)
        let clients = try (0..<3).map { _ in try serin.client() }
        for client in clients { try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        for origin in origins { #expect(try origin.requests(1).count == 1) }
        #expect(try serin.client().get().status == 503)
        gate.open()
        for client in clients { #expect(try client.readResponse().text == "app\n") }
    }

    /// A request that belongs to an endpoint waits for that one, though another is free.
    @Test func whoBelongsToAnEndpointWaitsForIt() throws {
        let gate = Gate()
        let origins = try ["a", "b"].map { name in
            try RecordingOrigin { connection in
                while let request = try connection.readRequest() {
                    if request.head.startLine.contains("/held") { try gate.wait() }
                    try connection.answer(name, to: request)
                }
            }
        }
        let serin = try SerinProcess(TestConfiguration(
            services: ["app": origins.map(\.address.description)],
            manifests: [Manifests.ingress(
                "app", service: "app", annotations: ["nginx.ingress.kubernetes.io/upstream-hash-by": "$arg_k"])],
            settings: "limits: {upstreamConnections: 1}\ntimeouts: {upstreamConnect: 1h}"))
        let client = try serin.client()
        let keys = try (0..<32).map { ($0, try client.get("/?k=\($0)").text) }
        let ofA = try #require(keys.first { $0.1 == "a" }).0, ofB = try #require(keys.first { $0.1 == "b" }).0
        let first = try serin.client(), second = try serin.client()
        try first.send("GET /held?k=\(ofA) HTTP/1.1\r\nHost: a\r\n\r\n")
        try eventually("the first at its endpoint") { origins[0].requests.contains { $0.head.startLine.contains("/held") } }
        try second.send("GET /?k=\(ofA) HTTP/1.1\r\nHost: a\r\n\r\n")
        try eventually("the second to wait") { try serin.metrics().sum("serin_upstream_waits_total") == 1 }
        #expect(try client.get("/?k=\(ofB)").text == "b", "the other endpoint is free")
        #expect(!second.socket.isReadable)
        gate.open()
        #expect(try first.readResponse().text == "a")
        #expect(try second.readResponse().text == "a", "where it belongs")
    }

    /// Too few descriptors for a start: that is said, and nothing is half started.
    @Test(arguments: [17, 18, 19, 24, 64])
    func tooFewDescriptorsAreToldAtOnce(_ limit: Int) throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        configuration.workers = 2
        try configuration.write(to: folder)
        let process = try ChildProcess(
            try Tools.path(of: "prlimit"), ["--nofile=\(limit):\(limit)", try SerinProcess.executable(), "run", "-c", SerinProcess.file],
            named: "serin", in: folder)
        #expect(try process.wait() == .exited(1))
        let lines = process.errors.split(separator: "\n")
        #expect(lines.count == 1 && lines[0].hasPrefix("serin: cannot start: "), "one clear line: \(lines)")
        #expect(process.errors.contains("the limit is \(limit)"), "\(lines)")
        #expect(process.output.isEmpty, "nothing was half started: \(process.output)")
    }

    /// Descriptors that run out for a while: the admin address and the demo's origins rest, and come back.
    @Test func theAdminAddressComesBackWhenThereAreDescriptorsAgain() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        #expect(try serin.ask("/livez").status == 200)
        // The standard streams, and no number that is free: nothing can be accepted.
        try Self.limitDescriptors(of: serin, to: 3)
        let waiting = try RawClient(serin.admin)
        try waiting.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(throws: (any Error).self, "it waits in the queue") { try waiting.readResponse(Deadline(seconds: 0.5)) }
        try Self.limitDescriptors(of: serin, to: 256)
        #expect(try waiting.readResponse().status == 200)
        #expect(try serin.stop() == .exited(0))
    }

    private static func limitDescriptors(of serin: SerinProcess, to limit: Int) throws {
        let prlimit = try ChildProcess(
            try Tools.path(of: "prlimit"), ["--pid", "\(serin.process.pid)", "--nofile=\(limit):"], named: "prlimit", in: try TemporaryFolder())
        #expect(try prlimit.wait() == .exited(0), "\(prlimit.errors)")
    }

    /// Few descriptors, many clients: none of them may take the proxy down, and it serves again when they have gone.
    @Test func aFloodIsSurvived() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        try TestConfiguration.origin(origin).write(to: folder)
        let process = try ChildProcess(
            try Tools.path(of: "prlimit"), ["--nofile=112:112", try SerinProcess.executable(), "run", "-c", SerinProcess.file],
            named: "serin", in: folder)
        let (listeners, admin) = try SerinProcess.addresses(of: process)
        var flood = try (0..<300).map { _ in try RawClient(listeners[0]) }
        for client in flood { try? client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        let answered = flood.count { (try? $0.readResponse().status) == 200 }
        #expect((1..<300).contains(answered), "\(answered) were served, the others turned away")
        #expect(try RawClient(admin).get("/livez", host: "localhost").status == 200)
        flood.removeAll()
        try eventually("service as before") { (try? RawClient(listeners[0]).get().status) == 200 }
        process.signal(SIGTERM)
        #expect(try process.wait() == .exited(0))
    }
}
