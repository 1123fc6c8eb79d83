import Glibc
import Testing

/// The system's worst days.
@Suite struct SystemFaultTests {
    /// There is no local port left towards an endpoint: that is no fault of the endpoint, and no reason not to try another one.
    @Test func noLocalPort() throws {
        let origin = try RecordingOrigin.named("app"), closed = try ClosedPort()
        let folder = try TemporaryFolder()
        let variables = try Faults.variables(["FAULT_NO_LOCAL_PORT": "\(closed.address.port)"], in: folder)
        func configuration(_ endpoints: TestAddress...) -> TestConfiguration {
            TestConfiguration(
                services: ["app": endpoints.map(\.description)], manifests: [Manifests.ingress("app", service: "app")])
        }
        let serin = try SerinProcess(configuration(closed.address, origin.address), folder: folder, variables: variables)
        let client = try serin.client()
        for _ in 0..<6 { #expect(try client.get().text == "app\n") }
        func failures(_ reason: String) throws -> Int { try serin.metrics().sum("serin_upstream_failures_total", ["reason": reason]) }
        let before = try failures("no_local_port")
        #expect(before >= 5, "it is not passed over: it has its turn all the time")
        try serin.waitForLog("default/app:80 at \(closed.address): out of local ports: Cannot assign requested address (EADDRNOTAVAIL)")
        #expect(try serin.reload(configuration(closed.address)).status == 200)
        let alone = try client.get()
        #expect(alone.status == 503 && alone["Retry-After"] == "1")
        #expect(try failures("no_local_port") == before + 1)
        #expect(try failures("connect_refused") == 0)
    }

    struct Early: Sendable, CustomTestStringConvertible {
        let name: String
        let signals: [Int32]
        /// Nil: it goes on.
        let exit: ChildProcess.Exit?
        var log: String?
        var testDescription: String { name }
    }

    /// A signal that comes while the start waits for names is obeyed: an end at once, without waiting for them.
    @Test(arguments: [
        Early(name: "TERM", signals: [SIGTERM], exit: .exited(0), log: "stopping"),
        Early(name: "INT twice", signals: [SIGINT, SIGINT], exit: .exited(0), log: "stopping"),
        Early(name: "HUP", signals: [SIGHUP], exit: nil, log: "reloaded: 1 route"),
        Early(name: "USR1", signals: [SIGUSR1], exit: nil),
    ])
    func signalsDuringTheFirstResolution(_ test: Early) throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let variables = try Faults.variables(["FAULT_SLOW_NAME": "slow.test", "FAULT_SLOW_ASKED": folder.path("asked")], in: folder)
        try TestConfiguration(
            services: ["app": [origin.address.description, "slow.test:80"]], manifests: [Manifests.ingress("app", service: "app")],
            settings: "accessLog: {format: combined, path: access.log}"
        ).write(to: folder)
        let process = try ChildProcess(
            try SerinProcess.executable(), ["run", "-c", SerinProcess.file], named: "serin", in: folder, variables: variables)
        try eventually("the question") { folder.exists("asked") }
        #expect(process.output.isEmpty, "it is still starting")
        if test.signals == [SIGUSR1] { try folder.move("access.log", to: "access.log.1") }
        for signal in test.signals { process.signal(signal) }
        if let exit = test.exit {
            #expect(try process.wait() == exit)
            #expect(!process.errors.contains("slow.test does not resolve in time"), "it was not waited for:\n\(process.errors)")
        } else {
            let (listeners, _) = try SerinProcess.addresses(of: process)
            #expect(try RawClient(listeners[0]).get().text == "app\n")
            #expect(process.errors.contains("slow.test does not resolve in time: not waited for"), "\(process.errors)")
        }
        if test.signals == [SIGUSR1] { try eventually("the new log") { folder.read("access.log").contains("GET /") } }
        if let log = test.log { try eventually("\(log) in\n\(process.errors)") { process.errors.contains(log) } }
    }
}
