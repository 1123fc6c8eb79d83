import Foundation
import TestCertificates
import Testing

/// `canary-mirror-percent` over the wire: the canary is shown requests, the client notices nothing.
@Suite struct MirrorTests {
    private static let percent = "serin.dev/canary-mirror-percent"

    private static func configuration(
        _ old: RecordingOrigin, _ new: [TestAddress], _ annotations: [String: String] = [percent: "100"], settings: String = ""
    ) -> TestConfiguration {
        TestConfiguration(
            services: ["old": [old.address.description], "new": new.map(\.description)],
            manifests: [Manifests.ingress("shop", service: "old"), Manifests.canary("shop-canary", service: "new", annotations)],
            settings: settings)
    }

    /// Waits until so many copies have ended so.
    private func wait(for count: Int, _ outcome: String, _ serin: SerinProcess) throws {
        let name = "serin_mirrored_requests_total"
        try eventually("\(count) copies \(outcome)") {
            try serin.metrics().sum(name, ["route": "default/shop /", "outcome": outcome]) == count
        }
    }

    @Test(arguments: ["scoped", "ingress-nginx"]) func theCanaryIsShownWhatStableGets(_ mode: String) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(Self.configuration(
            old, [new.address],
            [
                Self.percent: "100", "canary-by-header": "X-Canary", "serin.dev/canary-request-header": "x-release",
                "serin.dev/canary-request-set-header": "x-new:1", "serin.dev/canary-rewrite-target": "/v2$1",
            ],
            settings: "canary: {compatibility: \(mode)}"))
        let client = try serin.client()
        let answer = try client.exchange(
            "POST /a%20b?q=1 HTTP/1.1\r\nHost: shop.test\r\nX-Shadow: 9\r\nX-Other: o\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
            method: "POST")
        #expect(answer.text == "old\n")
        try wait(for: 1, "2xx", serin)
        let original = try #require(old.requests.first), copy = try #require(new.requests.first)
        #expect(original.head.startLine == "POST /a%20b?q=1 HTTP/1.1" && copy.head.startLine == "POST /v2/a%20b?q=1 HTTP/1.1")
        #expect(original.text == "hello" && copy.text == "hello")
        for same in ["Host", "X-Request-ID", "X-Real-IP", "X-Other", "Content-Length"] { #expect(copy[same] == original[same], "\(same)") }
        #expect(original["X-Shadow"] == nil && original["x-release"] == "stable" && original["x-new"] == nil)
        #expect(copy["X-Shadow"] == "1" && copy["x-release"] == "canary" && copy["x-new"] == "1" && copy["Expect"] == nil)
        // What reaches the canary anyway is not copied, nor is what may become a tunnel.
        #expect(try client.get(fields: ["X-Canary: always", "X-Shadow: 9"]).text == "new\n")
        #expect(try client.get(fields: ["Connection: upgrade", "Upgrade: websocket"]).text == "old\n")
        #expect(try client.get("/last").text == "old\n")
        try wait(for: 2, "2xx", serin)
        #expect(try new.requests(3).map { $0["X-Shadow"] } == ["1", nil, "1"])
        #expect(new.requests.last?.head.startLine == "GET /v2/last HTTP/1.1")
        #expect(new.requests.allSatisfy { $0["Upgrade"] == nil })
        #expect(try serin.metrics().requests(["version": "canary"]) == 1, "a copy is no request")
    }

    @Test(arguments: [("30", 60), ("12.5", 25), ("5000ppm", 1), ("0", 0)]) func theShareIsExact(_ percent: String, _ expected: Int) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(Self.configuration(old, [new.address], [Self.percent: percent, "canary-weight": "0"]))
        let client = try serin.client()
        for _ in 0..<200 { #expect(try client.get().text == "old\n") }
        #expect(try serin.stop() == .exited(0))
        #expect(abs(new.requests.count - expected) <= (expected == 0 ? 0 : 4), "\(new.requests.count)")
    }

    struct Body: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let size: Int
        let isChunked: Bool
        let outcome: String
    }

    @Test(arguments: [
        Body(testDescription: "as much as may be", size: 64 << 10, isChunked: false, outcome: "2xx"),
        Body(testDescription: "one more", size: (64 << 10) + 1, isChunked: false, outcome: "dropped-body"),
        Body(testDescription: "in chunks", size: 60_000, isChunked: true, outcome: "2xx"),
        Body(testDescription: "in too many chunks", size: 500_000, isChunked: true, outcome: "dropped-body"),
    ]) func bodies(_ test: Body) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(Self.configuration(old, [new.address]))
        let body = String(repeating: "0123456789", count: test.size / 10 + 1).prefix(test.size)
        var message = "POST / HTTP/1.1\r\nHost: a\r\n"
        if test.isChunked {
            message += "Transfer-Encoding: chunked\r\n\r\n"
            var rest = body[...]
            while !rest.isEmpty {
                let chunk = rest.prefix(7000)
                message += "\(String(chunk.utf8.count, radix: 16))\r\n\(chunk)\r\n"
                rest = rest.dropFirst(7000)
            }
            message += "0\r\n\r\n"
        } else {
            message += "Content-Length: \(test.size)\r\n\r\n\(body)"
        }
        let client = try serin.client()
        for _ in 0..<2 { #expect(try client.exchange(message, method: "POST").text == "old\n") }
        try wait(for: 2, test.outcome, serin)
        #expect(old.requests.map(\.text) == [String(body), String(body)])
        #expect(new.requests.map(\.text) == (test.outcome == "2xx" ? [String(body), String(body)] : []))
    }

    /// A client that goes away amid its body takes its copy with it.
    @Test func anUnfinishedRequestIsNotShown() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(Self.configuration(old, [new.address]))
        let client = try serin.client()
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
        client.close()
        try wait(for: 1, "dropped-unfinished", serin)
        #expect(new.requests.isEmpty)
    }

    // MARK: TLS and PROXY headers

    struct Way: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Of the canary.
        var names = ["app.test"]
        var isAnnounced = false
        let outcome: String
        /// Of connections with the canary.
        let handshakes: Int
    }

    /// A canary is spoken to as its main is, copies included; a PROXY header is for the Service, and goes before TLS.
    @Test(arguments: [
        Way(testDescription: "TLS", outcome: "2xx", handshakes: 1),
        Way(testDescription: "TLS behind a PROXY header", isAnnounced: true, outcome: "2xx", handshakes: 5),
        Way(testDescription: "a certificate of another name", names: ["other.test"], outcome: "connect-failed", handshakes: 0),
    ]) func copiesGoByTLS(_ way: Way) throws {
        let authority = try TestAuthority()
        let old = try SecureOrigin(try authority.issue("app.test")), new = try SecureOrigin(try authority.issue(way.names), isAnnounced: way.isAnnounced)
        let tls = Manifests.annotations([
            "backend-protocol": "HTTPS", "proxy-ssl-secret": "default/upstream", "proxy-ssl-verify": "on", "proxy-ssl-name": "app.test",
        ])
        let own = way.isAnnounced ? ["serin.dev/upstream-proxy-protocol": "v2"] : [:]
        let serin = try SerinProcess(TestConfiguration(
            services: ["old": [old.address.description], "new": [new.address.description]],
            manifests: [
                Manifests.ingress("shop", service: "old", annotations: tls),
                Manifests.canary("shop-canary", service: "new", [Self.percent: "100"].merging(own) { $1 }),
                Manifests.secret("upstream", ["ca.crt": try authority.certificate]),
            ]))
        let client = try serin.client()
        for count in 1...5 {
            let answer = try client.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", method: "POST")
            #expect(answer.text == "hello")
            try wait(for: count, way.outcome, serin)
        }
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_upstream_tls_handshakes_total") == 1 + way.handshakes, "\(metrics.text)")
        #expect((metrics.sum("serin_upstream_tls_failures_total") > 0) == (way.handshakes == 0))
    }

    @Test func copiesBeginWithAPROXYHeader() throws {
        let old = try RecordingOrigin.named("old")
        let new = try RecordingOrigin { connection in
            var header: [UInt8] = []
            while header.last != 10 { header += try connection.read(1) }
            guard header.starts(with: Array("PROXY TCP4 127.0.0.1 ".utf8)) else { return }
            while let request = try connection.readRequest() { try connection.answer("new\n", to: request) }
        }
        let serin = try SerinProcess(Self.configuration(old, [new.address], [Self.percent: "100", "serin.dev/upstream-proxy-protocol": "v1"]))
        let client = try serin.client()
        for count in 1...3 {
            #expect(try client.get().text == "old\n")
            try wait(for: count, "2xx", serin)
        }
        #expect(new.connectionCount == 3, "each copy has its own connection")
    }

    // MARK: Bad canaries

    struct Target: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var listens = true
        /// Nil never accepts: the kernel does, and takes what fits in its buffers.
        let behaviour: RecordingOrigin.Behaviour?
        let outcome: String
    }

    @Test(arguments: [
        Target(testDescription: "nobody listens", listens: false, behaviour: nil, outcome: "connect-failed"),
        Target(testDescription: "reads nothing", behaviour: nil, outcome: "timed-out"),
        Target(testDescription: "answers nothing", behaviour: { connection in while try connection.readRequest() != nil {} }, outcome: "timed-out"),
        Target(
            testDescription: "never ends its answer",
            behaviour: { connection in
                _ = try connection.readRequest()
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
                _ = try connection.readToEnd()
            }, outcome: "timed-out"),
        Target(testDescription: "closes", behaviour: { connection in _ = try connection.readRequest() }, outcome: "closed"),
        Target(
            testDescription: "speaks nonsense",
            behaviour: { connection in
                _ = try connection.readRequest()
                try connection.send("nonsense\r\n\r\n")
            }, outcome: "bad-response"),
        Target(
            testDescription: "answers without end",
            behaviour: { connection in
                _ = try connection.readRequest()
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                let chunk = [UInt8]("10000\r\n".utf8) + [UInt8](repeating: 0x61, count: 65_536) + [13, 10]
                while true { try connection.send(chunk) }
            }, outcome: "2xx"),
        Target(
            testDescription: "fails",
            behaviour: { connection in
                while try connection.readRequest() != nil { try connection.send("HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n") }
            }, outcome: "5xx"),
    ]) func aBadCanaryIsNotNoticed(_ target: Target) throws {
        let old = try RecordingOrigin.named("old")
        let new = try target.behaviour.map { try RecordingOrigin($0) }
        let silent = try target.listens ? TestSocket.listen(on: .ipv4(port: 0)) : TestSocket.bound()
        defer { silent.close() }
        let address = new?.address ?? .ipv4(port: silent.localPort)
        let serin = try SerinProcess(Self.configuration(old, [address], settings: "timeouts: {upstreamResponse: 500ms}"))
        let body = String(repeating: "x", count: 50_000)
        let client = try serin.client()
        for _ in 0..<10 {
            #expect(try client.get().text == "old\n")
            let answer = try client.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)", method: "POST")
            #expect(answer.text == "old\n")
        }
        try wait(for: 20, target.outcome, serin)
        #expect(old.requests.count == 20 && old.connectionCount == 1)
    }

    /// The canary's process is stopped: its kernel still accepts. Copies beyond the limit are dropped; a stop does not wait for them.
    @Test func aFrozenCanaryHoldsUpNothing() throws {
        let old = try RecordingOrigin.named("old"), rest = try RecordingOrigin.named("new")
        let new = try SerinProcess(.origin(rest), named: "new")
        defer { new.process.signal(SIGCONT) }
        let serin = try SerinProcess(Self.configuration(
            old, [new.address], settings: "limits: {mirrorRequests: 5}\ntimeouts: {upstreamResponse: 1h}\nshutdownTimeout: 1h"))
        let client = try serin.client()
        #expect(try client.get().text == "old\n")
        try wait(for: 1, "2xx", serin)
        try new.process.freeze()
        // The signal takes a moment to stop it: those before that are answered.
        for _ in 0..<50 { #expect(try client.get().text == "old\n") }
        try eventually("all but five copies to be over") { try serin.metrics().sum("serin_mirrored_requests_total") == 46 }
        #expect(try serin.metrics().sum("serin_mirrored_requests_total", ["outcome": "dropped-busy"]) > 0)
        client.close()
        #expect(try serin.stop() == .exited(0))
        #expect(old.requests.count == 51)
    }

    /// Those of the canary that are limited are left to its own requests.
    @Test func copiesDoNotWaitForConnections() throws {
        let old = try RecordingOrigin.named("old")
        let new = try RecordingOrigin { connection in while try connection.readRequest() != nil {} }
        let serin = try SerinProcess(Self.configuration(old, [new.address], settings: "limits: {upstreamConnections: 1}"))
        let client = try serin.client()
        for _ in 0..<4 { #expect(try client.get().text == "old\n") }
        try wait(for: 3, "dropped-busy", serin)
        #expect(try new.requests(1).count == 1)
    }

    /// Whichever worker has them, and though nobody may wait: a request does not wait for copies.
    @Test(arguments: [(1, 256), (3, 256), (1, 0)]) func copiesGiveWayToRequests(_ workers: Int, _ queue: Int) throws {
        let old = try RecordingOrigin.named("old")
        let new = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                if request["X-Shadow"] == nil { try connection.answer("new\n", to: request) }
            }
        }
        var configuration = Self.configuration(
            old, [new.address], [Self.percent: "100", "canary-by-header": "X-Canary"],
            settings: "limits: {upstreamConnections: 2, upstreamQueue: \(queue)}\ntimeouts: {upstreamConnect: 1h, upstreamResponse: 1h}")
        configuration.workers = workers
        let serin = try SerinProcess(configuration)
        for _ in 0..<2 { #expect(try serin.client().get().text == "old\n") }
        #expect(try new.requests(2).count == 2)
        #expect(try serin.client().get(fields: ["X-Canary: always"]).text == "new\n")
        try wait(for: 1, "dropped-busy", serin)
        #expect(try new.requests(3).count == 3)
    }

    @Test(arguments: ["scoped", "ingress-nginx"]) func aCanaryWithoutEndpoints(_ mode: String) throws {
        let old = try RecordingOrigin.named("old")
        let serin = try SerinProcess(Self.configuration(old, [], settings: "canary: {compatibility: \(mode)}"))
        #expect(try serin.client().get().text == "old\n")
        try wait(for: 1, "dropped-no-endpoint", serin)
    }

    /// An old connection whose end says nothing is replaced.
    @Test func aConnectionThatHasEndedIsReplaced() throws {
        let old = try RecordingOrigin.named("old")
        let new = try RecordingOrigin { connection in
            guard let request = try connection.readRequest() else { return }
            try connection.answer("new\n", to: request)
            _ = try connection.readRequest()
        }
        let serin = try SerinProcess(Self.configuration(old, [new.address]))
        let client = try serin.client()
        for count in 1...5 {
            #expect(try client.get().text == "old\n")
            try wait(for: count, "2xx", serin)
        }
        #expect(try serin.metrics().sum("serin_mirrored_requests_total") == 5)
    }

    // MARK: Telling

    @Test(arguments: ["scoped", "ingress-nginx"]) func commandsTell(_ mode: String) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(Self.configuration(old, [new.address], [Self.percent: "2.5"], settings: "canary: {compatibility: \(mode)}"))
        func answer(_ command: String, _ more: String...) throws -> String {
            let process = try SerinProcess.launch([command, "-c", SerinProcess.file] + more, in: serin.folder, named: command)
            #expect(try process.wait() == .exited(0), "\(process.errors)")
            return process.output
        }
        #expect(try answer("explain", "http://a/").contains(
            "25 of 1000 of such requests are copied to Service default/new:80 of the canary default/shop-canary"))
        #expect(try answer("routes").contains("copies 25/1000 of stable's requests"))
        #expect(try answer("check").contains("in effect"))
    }
}
