import Glibc
import Testing

/// The files of unix sockets: whose they are, and what becomes of them when a start fails.
@Suite struct SocketFileTests {
    private static func configuration(_ origin: RecordingOrigin, _ listeners: String..., admin: String = "127.0.0.1:0") -> TestConfiguration {
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = listeners
        configuration.admin = admin
        configuration.workers = 2
        return configuration
    }

    /// A start that is expected to fail.
    private static func fail(_ configuration: TestConfiguration) throws -> String {
        let folder = try TemporaryFolder()
        try configuration.write(to: folder)
        let process = try SerinProcess.launch(["run", "-c", SerinProcess.file], in: folder)
        #expect(try process.wait() == .exited(1))
        return process.errors
    }

    /// The listener's and the admin address's, in either order.
    @Test func aSecondSerinLeavesTheFirstOnesAlone() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let listener = "unix:" + folder.path("l.sock"), admin = "unix:" + folder.path("a.sock"), other = "unix:" + folder.path("o.sock")
        let serin = try SerinProcess(Self.configuration(origin, listener, admin: admin), folder: folder)
        for configuration in [
            Self.configuration(origin, listener), Self.configuration(origin, other, listener), Self.configuration(origin, admin),
            Self.configuration(origin, other, admin: admin), Self.configuration(origin, other, admin: listener),
        ] {
            #expect(try Self.fail(configuration).contains("Address already in use (EADDRINUSE)"))
            #expect(!folder.exists("o.sock"), "what it bound before goes with it")
            #expect(try serin.client().get().text == "app\n")
            #expect(try serin.ask("/livez", fields: ["Host: localhost"]).status == 200)
        }
        #expect(try serin.stop() == .exited(0))
        #expect(!folder.exists("l.sock") && !folder.exists("a.sock"))
    }

    @Test func whatAKilledSerinLeavesIsReplaced() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let configuration = Self.configuration(origin, "unix:" + folder.path("l.sock"), admin: "unix:" + folder.path("a.sock"))
        let killed = try SerinProcess(configuration, folder: folder, named: "killed")
        killed.process.signal(SIGKILL)
        #expect(try killed.process.wait() == .signalled(SIGKILL))
        #expect(folder.exists("l.sock") && folder.exists("a.sock"), "stale")
        let serin = try SerinProcess(configuration, folder: folder)
        #expect(try serin.client().get().text == "app\n")
        #expect(try serin.ask("/livez", fields: ["Host: localhost"]).status == 200)
    }

    /// A start that fails after it took a stale file's place leaves nothing, and a file that is no socket stays.
    @Test func aFailedStartLeavesNothingOfItsOwn() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let stale = folder.path("stale.sock")
        try TestSocket.listen(on: .unix(path: stale)).close()
        try folder.write("mine", to: "file")
        #expect(folder.exists("stale.sock"))
        let errors = try Self.fail(Self.configuration(origin, "unix:" + stale, "unix:" + folder.path("file")))
        #expect(errors.contains("cannot listen on unix:\(folder.path("file")): Address already in use (EADDRINUSE)"), "\(errors)")
        #expect(folder.read("file") == "mine")
        #expect(!folder.exists("stale.sock"))
    }
}
