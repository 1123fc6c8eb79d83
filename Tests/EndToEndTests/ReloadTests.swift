import Foundation
import Glibc
import Testing

/// New configurations on a running process.
@Suite struct ReloadTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        /// Instead of the manifests, or further settings.
        var manifests: [String]?
        var settings = ""
        let file: String
        let line: Int
        let object: String
        var testDescription: String { name }
    }

    private struct Diagnostic: Decodable {
        let file: String
        let line: Int
        let severity: String
        let object: String
        let message: String
    }

    @Test(arguments: [
        Fault(name: "an unknown key", settings: "limtis: {body: 1MiB}", file: "serin.yaml", line: 9, object: "limtis"),
        Fault(name: "a bad value", settings: "limits: {body: huge}", file: "serin.yaml", line: 9, object: "limits.body"),
        Fault(name: "broken YAML", settings: "limits: {body: 1MiB", file: "serin.yaml", line: 9, object: ""),
        Fault(
            name: "a manifest without a name", manifests: ["apiVersion: networking.k8s.io/v1\nkind: Ingress\nspec: {}\n"],
            file: "manifests/all.yaml", line: 1, object: ""),
        Fault(
            name: "two of the same kind and name",
            manifests: [Manifests.ingress("twin", service: "app"), Manifests.ingress("twin", service: "app")],
            file: "manifests/all.yaml", line: 0, object: "Ingress default/twin"),
    ])
    func aBadFileChangesNothingAndIsReported(_ fault: Fault) throws {
        let origin = try RecordingOrigin.named("app")
        let good = TestConfiguration.origin(origin)
        let serin = try SerinProcess(good)
        let client = try serin.client()
        #expect(try client.get().text == "app\n")

        var bad = good
        bad.services = ["app": [], "other": ["127.0.0.1:1"]]
        bad.settings = fault.settings
        if let manifests = fault.manifests { bad.manifests = manifests }
        let answer = try serin.reload(bad)
        #expect(answer.status == 422)
        #expect(answer["Content-Type"] == "application/json")
        let errors = try JSONDecoder().decode([Diagnostic].self, from: Data(answer.body)).filter { $0.severity == "error" }
        let found = errors.contains { error in
            error.file.hasSuffix(fault.file) && (fault.line == 0 || error.line == fault.line)
                && (fault.object.isEmpty || error.object == fault.object) && !error.message.isEmpty
        }
        #expect(found, "\(answer.text)")

        #expect(try client.get().text == "app\n", "the old one keeps serving")
        #expect(try serin.client().get().text == "app\n", "new connections too")
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_config_last_reload_successful") == 0)
        #expect(metrics.sum("serin_config_reloads_total", ["result": "failure"]) == 1)
        try serin.waitForLog("reload refused: the configuration in force stays")
        #expect(serin.process.errors.contains(fault.file + ":"), "the log names the file: \(serin.process.errors)")

        #expect(try serin.reload(good).status == 200)
        #expect(try serin.metrics().sum("serin_config_last_reload_successful") == 1)
    }

    @Test func isAnsweredAfterEveryWorkerHasSwapped() throws {
        let one = try RecordingOrigin.named("one"), two = try RecordingOrigin.named("two")
        var configuration = TestConfiguration.origin(one)
        configuration.workers = 4
        let serin = try SerinProcess(configuration)
        // Enough connections that every worker has some.
        let clients = try (0..<32).map { _ in try serin.client() }
        for client in clients { #expect(try client.get().text == "one\n") }
        for round in 1...10 {
            let (origin, text) = round % 2 == 0 ? (one, "one\n") : (two, "two\n")
            configuration.services = ["app": [origin.address.description]]
            #expect(try serin.reload(configuration).status == 200)
            for client in clients { #expect(try client.get().text == text, "round \(round)") }
        }
    }

    @Test func aSignalReloadsAndRefusesToo() throws {
        let one = try RecordingOrigin.named("one"), two = try RecordingOrigin.named("two")
        let configuration = TestConfiguration.origin(one)
        let serin = try SerinProcess(configuration)
        let client = try serin.client()
        #expect(try client.get().text == "one\n")
        try serin.folder.write("listeners: 7\n", to: SerinProcess.file)
        serin.process.signal(SIGHUP)
        try serin.waitForLog("reload refused")
        #expect(try client.get().text == "one\n")
        try TestConfiguration.origin(two).write(to: serin.folder)
        serin.process.signal(SIGHUP)
        try eventually("the new origin") { try client.get().text == "two\n" }
    }

    /// What somebody has begun to write, or failed to: nothing of it is wrong, but nobody means it.
    @Test(arguments: ["", "# To be written.\n", "workers: 1\nlisteners:\n", "workers: 1\n"])
    func aCutFileIsRefused(_ text: String) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        try serin.folder.write(text, to: SerinProcess.file)
        let answer = try serin.reload()
        #expect(answer.status == 422 && answer.text.contains("`listeners` is gone"), "\(answer.text)")
        #expect(try serin.client().get().text == "app\n")
    }

    @Test func aRequestUnderWayKeepsItsConfiguration() throws {
        let old = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            // The rest waits for a word from the test, which comes as a second connection.
            _ = try connection.readToEnd()
        }
        let new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(.origin(old))
        let client = try serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readHead().startLine == "HTTP/1.1 200 OK")
        #expect(try client.readExactly(5) == Array("first".utf8))
        #expect(try serin.reload(.origin(new)).status == 200)
        #expect(try serin.client().get().text == "new\n")
        #expect(!client.socket.isReadable, "the old request is still open")
        old.stop()
        #expect(throws: (any Error).self) { try client.readExactly(5) }
    }

    @Test func aBlankLineKeepsNoConfiguration() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(.origin(old))
        let client = try serin.clientAfterABlankLine()
        #expect(try serin.reload(.origin(new)).status == 200)
        #expect(try client.get().text == "new\n")
    }

    /// Nothing but the timeout could end these connections.
    @Test func shorterTimeoutsReachWhoIsWaitingAlready() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let waiting = try serin.client(), fresh = try serin.client()
        #expect(try waiting.get().text == "app\n")
        let short = "timeouts: {clientHeader: 100ms, clientKeepAlive: 100ms, upstreamKeepAlive: 100ms}"
        #expect(try serin.reload(.origin(origin, settings: short)).status == 200)
        #expect(try waiting.isClosed())
        #expect(try fresh.isClosed())
        try eventually("no idle upstream connection") {
            try serin.metrics().sum("serin_connections", ["state": "upstream_idle"]) == 0
        }
    }

    @Test func listenersFollow() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let path = folder.path("b.sock"), other = folder.path("c.sock")
        var configuration = TestConfiguration.origin(origin)
        configuration.workers = 2
        let serin = try SerinProcess(configuration, folder: folder)
        let tcp = try serin.client()

        configuration.listeners = ["127.0.0.1:0", "unix:\(path)"]
        #expect(try serin.reload(configuration).status == 200)
        let unix = try RawClient(.unix(path: path))
        #expect(try unix.get().text == "app\n")
        #expect(try tcp.get().text == "app\n")

        configuration.listeners = ["127.0.0.1:0", "unix:\(other)"]
        #expect(try serin.reload(configuration).status == 200)
        #expect(try RawClient(.unix(path: other)).get().text == "app\n")
        #expect(throws: TestSocket.Failure.self, "nobody listens there any more") { try RawClient(.unix(path: path)) }
        #expect(!folder.exists("b.sock"), "its file is gone, too")
        #expect(try unix.get().text == "app\n", "open connections stay")
        #expect(try tcp.get().text == "app\n")
    }

    @Test func aTakenAddressRefusesTheWholeReload() throws {
        let one = try RecordingOrigin.named("one"), two = try RecordingOrigin.named("two")
        let serin = try SerinProcess(.origin(one))
        let taken = try TestSocket.listen(on: .ipv4(port: 0))
        var configuration = TestConfiguration.origin(two)
        configuration.listeners = ["127.0.0.1:0", "127.0.0.1:\(taken.localPort)"]
        let answer = try serin.reload(configuration)
        #expect(answer.status == 422)
        #expect(answer.text.contains("127.0.0.1:\(taken.localPort)"), "\(answer.text)")
        #expect(try serin.client().get().text == "one\n", "nothing was half applied")
    }

    @Test func changesThatNeedARestartSaySo() throws {
        let origin = try RecordingOrigin.named("app")
        var configuration = TestConfiguration.origin(origin)
        let serin = try SerinProcess(configuration)
        configuration.workers = 2
        configuration.admin = "127.0.0.1:9"
        // Each time, for what is in force is still another one.
        for _ in 0..<2 {
            let answer = try serin.reload(configuration)
            #expect(answer.status == 200)
            let notes = try JSONDecoder().decode([Diagnostic].self, from: Data(answer.body))
            #expect(notes.map { "\($0.severity) \($0.object): \($0.message)" } == [
                "warning workers: a change needs a restart; there are still 1",
                "warning admin: a change needs a restart; the address is still \(serin.admin)",
            ])
        }
        try serin.waitForLog("workers: a change needs a restart; there are still 1")
        try serin.waitForLog("admin: a change needs a restart; the address is still \(serin.admin)")
        configuration.workers = 1
        configuration.admin = "127.0.0.1:0"
        #expect(try serin.reload(configuration).text == "[]", "as it was")
    }

    /// What a good configuration has to say is in the answer, too.
    @Test func warningsAreInTheAnswer() throws {
        let origin = try RecordingOrigin.named("app")
        var configuration = TestConfiguration.origin(origin)
        let serin = try SerinProcess(configuration)
        configuration.manifests.append(Manifests.ingress("more", host: "more.test", service: "nowhere"))
        let answer = try serin.reload(configuration)
        let notes = try JSONDecoder().decode([Diagnostic].self, from: Data(answer.body))
        #expect(answer.status == 200 && !notes.isEmpty && notes.allSatisfy { $0.severity == "warning" }, "\(answer.text)")
        #expect(notes.contains { $0.file.hasSuffix("all.yaml") && $0.line > 0 && $0.message.contains("nowhere") }, "\(answer.text)")
    }

    @Test func theRouteTableOfTheAdminAddressFollows() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        #expect(try serin.ask("/v1/routes").text.contains("default/app"))
        var configuration = TestConfiguration.origin(origin)
        configuration.manifests = [Manifests.ingress("renamed", host: "other.example", service: "app")]
        #expect(try serin.reload(configuration).status == 200)
        let routes = try serin.ask("/v1/routes").text
        #expect(routes.contains("default/renamed") && routes.contains("other.example"), "\(routes)")
        #expect(try serin.client().get(host: "test").status == 404)
        #expect(try serin.client().get(host: "other.example").status == 200)
    }

    /// R9: what ingress-nginx refuses does not take the place of what it has stored.
    @Test func aRefusedIngressStaysAsItWas() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let bad = ["nginx.ingress.kubernetes.io/load-balance": "best"]
        let serin = try SerinProcess(.admitted(old, new, "old", [:]))
        let client = try serin.client()
        #expect(try serin.reload(.admitted(old, new, "new", bad)).status == 200)
        #expect(try client.get(host: "a.test").text == "old\n")
        #expect(try serin.reload().status == 200)
        #expect(try client.get(host: "a.test").text == "old\n")
        #expect(serin.process.errors.contains("(R9): what was read before stays"))
        #expect(try serin.reload(.admitted(old, new, "new", [:])).status == 200)
        #expect(try client.get(host: "a.test").text == "new\n")
        let fresh = try SerinProcess(.admitted(old, new, "old", bad))
        #expect(try fresh.client().get(host: "a.test").status == 404)
    }
}
