import Foundation
import Testing

/// The admin address, and the access log.
@Suite struct AdminTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var method = "GET"
        var target = "/livez"
        var fields: [String] = []
        var body: String?
        let status: Int
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "alive", target: "/livez", status: 200),
        Case(name: "ready", target: "/readyz", status: 200),
        Case(name: "healthy", target: "/healthz", status: 200),
        Case(name: "metrics", target: "/metrics", status: 200),
        Case(name: "routes", target: "/v1/routes", status: 200),
        Case(name: "reload", method: "POST", target: "/v1/reload", status: 200),
        Case(name: "HEAD is answered like GET", method: "HEAD", target: "/metrics", status: 200),
        Case(name: "a query is not part of the path", target: "/livez?verbose", status: 200),
        Case(name: "localhost", fields: ["Host: localhost:9901"], status: 200),
        Case(name: "an IPv6 literal", fields: ["Host: [::1]:9901"], status: 200),
        Case(name: "a configured name", fields: ["Host: Admin.Example"], status: 200),
        Case(name: "a name that a rebinding page would use", fields: ["Host: evil.example"], status: 403),
        Case(name: "a name that only begins like an address", fields: ["Host: 127.0.0.1.evil.example"], status: 403),
        Case(name: "localhost of someone else", fields: ["Host: localhost.evil.example"], status: 403),
        Case(name: "a page of another site must not reload", method: "POST", target: "/v1/reload", fields: ["Origin: http://evil.example"], status: 403),
        Case(name: "nor one without a site", method: "POST", target: "/v1/reload", fields: ["Origin: null"], status: 403),
        Case(
            name: "a page of its own may", method: "POST", target: "/v1/reload",
            fields: ["Host: localhost:9901", "Origin: http://localhost:9901"], status: 200),
        Case(name: "a question", method: "POST", target: "/v1/explain", body: #"{"url":"a.example/"}"#, status: 200),
        Case(name: "a question in chunks", method: "POST", target: "/v1/explain", fields: ["Transfer-Encoding: chunked\r\n\r\n14\r\n{\"url\":\"a.example/\"}\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x"], status: 200),
        Case(name: "no question", method: "POST", target: "/v1/explain", status: 400),
        Case(name: "a question that is none", method: "POST", target: "/v1/explain", body: "{}", status: 400),
        Case(name: "a question beyond the limit", method: "POST", target: "/v1/explain", fields: ["Content-Length: 65537"], status: 413),
        Case(name: "broken chunks", method: "POST", target: "/v1/explain", fields: ["Transfer-Encoding: chunked\r\n\r\nx"], status: 400),
        Case(name: "a page of another site must not ask", method: "POST", target: "/v1/explain", fields: ["Origin: http://evil.example"], body: #"{"url":"a/"}"#, status: 403),
        Case(name: "nor one that rebinds a name", method: "POST", target: "/v1/explain", fields: ["Host: evil.example"], body: #"{"url":"a/"}"#, status: 403),
        Case(name: "a question is posted", target: "/v1/explain", status: 405),
        Case(name: "reading does not reload", target: "/v1/reload", status: 405),
        Case(name: "nothing to post to the metrics", method: "POST", target: "/metrics", status: 405),
        Case(name: "nothing to delete", method: "DELETE", target: "/v1/routes", status: 405),
        Case(name: "an unknown path", target: "/v2/routes", status: 404),
        Case(name: "clients' paths are not here", target: "/", status: 404),
    ])
    func answers(_ test: Case) throws {
        let origin = try RecordingOrigin.named("app")
        var configuration = TestConfiguration.origin(origin)
        configuration.adminHosts = ["admin.example"]
        let serin = try SerinProcess(configuration)
        let response = try serin.ask(test.target, method: test.method, fields: test.fields, body: test.body)
        #expect(response.status == test.status, "\(response.text)")
        #expect(response["Date"] != nil)
        #expect(response["Server"] == nil)
    }

    /// `POST /v1/explain` says what `serin explain --json` says, and a keep-alive connection goes on behind the body.
    @Test func explainsAsTheCommandDoes() throws {
        let folder = try TemporaryFolder()
        let canary = ["canary-by-header": "foo", "canary-by-header-value": "bar"]
        try folder.write(
            [Manifests.ingress("shop", host: "shop.example", service: "old"), Manifests.canary("shop-canary", host: "shop.example", service: "new", canary)]
                .joined(separator: "---\n"), to: "good/shop.yaml")
        try folder.write(
            """
            listeners: [{address: "127.0.0.1:0"}]
            admin: {address: "127.0.0.1:0"}
            manifests: [good/]
            services: {old: ["127.0.0.1:9001"], new: ["127.0.0.1:9002"]}

            """, to: "serin.yaml")
        let process = try SerinProcess.launch(["run", "-c", "serin.yaml"], in: folder)
        defer { process.signal(SIGTERM) }
        let (_, admin) = try SerinProcess.addresses(of: process)
        let questions: [(json: String, arguments: [String])] = [
            (#"{"url":"http://shop.example/x?y","headers":[["foo","bar"]]}"#, ["-H", "foo: bar", "http://shop.example/x?y"]),
            (#"{"url":"shop.example","headers":{"Foo":"no"},"method":"POST","clientIP":"192.0.2.7"}"#,
             ["-H", "Foo: no", "-X", "POST", "--client-ip", "192.0.2.7", "shop.example"]),
            (#"{"url":"other.example/"}"#, ["http://other.example/"]),
            (#"{"url":"shop.example/","method":"TRACE"}"#, ["-X", "TRACE", "shop.example/"]),
        ]
        for question in questions {
            let command = try SerinProcess.launch(["explain", "-c", "serin.yaml", "--json"] + question.arguments, in: folder)
            _ = try command.wait()
            let answer = try Curl.run("-H", "Expect: 100-continue", "--data-binary", question.json, "http://\(admin)/v1/explain")
            #expect(answer.status == 200)
            #expect(answer.body + "\n" == command.output)
        }
        let both = try Curl.run(
            "--data-binary", "{}", "http://\(admin)/v1/explain", "--next", "-s", "http://\(admin)/livez")
        #expect(both.trace.contains("Re-using existing"), "\(both.trace)")
    }

    /// Who holds as many connections as there may be, and says nothing, loses the oldest ones.
    @Test func idleConnectionsMakeRoom() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let idle = try (0..<32).map { _ in try RawClient(serin.admin) }
        // The first ones to come are not the ones that have been silent for the longest time.
        #expect(try idle[0].get("/livez", host: "localhost").status == 200)
        #expect(try serin.ask("/livez").status == 200)
        #expect(try idle[1].isClosed())
        for client in [idle[0], idle[2], idle[31]] { #expect(try client.get("/livez", host: "localhost").status == 200) }
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_admin_connections_closed_total", ["reason": "evicted"]) == 1)
        #expect(metrics.sum("serin_admin_connections_closed_total", ["reason": "refused"]) == 0)
    }

    /// Nor does who asks for one answer behind the other and reads none.
    @Test func askingForMuchMakesRoom() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let greedy = try (0..<32).map { _ in try RawClient(serin.admin) }
        try serin.process.freeze()
        for client in greedy { try client.send(String(repeating: "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 100)) }
        let last = try RawClient(serin.admin)
        try last.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        serin.process.signal(SIGCONT)
        #expect(try last.readResponse().status == 200)
        #expect(try serin.metrics().sum("serin_admin_connections_closed_total", ["reason": "refused"]) == 0)
    }

    private static let tooLong = "POST /v1/explain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n\r\n"

    /// Who sends on behind a refusal is listened to, so that the answer arrives.
    @Test(arguments: [
        ("a length beyond the limit", tooLong),
        ("chunks", "POST /v1/explain HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1312D00\r\n"),
    ])
    func aRefusalArrivesBehindALongBody(_ name: String, _ head: String) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let client = try RawClient(serin.admin)
        try client.send(head)
        try client.send([UInt8](repeating: 0x61, count: 20_000_000))
        #expect(try client.readResponse(to: "POST").status == 413, "\(name)")
        client.socket.shutdownWrite()
        #expect(try client.isClosed())
    }

    /// Those that are only listened to for that go first, and a stop does not wait for them.
    @Test func refusedConnectionsMakeRoomFirst() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let idle = try RawClient(serin.admin)
        let refused = try (0..<31).map { _ in try RawClient(serin.admin) }
        for client in refused {
            try client.send(Self.tooLong)
            #expect(try client.readResponse(to: "POST").status == 413)
        }
        let next = try RawClient(serin.admin)
        #expect(try next.get("/livez", host: "localhost").status == 200)
        #expect(try idle.get("/livez", host: "localhost").status == 200, "the oldest one")
        #expect(try serin.stop() == .exited(0))
    }

    /// One connection on which requests never end keeps neither the others nor a stop waiting.
    @Test func everyoneHasTheirTurn() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let flood = try ChildProcess(
            try Tools.path(of: "python3"), ["-c", """
                import socket, sys, threading
                line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                def ask():
                    while True: line.sendall(b"GET /livez HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n" * 2000)
                threading.Thread(target=ask, daemon=True).start()
                total = 0
                while True:
                    data = line.recv(1 << 20)
                    if not data: break
                    total += len(data)
                    if total >> 20 and not (total - len(data)) >> 20: print("flowing", flush=True)
                """, "\(serin.admin.port)"], named: "flood", in: try TemporaryFolder())
        try eventually("the flood to flow; \(flood.errors)") { flood.output.hasPrefix("flowing") }
        #expect(try serin.ask("/readyz").status == 200)
        #expect(try serin.client().get().text == "app\n")
        #expect(try serin.stop() == .exited(0))
    }
}
