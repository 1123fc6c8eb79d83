import Glibc
import TestCertificates
import Testing

/// The kernel has no memory for the sockets of TLS connections: as `ExhaustionTests` has it for plain ones.
@Suite struct SecureExhaustionTests {
    /// When the want begins.
    enum Moment: String, Sendable { case handshake, request }

    struct Case: Sendable, CustomTestStringConvertible {
        let call: Faults.Call
        let error: Int32
        let moment: Moment
        var testDescription: String { "\(call) in the \(moment), \(error == ENOBUFS ? "ENOBUFS" : "ENOMEM")" }

        static let all = [Faults.Call.send, .recv].flatMap { call in
            [Case(call: call, error: ENOBUFS, moment: .handshake), Case(call: call, error: ENOMEM, moment: .request)]
        }
    }

    private static let times = 5
    /// More than sockets hold, in many records.
    private static let size = 1 << 20

    // MARK: Clients

    @Test(arguments: Case.all)
    func aShortWantOnlyTakesAClientTime(_ test: Case) throws {
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() { try connection.answer(request.text, to: request) }
        }
        let faults = try FaultFolder(try TemporaryFolder())
        let proxy = try TLSProxy(origin, settings: "limits: {body: 16MiB}", faults: faults)
        try proxy.python("""
            path, rule, moment, size = args
            def begin():
                with open(path, "w") as file: file.write(rule)
            if moment == "handshake": begin()
            connection = connect()
            if moment == "request": begin()
            body = b"serin" * (int(size) // 5)
            connection.sendall(b"POST / HTTP/1.1\\r\\nHost: shop.test\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
            expect(Reader(connection).response()[2], body)
            expect(ask(connection, "/")[2], b"")
            """, faults.path(of: test.call), "\(test.error) \(proxy.secure.port) \(Self.times)", test.moment.rawValue, "\(Self.size)")
        let metrics = try proxy.serin.metrics()
        #expect(metrics.sum("serin_memory_shortages_total") == Self.times)
        #expect(metrics.sum("serin_tls_failures_total") == 0)
        #expect(metrics.sum("serin_upstream_failures_total") == 0)
    }

    @Test func aClientThatCannotAgreeOnTLSIsLetGo() throws {
        let faults = try FaultFolder(try TemporaryFolder())
        let proxy = try TLSProxy(try RecordingOrigin.named("app"), faults: faults)
        try faults.begin(.send, ENOBUFS, port: proxy.secure.port)
        #expect(try !proxy.openssl([]).isConnected)
        try proxy.serin.waitForLog("agreeing on TLS with a client: No buffer space available (ENOBUFS)")
        try faults.end(.send)
        #expect(try proxy.openssl([]).isConnected)
        #expect(try proxy.serin.metrics().sum("serin_tls_failures_total", ["reason": "disconnected"]) == 0)
    }

    // MARK: Upstreams

    /// A Serin before an origin that speaks TLS.
    private struct Upstream {
        /// Has the origin's files.
        private let authority: TestAuthority
        let origin: SecureOrigin
        let faults: FaultFolder
        let serin: SerinProcess

        init() throws {
            authority = try TestAuthority()
            origin = try SecureOrigin(try authority.issue("app.test"))
            faults = try FaultFolder(try TemporaryFolder())
            let https = Manifests.annotations(["backend-protocol": "HTTPS"])
            let configuration = TestConfiguration(
                services: ["app": [origin.address.description]], manifests: [Manifests.ingress("app", service: "app", annotations: https)])
            serin = try SerinProcess(configuration, folder: faults.folder, variables: faults.variables)
        }
    }

    @Test(arguments: Case.all)
    func aShortWantOnlyTakesAnUpstreamTime(_ test: Case) throws {
        let upstream = try Upstream()
        let (origin, faults, serin) = (upstream.origin, upstream.faults, upstream.serin)
        let client = try serin.client()
        if test.moment == .request { #expect(try client.get().status == 200) }
        try faults.begin(test.call, test.error, port: origin.address.port, times: Self.times)
        let body = String(repeating: "serin", count: Self.size / 5)
        let answer = try client.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)", method: "POST")
        #expect(answer.status == 200 && answer.text == body)
        #expect(try client.get().text.hasPrefix("0 "), "the connection is kept")
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_memory_shortages_total") == Self.times)
        #expect(metrics.sum("serin_upstream_failures_total") == 0)
        #expect(metrics.sum("serin_upstream_tls_failures_total") == 0)
    }

    /// The client is told that it is our own fault.
    @Test(arguments: [Moment.handshake, .request])
    func aLastingWantIsOurs(_ moment: Moment) throws {
        let upstream = try Upstream()
        let (origin, faults, serin) = (upstream.origin, upstream.faults, upstream.serin)
        if moment == .request { #expect(try serin.client().get().status == 200) }
        try faults.begin(.send, ENOBUFS, port: origin.address.port)
        let answer = try serin.client().get()
        #expect(answer.status == 503 && answer["Retry-After"] == "1")
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_upstream_failures_total", ["reason": "exhausted"]) >= 1)
        for reason in ["tls", "reset", "closed", "connect_refused"] {
            #expect(metrics.sum("serin_upstream_failures_total", ["reason": reason]) == 0)
        }
        try faults.end(.send)
        #expect(try serin.client().get().status == 200)
    }
}
