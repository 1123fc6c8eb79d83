import Foundation
import Glibc
import Testing

extension LoadTests {
    /// How the process ends while it is busy. Not under wrk: that comes again as soon as its connection is closed, and
    /// counts being refused as an error like any other.
    @Suite(.serialized) struct GracefulStopTests {
        @Test(arguments: [SIGTERM, SIGINT, SIGQUIT])
        func noRequestIsLostUnderLoad(_ signal: Int32) throws {
            let origin = try Nginx.named("app")
            let configuration = TestConfiguration(
                services: ["app": [origin.address.description]], manifests: [Manifests.ingress("app", service: "app")], workers: 2)
            let serin = try SerinProcess(configuration)
            let load = LoadClients(serin.address, count: 16)
            try load.waitForAnswers(200)
            serin.process.signal(signal)
            let result = try load.finish()
            #expect(result.faults.isEmpty, "\(result.faults)")
            #expect(result.lastAnswersSaidClose == 16, "each connection got one more answer, with Connection: close")
            #expect(try serin.process.wait() == .exited(0))
            #expect(serin.process.errors.contains("stopped"))
        }
    }
}

/// Stopping, without load.
@Suite struct StopTests {
    @Test func runningRequestsFinishAndReadinessFails() throws {
        let gate = Gate()
        let origin = try RecordingOrigin.named("late", behind: gate)
        let serin = try SerinProcess(.origin(origin))
        #expect(try serin.ask("/readyz").status == 200)
        let client = try serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try origin.requests(1)
        serin.process.signal(SIGTERM)
        try eventually("not ready") { try serin.ask("/readyz").status == 503 }
        #expect(try serin.ask("/healthz").status == 503)
        #expect(try serin.ask("/livez").status == 200, "it lives until it is done")
        // Readiness fails first, so that whoever asks for it stops sending; then the listeners close.
        try eventually("nobody is let in any more") { (try? serin.client()) == nil }
        #expect(serin.process.exit == nil)
        gate.open()
        let response = try client.readResponse()
        #expect(response.status == 200)
        #expect(response["Connection"] == "close")
        #expect(try client.isClosed())
        #expect(try serin.process.wait() == .exited(0))
    }

    @Test func metricsAreAnsweredAndReloadsRefusedMeanwhile() throws {
        let gate = Gate()
        let slow = try RecordingOrigin.named("late", behind: gate), fast = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(fast)
        configuration.workers = 4
        let serin = try SerinProcess(configuration, folder: folder)
        // Enough connections that every worker has counted something.
        for _ in 0..<64 { #expect(try serin.client().get().text == "app\n") }
        configuration.services = ["app": [slow.address.description]]
        #expect(try serin.reload(configuration).status == 200)
        let client = try serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try slow.requests(1)
        #expect(try serin.metrics().requests() == 64)
        serin.process.signal(SIGTERM)
        // Workers without a client end at once, and what they have counted stays.
        try eventually("one worker") { try serin.metrics().sum("serin_workers") == 1 }
        #expect(try serin.metrics().requests() == 64)
        #expect(try serin.ask("/metrics", method: "HEAD").status == 200)

        configuration.listeners = ["unix:\(folder.path("late.sock"))"]
        #expect(try serin.reload(configuration).status == 503)
        serin.process.signal(SIGHUP)
        try serin.waitForLog("reload refused: stopping")
        #expect(!folder.exists("late.sock"), "no listener is opened any more")
        gate.open()
        #expect(try client.readResponse().status == 200)
        #expect(try serin.process.wait() == .exited(0))
    }

    @Test func idleConnectionsAreClosed() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "timeouts: {clientHeader: 2s}"))
        let used = try serin.client(), unused = try serin.client()
        #expect(try used.get().status == 200)
        serin.process.signal(SIGTERM)
        #expect(try used.isClosed())
        #expect(try unused.isClosed())
        #expect(try serin.process.wait() == .exited(0))
    }

    /// Its time for a first request, and for what comes before that, is not that of an idle connection.
    @Test(arguments: [
        ("", ""), ("PROXY TCP4 192.0.2.7 ", "198.51.100.2 40000 80\r\n"), ("PROXY TCP4 192.0.2.7 198.51.100.2 40000 80\r\n", ""),
    ])
    func whoHasJustConnectedMayAsk(_ before: String, _ after: String) throws {
        let origin = try RecordingOrigin.named("app")
        var configuration = TestConfiguration.origin(origin, settings: "trustedProxies: [127.0.0.1]")
        if !before.isEmpty { configuration.announcedListeners = [0] }
        let serin = try SerinProcess(configuration)
        let idle = try serin.client(), client = try serin.client()
        let header = before + after
        #expect(try idle.exchange(header + "GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
        try client.send(before)
        serin.process.signal(SIGTERM)
        #expect(try idle.isClosed(), "the time for idle connections is over")
        let response = try client.exchange(after + "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(response.status == 200 && response["Connection"] == "close")
        #expect(try serin.process.wait() == .exited(0))
    }

    @Test(arguments: ["timeouts: {clientHeader: 10m}", "shutdownTimeout: 300ms"])
    func aBlankLineIsNoRequest(_ settings: String) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: settings))
        let client = try serin.clientAfterABlankLine()
        serin.process.signal(SIGTERM)
        #expect(try client.isClosed())
        #expect(try serin.process.wait() == .exited(0))
        #expect(!serin.process.errors.contains("requests cut"), "\(serin.process.errors)")
    }

    @Test func anIdleConnectionMayStillAskOnce() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        #expect(try client.get().status == 200)
        serin.process.signal(SIGTERM)
        try serin.waitForLog("finishing what runs")
        let response = try client.get()
        #expect(response.status == 200)
        #expect(response["Connection"] == "close")
        #expect(try client.isClosed())
        #expect(try serin.process.wait() == .exited(0))
    }

    /// An answer that began before the stop could not say that it is the last one, however long it takes.
    @Test func aConnectionMayAskOnceAfterAnAnswerThatBeganBefore() throws {
        let gate = Gate()
        let origin = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nla")
            try gate.wait()
            try connection.send("te\n")
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client(), idle = try serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readHead().startLine == "HTTP/1.1 200 OK")
        #expect(try client.readExactly(2) == Array("la".utf8))
        serin.process.signal(SIGTERM)
        #expect(try idle.isClosed(), "the time for idle connections is over")
        gate.open()
        #expect(try client.readExactly(3) == Array("te\n".utf8))
        let response = try client.get()
        #expect(response.text == "late\n")
        #expect(response["Connection"] == "close")
        #expect(try serin.process.wait() == .exited(0))
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aSecondSignalStopsAtOnce(_ second: Int32) throws {
        let gate = Gate()
        let origin = try RecordingOrigin.named("late", behind: gate)
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try origin.requests(1)
        serin.process.signal(SIGTERM)
        try serin.waitForLog("finishing what runs")
        #expect(serin.process.exit == nil)
        serin.process.signal(second)
        // Long before the shutdownTimeout of 30 s.
        #expect(try serin.process.wait(within: 15) == .exited(0))
        #expect(throws: (any Error).self) { try client.readResponse() }
        gate.open()
    }

    @Test func theDeadlineCutsTheRestAndSaysSo() throws {
        let gate = Gate()
        let origin = try RecordingOrigin.named("late", behind: gate)
        let serin = try SerinProcess(.origin(origin, settings: "shutdownTimeout: 300ms"))
        let client = try serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try origin.requests(1)
        serin.process.signal(SIGTERM)
        #expect(try serin.process.wait(within: 15) == .exited(0))
        #expect(serin.process.errors.contains("requests cut when the time to stop was over: 1"), "\(serin.process.errors)")
        #expect(throws: (any Error).self) { try client.readResponse() }
        gate.open()
    }

    @Test func aTunnelDoesNotOutliveTheDeadline() throws {
        let origin = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            try connection.send(try connection.read(4))
            _ = try connection.readToEnd()
        }
        let serin = try SerinProcess(.origin(origin, settings: "shutdownTimeout: 300ms"))
        let client = try serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        #expect(try client.readHead().startLine == "HTTP/1.1 101 Switching Protocols")
        try client.send("ping")
        #expect(try client.readExactly(4) == Array("ping".utf8))
        serin.process.signal(SIGTERM)
        #expect(try serin.process.wait(within: 15) == .exited(0))
    }

    @Test func aSocketFileIsRemoved() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = ["unix:\(folder.path("a.sock"))"]
        configuration.workers = 2
        let serin = try SerinProcess(configuration, folder: folder)
        #expect(try serin.client().get().text == "app\n")
        #expect(try serin.stop() == .exited(0))
        #expect(!folder.exists("a.sock"))
    }

    @Test func theAdminSocketFileIsRemoved() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        configuration.admin = "unix:\(folder.path("admin.sock"))"
        let serin = try SerinProcess(configuration, folder: folder)
        #expect(try RawClient(.unix(path: folder.path("admin.sock"))).get("/livez", host: "localhost").status == 200)
        #expect(try serin.stop() == .exited(0))
        #expect(!folder.exists("admin.sock"))
    }

    @Test(arguments: ["127.0.0.1", "unix"])
    func aSecondSerinOnTheAddressIsRefused(_ family: String) throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        configuration.workers = 2
        if family == "unix" { configuration.listeners = ["unix:\(folder.path("a.sock"))"] }
        let first = try SerinProcess(configuration, folder: folder, named: "first")
        configuration.listeners = [first.address.description]
        try configuration.write(to: folder)
        let second = try SerinProcess.launch(["run", "-c", SerinProcess.file], in: folder, named: "second")
        #expect(try second.wait() == .exited(1))
        let lines = second.errors.split(separator: "\n")
        #expect(lines.count == 1, "one clear line: \(lines)")
        #expect(lines.first?.contains("cannot listen on \(first.address)") == true && lines.first?.contains("EADDRINUSE") == true, "\(lines)")
        #expect(second.output.isEmpty, "nothing was half started")
        #expect(try first.client().get().text == "app\n")
        #expect(try first.stop() == .exited(0))
    }
}
