import Foundation
import Synchronization
import TestCertificates
import Testing

/// `healthChecks:` against real origins: who fails is left out, and comes back.
@Suite struct HealthTests {
    private static let often = "path: /healthz, interval: 20ms, timeout: 10s, failures: 2, successes: 2"

    /// Answers checks with a status that the test chooses, and everything else with its name.
    private final class Patient: Sendable {
        let name: String
        let origin: RecordingOrigin
        private let status: Status

        private final class Status: Sendable {
            let value: Atomic<Int>
            init(_ value: Int) { self.value = Atomic(value) }
        }

        init(_ name: String, status: Int = 200) throws {
            let current = Status(status)
            self.name = name
            self.status = current
            origin = try RecordingOrigin { connection in
                while let request = try connection.readRequest() {
                    if request.head.startLine.contains(" /healthz") {
                        try connection.send("HTTP/1.1 \(current.value.load(ordering: .relaxed)) x\r\nContent-Length: 0\r\n\r\n")
                    } else {
                        try connection.answer(name + "\n", to: request)
                    }
                }
            }
        }

        func answerChecks(_ status: Int) { self.status.value.store(status, ordering: .relaxed) }

        var checks: [RecordedRequest] { origin.requests.filter { $0.head.startLine.contains(" /healthz") } }
    }

    private static func app(_ origins: [RecordingOrigin], _ check: String = often, settings: String = "") -> TestConfiguration {
        TestConfiguration(
            services: ["app": origins.map(\.address.description)], manifests: [Manifests.ingress("app", service: "app")],
            settings: "healthChecks: {app: {\(check)}}\n" + settings)
    }

    private static func isWell(_ serin: SerinProcess, _ origin: RecordingOrigin) throws -> Int {
        try serin.metrics().sum("serin_endpoint_healthy", ["endpoint": origin.address.description])
    }

    /// The answers of so many requests, in turn.
    private static func answers(_ serin: SerinProcess, _ count: Int, fields: [String] = []) throws -> [String] {
        let client = try serin.client()
        return try (0..<count).map { _ in try client.get(fields: fields).text }
    }

    /// As much as an endpoint may have an exchange read before its answer, and no more.
    @Test func anEndpointThatNeverComesToThePointIsIll() throws {
        let flood = try RecordingOrigin { connection in
            _ = try connection.readRequest()
            let interim = Array(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 1000).utf8)
            for _ in 0..<2000 { try connection.send(interim) }
        }
        let good = try Patient("good")
        let serin = try SerinProcess(Self.app([flood, good.origin]))
        try serin.waitForLog("it sends too many interim responses")
        try eventually("it to be left out") { try Self.isWell(serin, flood) == 0 }
        #expect(try Self.isWell(serin, good.origin) == 1)
        #expect(try serin.stop() == .exited(0))
    }

    // MARK: Out and back

    @Test func whoFailsIsLeftOutAndComesBack() throws {
        let one = try Patient("one"), two = try Patient("two")
        let serin = try SerinProcess(Self.app([one.origin, two.origin]))
        #expect(Set(try Self.answers(serin, 4)) == ["one\n", "two\n"])
        two.answerChecks(503)
        try serin.waitForLog("\(two.origin.address) fails its health check: it answers 503")
        try eventually("the metric") { try Self.isWell(serin, two.origin) == 0 }
        #expect(try Self.answers(serin, 6) == Array(repeating: "one\n", count: 6))
        two.answerChecks(204)
        try serin.waitForLog("\(two.origin.address) is well again")
        try eventually("requests for both") { Set(try Self.answers(serin, 4)) == ["one\n", "two\n"] }
        #expect(try Self.isWell(serin, one.origin) == 1)
    }

    @Test func nothingIsSentToWhoIsDownAtTheStart() throws {
        let one = try Patient("one"), two = try Patient("two", status: 500)
        let serin = try SerinProcess(Self.app([one.origin, two.origin]))
        #expect(try Self.answers(serin, 10) == Array(repeating: "one\n", count: 10))
        #expect(two.origin.requests.count == two.checks.count)
    }

    /// The check may be wrong itself.
    @Test func theLastOnesStay() throws {
        let one = try Patient("one", status: 404), two = try Patient("two", status: 404)
        let serin = try SerinProcess(Self.app([one.origin, two.origin]))
        #expect(Set(try Self.answers(serin, 4)) == ["one\n", "two\n"])
        for origin in [one, two] { try serin.waitForLog("\(origin.origin.address) fails its health check") }
        one.answerChecks(200)
        try eventually("only the good one") { Set(try Self.answers(serin, 4)) == ["one\n"] }
    }

    // MARK: Canaries

    @Test(arguments: ["scoped", "ingress-nginx"])
    func stableStandsInForACanaryThatFails(_ mode: String) throws {
        let old = try Patient("old"), new = try Patient("new")
        var configuration = TestConfiguration.canary(old: [old.origin], new: [new.origin], ["canary-by-header": "X"])
        configuration.settings = "healthChecks: {new: {\(Self.often)}}\ncanary: {compatibility: \(mode)}"
        let serin = try SerinProcess(configuration)
        #expect(try Self.answers(serin, 3, fields: ["X: always"]) == Array(repeating: "new\n", count: 3))
        new.answerChecks(500)
        try eventually("stable's answers") { try Self.answers(serin, 3, fields: ["X: always"]) == Array(repeating: "old\n", count: 3) }
        new.answerChecks(200)
        try eventually("the canary's answers") { try Self.answers(serin, 3, fields: ["X: always"]) == Array(repeating: "new\n", count: 3) }
    }

    @Test func withoutFailoverACanaryKeepsItsEndpoints() throws {
        let old = try Patient("old"), new = try Patient("new", status: 500)
        var configuration = TestConfiguration.canary(old: [old.origin], new: [new.origin], ["canary-by-header": "X"])
        configuration.settings = "healthChecks: {new: {\(Self.often)}}\ncanary: {failover: none}"
        let serin = try SerinProcess(configuration)
        try serin.waitForLog("\(new.origin.address) fails its health check")
        #expect(try serin.metrics().text.contains("serin_endpoint_healthy{service=\"default/new:80\""))
        #expect(try Self.answers(serin, 3, fields: ["X: always"]) == Array(repeating: "new\n", count: 3))
    }

    // MARK: Checks

    @Test func asksAsConfigured() throws {
        let one = try Patient("one")
        let serin = try SerinProcess(Self.app([one.origin], "path: \"/healthz?deep=1\", host: shop.example.com, interval: 10s"))
        let check = try #require(try one.origin.requests(1).first)
        #expect(check.head.startLine == "GET /healthz?deep=1 HTTP/1.1")
        #expect(check["Host"] == "shop.example.com" && check["Connection"] == "close")
        #expect(try Self.isWell(serin, one.origin) == 1)
        // The interval is far away.
        _ = try Self.answers(serin, 20)
        #expect(one.checks.count == 1)
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        let name: String
        let answer: String
        let log: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Failure(name: "an error", answer: "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", log: "it answers 503"),
        Failure(name: "an interim answer, then an error", answer: "HTTP/1.1 103 x\r\nLink: </a>\r\n\r\nHTTP/1.1 500 x\r\n\r\n", log: "it answers 500"),
        Failure(name: "another protocol", answer: "HTTP/1.1 101 x\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n", log: "fails its health check: it"),
        Failure(name: "no HTTP", answer: "SSH-2.0-a\r\n\r\n", log: "its answer is malformed"),
        Failure(name: "too long a head", answer: "HTTP/1.1 200 x\r\nA: " + String(repeating: "a", count: 100_000), log: "fails its health check: its answer"),
        Failure(name: "nothing", answer: "", log: "without an answer"),
    ])
    func saysWhy(_ failure: Failure) throws {
        let good = try Patient("good")
        let bad = try RecordingOrigin { connection in
            _ = try connection.readRequest()
            if !failure.answer.isEmpty { try connection.send(failure.answer) }
        }
        let serin = try SerinProcess(Self.app([good.origin, bad]))
        try serin.waitForLog(failure.log)
        #expect(try Self.answers(serin, 4) == Array(repeating: "good\n", count: 4))
    }

    @Test func aPortThatRefusesFails() throws {
        let good = try Patient("good"), closed = try ClosedPort()
        var configuration = Self.app([good.origin])
        configuration.services["app"]?.append(closed.address.description)
        let serin = try SerinProcess(configuration)
        try serin.waitForLog("\(closed.address) fails its health check: Connection refused")
        #expect(try Self.answers(serin, 4) == Array(repeating: "good\n", count: 4))
        #expect(try serin.metrics().sum("serin_upstream_connect_failures_total") == 0)
    }

    @Test func whoDoesNotAnswerFails() throws {
        let good = try Patient("good"), gate = Gate()
        let silent = try RecordingOrigin { _ in try gate.wait() }
        let serin = try SerinProcess(Self.app([good.origin, silent], "path: /healthz, interval: 50ms, timeout: 100ms"))
        try serin.waitForLog("\(silent.address) fails its health check: it takes longer")
        #expect(try Self.answers(serin, 4) == Array(repeating: "good\n", count: 4))
        gate.open()
    }

    @Test func checksSpeakTLSWhereRequestsDo() throws {
        let authority = try TestAuthority()
        let good = try SecureOrigin(try authority.issue(["app.test"])), bad = try SecureOrigin(try authority.issue(["other.test"]))
        let annotations = ["backend-protocol": "HTTPS", "proxy-ssl-secret": "default/upstream", "proxy-ssl-verify": "on", "proxy-ssl-name": "app.test"]
        let serin = try SerinProcess(TestConfiguration(
            services: ["app": [good.address.description, bad.address.description]],
            manifests: [
                Manifests.ingress("app", service: "app", annotations: Manifests.annotations(annotations)),
                Manifests.secret("upstream", ["ca.crt": try authority.certificate]),
            ],
            settings: "healthChecks: {app: {\(Self.often)}}"))
        try serin.waitForLog("\(bad.address) fails its health check: TLS: ")
        for _ in 0..<4 { #expect(try serin.client().get(host: "shop.test").status == 200) }
        #expect(try serin.metrics().sum("serin_upstream_connect_failures_total") == 0)
    }

    @Test(arguments: ["v1", "v2"])
    func checksAnnounceThatTheyAreAboutNoClient(_ version: String) throws {
        let origin = try RecordingOrigin { connection in
            let header = version == "v1" ? Array("PROXY UNKNOWN\r\n".utf8) : Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [0x21, 0, 0, 0]
            guard try connection.read(header.count) == header else { return }
            while try connection.readRequest() != nil { try connection.send("HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n") }
        }
        let serin = try SerinProcess(TestConfiguration(
            services: ["app": [origin.address.description]],
            manifests: [Manifests.ingress("app", service: "app", annotations: ["serin.dev/upstream-proxy-protocol": version])],
            settings: "healthChecks: {app: {\(Self.often)}}"))
        #expect(try Self.isWell(serin, origin) == 1)
    }

    // MARK: Telling

    @Test func routesAndExplainSaySo() throws {
        let one = try Patient("one"), two = try Patient("two", status: 500)
        let serin = try SerinProcess(Self.app([one.origin, two.origin]))
        let routes = try serin.ask("/v1/routes").text
        #expect(routes.contains(#""healthCheck":"/healthz","failing":["\#(two.origin.address)"]"#))
        let question = #"{"url": "http://shop.example.com/"}"#
        let explained = try serin.ask("/v1/explain", method: "POST", body: question).text
        #expect(explained.contains("left out, because they fail their health check: \(two.origin.address)"))
    }

    @Test func aReloadKeepsWhatIsKnown() throws {
        let one = try Patient("one"), two = try Patient("two", status: 500)
        let serin = try SerinProcess(Self.app([one.origin, two.origin], "path: /healthz, interval: 1h"))
        #expect(try serin.reload(Self.app([one.origin, two.origin], "path: /healthz, interval: 1h", settings: "via: edge")).status == 200)
        #expect(try Self.answers(serin, 6) == Array(repeating: "one\n", count: 6))
        #expect(one.checks.count == 1 && two.checks.count == 1)
    }

    @Test func withoutItsEntryAServiceIsNotChecked() throws {
        let one = try Patient("one"), two = try Patient("two", status: 500)
        let serin = try SerinProcess(Self.app([one.origin, two.origin]))
        #expect(try serin.reload(.origin(one.origin, two.origin)).status == 200)
        #expect(Set(try Self.answers(serin, 4)) == ["one\n", "two\n"])
        #expect(try serin.metrics().text.contains("serin_endpoint_healthy{") == false)
    }
}
