import Foundation
import Glibc
import Testing

/// What a service manager passes, and what it is told: systemd's side is played by the tests.
@Suite struct ServiceManagerTests {
    @Test func passedSocketsAreTakenByTheirAddress() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let tcp = try TestSocket.listen(on: .ipv4(port: 0)), unix = try TestSocket.listen(on: .unix(path: folder.path("a.sock")))
        let admin = try TestSocket.listen(on: .ipv4(port: 0)), other = try TestSocket.listen(on: .ipv4(port: 0))
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = ["unix:\(folder.path("a.sock"))", "127.0.0.1:0", "127.0.0.1:\(tcp.localPort)"]
        configuration.admin = "127.0.0.1:\(admin.localPort)"
        configuration.workers = 3
        let datagrams = try NotifySocket("@\(folder.path("datagrams"))")
        // Somebody came before anybody was there.
        let early = try RawClient(.ipv4(port: tcp.localPort))
        try early.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let serin = try SerinProcess(
            configuration, folder: folder, passing: [admin, other, unix, tcp], variables: ["NOTIFY_SOCKET=\(datagrams.name)"])
        #expect(try early.readResponse().text == "app\n")
        #expect(serin.listeners[1].port == other.localPort, "port 0 is any port")
        #expect(serin.admin.port == admin.localPort)
        for address in serin.listeners { #expect(try RawClient(address).get().text == "app\n", "\(address)") }
        #expect(try serin.ask("/readyz").status == 200)
        #expect(try serin.stop() == .exited(0))
        #expect(folder.exists("a.sock"), "it is the service manager's")
        // The queue is open all the time: the next process finds who came meanwhile.
        early.close()
        let late = try RawClient(.ipv4(port: tcp.localPort))
        try late.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let again = try SerinProcess(configuration, folder: folder, named: "again", passing: [tcp, unix, other, admin])
        #expect(try late.readResponse().text == "app\n")
        let next = try again.upgrade()
        #expect(try again.process.wait() == .exited(0))
        for address in again.listeners { #expect(try RawClient(address).get().text == "app\n", "\(address)") }
        try next.stop()
        #expect(folder.exists("a.sock"), "still")
    }

    /// The service manager has it open, so that it can't be bound again: it stays, whether in use or not.
    @Test func aPassedSocketSurvivesReloads() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let tcp = try TestSocket.listen(on: .ipv4(port: 0))
        let address = TestAddress.ipv4(port: tcp.localPort)
        var configuration = TestConfiguration.origin(origin, settings: "trustedProxies: [127.0.0.1]")
        configuration.listeners = ["127.0.0.1:\(tcp.localPort)"]
        configuration.workers = 2
        let serin = try SerinProcess(configuration, folder: folder, passing: [tcp])
        #expect(try RawClient(address).get().text == "app\n")
        configuration.announcedListeners = [0]
        #expect(try serin.reload(configuration).text == "[]")
        let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(try RawClient(address).exchange("PROXY TCP4 192.0.2.7 198.51.100.2 40000 80\r\n" + request).text == "app\n")

        configuration.announcedListeners = []
        var other = configuration
        other.listeners = ["unix:\(folder.path("a.sock"))"]
        #expect(try serin.reload(other).text == "[]")
        let waiting = try RawClient(address)
        try waiting.send(request)
        let next = try serin.upgrade()
        #expect(try serin.process.wait() == .exited(0))
        #expect(try serin.reload(configuration).text == "[]")
        #expect(try waiting.readResponse().text == "app\n")
        #expect(try RawClient(address).get().text == "app\n")
        try next.stop()
    }

    /// Where nobody else has the socket, who comes to a process that stops is refused, as anywhere else.
    @Test func aStopLeavesNoPassedSocketOpen() throws {
        let gate = Gate()
        let origin = try RecordingOrigin.named("late", behind: gate)
        let tcp = try TestSocket.listen(on: .ipv4(port: 0))
        let address = TestAddress.ipv4(port: tcp.localPort)
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = ["127.0.0.1:\(tcp.localPort)"]
        let serin = try SerinProcess(configuration, passing: [tcp])
        tcp.close()
        let client = try RawClient(address)
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try origin.requests(1)
        serin.process.signal(SIGTERM)
        try eventually("nobody is let in any more") { (try? RawClient(address)) == nil }
        gate.open()
        #expect(try client.readResponse().text == "late\n")
        #expect(try serin.process.wait() == .exited(0))
    }

    @Test func whatFitsNoListenerIsSaid() throws {
        let origin = try RecordingOrigin.named("app")
        let tcp = try TestSocket.listen(on: .ipv4(port: 0)), connected = try TestSocket.connect(to: .ipv4(port: tcp.localPort))
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = ["unix:\(folder.path("a.sock"))"]
        let serin = try SerinProcess(configuration, folder: folder, passing: [tcp, connected])
        #expect(try serin.client().get().text == "app\n")
        let log = serin.process.errors
        #expect(log.contains("warning the socket on 127.0.0.1:\(tcp.localPort), which was passed, is of no listener: kept for one that a reload brings"), "\(log)")
        #expect(log.contains("warning descriptor 4, which was passed, is no listening stream socket: "), "\(log)")
        #expect(try serin.stop() == .exited(0))
    }

    @Test(arguments: [false, true])
    func isToldHowItGoes(_ isAbstract: Bool) throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let manager = try NotifySocket((isAbstract ? "@" : "") + folder.path("notify"))
        let configuration = TestConfiguration.origin(origin)
        let serin = try SerinProcess(configuration, folder: folder, variables: ["NOTIFY_SOCKET=\(manager.name)"])
        #expect(try manager.waitForMessages(1) == ["READY=1\n"])
        #expect(try serin.reload().status == 200)
        try folder.write("listeners: 7\n", to: SerinProcess.file)
        #expect(try serin.reload().status == 422)
        let reloads = try manager.waitForMessages(5)[1...]
        #expect(reloads.map { $0.prefix(12) } == ["RELOADING=1\n", "READY=1\n", "RELOADING=1\n", "READY=1\n"])
        let times = reloads.compactMap { $0.split(separator: "MONOTONIC_USEC=").last.flatMap { Int($0.dropLast()) } }
        #expect(times.count == 2 && times[0] < times[1], "\(reloads)")

        try configuration.write(to: folder)
        let next = try serin.upgrade()
        #expect(try serin.process.wait() == .exited(0))
        let upgrade = try manager.waitForMessages(7)[5...]
        #expect(Set(upgrade) == ["READY=1\n", "MAINPID=\(next.pid)\n"], "and not that it stops")
        try next.stop()
        #expect(try manager.waitForMessages(8)[7...] == ["STOPPING=1\n"])
    }

    /// The manager may be gone, or slow.
    @Test func aDeafManagerDoesNoHarm() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin), variables: ["NOTIFY_SOCKET=/nowhere/notify"])
        #expect(try serin.client().get().text == "app\n")
        #expect(serin.process.errors.contains("the service manager was not told"), "\(serin.process.errors)")
        #expect(try serin.stop() == .exited(0))
    }

    /// `Key=value` lines of a unit.
    private static func unit(_ name: String) throws -> [(key: String, value: String)] {
        let text = try String(contentsOfFile: Repository.path + "/config/" + name, encoding: .utf8)
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
            let parts = line.split(separator: "=", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
    }

    @Test func theUnitsFitTheConfigurationBesideThem() throws {
        let serin = try SerinProcess.launch(["run", "--help"], in: try TemporaryFolder())
        #expect(try serin.wait() == .exited(0))
        let service = try Self.unit("serin.service")
        let command = try #require(service.first { $0.key == "ExecStart" }).value
        #expect(command.hasSuffix("/serin run -c /etc/serin/serin.yaml") && serin.output.contains("-c"))
        #expect(service.contains { $0 == ("Type", "notify") })
        // The configuration's own lines, for all that is not commented out.
        let settings = try String(contentsOfFile: Repository.path + "/config/serin.yaml", encoding: .utf8).split(separator: "\n")
        let addresses = settings.filter { !$0.hasPrefix("#") && $0.contains(" address: ") }
            .compactMap { $0.split(separator: "address: ").last?.prefix { $0 != " " } }.map(String.init)
        #expect(try Self.unit("serin.socket").filter { $0.key == "ListenStream" }.map(\.value) == addresses)
    }
}
