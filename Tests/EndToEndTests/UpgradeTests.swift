import Foundation
import Glibc
import Testing

extension LoadTests {
    /// The binary is exchanged while it is busy.
    @Suite(.serialized) struct UpgradeUnderLoadTests {
        private static func configuration(_ origin: Nginx, workers: Int) -> TestConfiguration {
            TestConfiguration(
                services: ["app": [origin.address.description]], manifests: [Manifests.ingress("app", service: "app")], workers: workers)
        }

        /// The process that has the admin address by now is in the middle of the load: each counts its own requests.
        private static func isServing(_ serin: SerinProcess) throws {
            try eventually("requests") { try serin.metrics().requests() > 200 }
        }

        @Test func noRequestFails() throws {
            let origin = try Nginx.named("app")
            let serin = try SerinProcess(Self.configuration(origin, workers: 2))
            let load = try Wrk(serin.url + "/", connections: 64, threads: 2, seconds: 5)
            try Self.isServing(serin)
            let second = try serin.upgrade()
            try Self.isServing(serin)
            #expect(try serin.reload().status == 200)
            let third = try second.upgrade()
            let result = try load.result()
            #expect(result.socketErrors == 0, "\(result.report)")
            #expect(result.badStatuses == 0, "\(result.report)")
            #expect(result.requests > 500, "\(result.report)")
            #expect(try serin.metrics().requests(["code": "2xx"]) > 0, "the last process has had its part")
            #expect(try serin.process.wait() == .exited(0))
            try eventually("the end of the second") { second.hasEnded }
            try third.stop()
        }

        /// Each request comes through the queue of a listening socket, and the processes have different numbers of them.
        @Test func noConnectionIsRefusedWhenTheNumberOfWorkersChanges() throws {
            let origin = try Nginx.named("app")
            let serin = try SerinProcess(Self.configuration(origin, workers: 3))
            let load = try Wrk(serin.url + "/", connections: 32, seconds: 5, fields: ["Connection: close"])
            // None may go while it still serves.
            var processes: [NextProcess] = []
            for workers in [1, 4, 2] {
                try Self.isServing(serin)
                try Self.configuration(origin, workers: workers).write(to: serin.folder)
                processes.append(try processes.last?.upgrade() ?? serin.upgrade())
                #expect(try serin.metrics().sum("serin_workers") == workers)
            }
            let result = try load.result()
            #expect(result.socketErrors == 0 && result.badStatuses == 0, "\(result.report)")
            #expect(result.requests > 500, "\(result.report)")
            try processes.last?.stop()
            try eventually("the end of all") { processes.allSatisfy { $0.hasEnded } }
        }
    }
}

/// The binary is exchanged.
@Suite struct UpgradeTests {
    /// Another version of the program: it does something first. Links lead to it, as they do after a package was upgraded.
    private static func install(_ script: String, in folder: TemporaryFolder) throws -> String {
        try folder.write("#!/bin/sh\n\(script)\nexec '\(try SerinProcess.executable())' \"$@\"\n", to: "next")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path("next"))
        return folder.path("next")
    }

    /// A process whose upgrade starts another version than its own.
    private static func start(_ configuration: TestConfiguration, in folder: TemporaryFolder, next script: String) throws -> SerinProcess {
        let program = folder.path("serin")
        try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: try SerinProcess.executable())
        let serin = try SerinProcess(configuration, folder: folder, program: program)
        try FileManager.default.removeItem(atPath: program)
        try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: try install(script, in: folder))
        return serin
    }

    @Test func requestsUnderWayEndWhereTheyBeganAndNewOnesComeToTheNewProcess() throws {
        let gate = Gate()
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                if request.head.startLine.contains("/slow") { try gate.wait() }
                try connection.answer("app\n", to: request)
            }
        }
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = ["127.0.0.1:0", "127.0.0.1:0", "unix:\(folder.path("a.sock"))"]
        configuration.admin = "unix:\(folder.path("admin.sock"))"
        configuration.workers = 2
        let serin = try SerinProcess(configuration, folder: folder)
        let clients = try serin.listeners.map { try RawClient($0) }
        for client in clients { try client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n") }
        _ = try origin.requests(clients.count)

        let next = try serin.upgrade()
        func ofTheNew() throws -> Int { Metrics(text: try RawClient(serin.admin).get("/metrics", host: "localhost").text).requests() }
        for address in serin.listeners {
            // The old process may take one more before its workers hear of the new one.
            try eventually("requests on \(address) to come to the new process") {
                let before = try ofTheNew()
                #expect(try RawClient(address).get().text == "app\n", "\(address)")
                return try ofTheNew() > before
            }
        }
        #expect(serin.process.exit == nil)
        gate.open()
        for client in clients {
            let response = try client.readResponse()
            #expect(response.status == 200 && response["Connection"] == "close")
        }
        #expect(try serin.process.wait() == .exited(0))

        #expect(folder.exists("a.sock") && folder.exists("admin.sock"), "they are the new process's now")
        for address in serin.listeners { #expect(try RawClient(address).get().text == "app\n", "\(address)") }
        try next.stop()
        #expect(!folder.exists("a.sock") && !folder.exists("admin.sock"))
    }

    @Test func nothingPilesUpFromProcessToProcess() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = ["127.0.0.1:0", "unix:\(folder.path("a.sock"))"]
        configuration.workers = 2
        let serin = try SerinProcess(configuration, folder: folder)
        var processes = [try serin.upgrade()]
        #expect(try serin.process.wait() == .exited(0))
        let first = try serin.metrics().sum("process_open_fds")
        for _ in 0..<3 { processes.append(try processes[processes.count - 1].upgrade()) }
        // A moment after its start it has one more, for its first lines.
        try eventually("no more than \(first) descriptors") { try serin.metrics().sum("process_open_fds") <= first }
        try processes.last?.stop()
    }

    /// The keys of tickets are handed over, so that clients need no full handshakes with the new process.
    @Test func sessionsResumeInTheNewProcess() throws {
        let proxy = try TLSProxy(try .named("app"), workers: 2)
        let folder = try TemporaryFolder()
        let client = try Python.start("""
            contexts = [context(ssl.TLSVersion.TLSv1_2), context(ssl.TLSVersion.TLSv1_3)]
            sessions = [visit(using)[0] for using in contexts]
            for step in range(2):
                open(args[2 * step], "w").close()
                wait_for(args[2 * step + 1])
                for index, using in enumerate(contexts):
                    for _ in range(6):
                        fresh, reused = visit(using, sessions[index])
                        assert reused, "not resumed in process %d" % (step + 2)
                        sessions[index] = fresh
            """, proxy.secure, proxy.authority, ["visited", "upgraded", "again", "upgraded-again"].map(folder.path), in: folder)
        try eventually("the first visits; \(client.errors)") { client.exit != nil || folder.exists("visited") }
        let second = try proxy.serin.upgrade()
        // Until then it may still accept what arrives.
        #expect(try proxy.serin.process.wait() == .exited(0))
        try folder.write("", to: "upgraded")
        try eventually("the next visits; \(client.errors)") { client.exit != nil || folder.exists("again") }
        #expect(try proxy.serin.metrics().sum("serin_tls_handshakes_total", ["resumed": "true"]) == 12, "only those of the new process")
        let third = try second.upgrade()
        try eventually("the end of the second process") { second.hasEnded }
        try folder.write("", to: "upgraded-again")
        #expect(try client.wait(within: 60) == .exited(0), "\(client.errors)")
        let metrics = try proxy.serin.metrics()
        #expect(metrics.sum("serin_tls_handshakes_total", ["resumed": "true"]) == 12)
        #expect(metrics.sum("serin_tls_handshakes_total", ["resumed": "false"]) == 0)
        #expect(!proxy.serin.process.errors.contains("warning"), "\(proxy.serin.process.errors)")
        try third.stop()
    }

    @Test func whatTheConfigurationDropsAndAddsFollows() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = ["127.0.0.1:0", "unix:\(folder.path("old.sock"))"]
        let serin = try SerinProcess(configuration, folder: folder)
        configuration.listeners = ["unix:\(folder.path("new.sock"))", "127.0.0.1:0"]
        try configuration.write(to: folder)
        let next = try serin.upgrade()
        #expect(try serin.process.wait() == .exited(0))
        #expect(try serin.client().get().text == "app\n")
        #expect(try RawClient(.unix(path: folder.path("new.sock"))).get().text == "app\n")
        #expect(!folder.exists("old.sock"))
        try serin.waitForLog("the socket on unix:\(folder.path("old.sock")), which was passed, is of no listener: closed")
        try next.stop()
    }

    /// R9: what ingress-nginx refuses does not take the place of what the process before has stored.
    @Test func aRefusedIngressStaysAsItWas() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(.admitted(old, new, "old", ["nginx.ingress.kubernetes.io/app-root": "/\u{E9}"]))
        try TestConfiguration.admitted(old, new, "new", ["nginx.ingress.kubernetes.io/load-balance": "best"]).write(to: serin.folder)
        let second = try serin.upgrade()
        #expect(try serin.client().get("/x", host: "a.test").text == "old\n")
        let third = try second.upgrade()
        #expect(try serin.client().get("/x", host: "a.test").text == "old\n", "from process to process")
        #expect(try serin.reload(.admitted(old, new, "new", [:])).status == 200)
        #expect(try serin.client().get("/x", host: "a.test").text == "new\n")
        try third.stop()
    }

    @Test func aBrokenConfigurationLeavesTheOldProcessServing() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        configuration.admin = "unix:\(folder.path("admin.sock"))"
        configuration.listeners = ["unix:\(folder.path("a.sock"))"]
        let serin = try SerinProcess(configuration, folder: folder)
        let client = try serin.client()
        #expect(try client.get().text == "app\n")
        let taken = try TestSocket.listen(on: .ipv4(port: 0))
        let good = configuration.text
        let broken = [
            "listeners: 7\n",
            good + "\nlisteners: []\n",
            good.replacing("admin.sock\"", with: "no/such/folder\""),
            good.replacing("listeners:", with: "listeners:\n  - address: \"127.0.0.1:\(taken.localPort)\""),
        ]
        for text in broken {
            let failures = serin.process.errors.ranges(of: "upgrade failed").count
            try folder.write(text, to: SerinProcess.file)
            serin.process.signal(SIGUSR2)
            try eventually("a failure; the log is\n\(serin.process.errors)") {
                serin.process.errors.ranges(of: "upgrade failed").count > failures
            }
            let log = serin.process.errors
            #expect(log.hasSuffix("it has exited with status 1; this process goes on serving\n"), "\(log)")
            #expect(try client.get().text == "app\n", "on old connections")
            #expect(try serin.client().get().text == "app\n", "and on new ones")
            #expect(try RawClient(serin.admin).get("/readyz", host: "localhost").status == 200)
            #expect(folder.exists("a.sock") && folder.exists("admin.sock"))
        }
        try configuration.write(to: folder)
        let next = try serin.upgrade()
        #expect(try serin.client().get().text == "app\n")
        try next.stop()
    }

    @Test func theNewVersionIsStartedByThePathOfTheOldOne() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let program = folder.path("serin")
        try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: try SerinProcess.executable())
        let serin = try SerinProcess(.origin(origin), folder: folder, variables: ["SERIN_TEST=kept"], program: program)

        try FileManager.default.removeItem(atPath: program)
        serin.process.signal(SIGUSR2)
        try serin.waitForLog("upgrade failed: cannot start \(program): No such file or directory (ENOENT); this process goes on serving")
        try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: try Self.install("exit 3", in: folder))
        serin.process.signal(SIGUSR2)
        try serin.waitForLog("ended before it served: it has exited with status 3")
        _ = try Self.install("kill -9 $$", in: folder)
        serin.process.signal(SIGUSR2)
        try serin.waitForLog("ended before it served: it was killed by signal 9")
        #expect(try serin.client().get().text == "app\n")

        _ = try Self.install("echo \"version two: $SERIN_TEST $*\" >&2", in: folder)
        let next = try serin.upgrade()
        #expect(serin.process.errors.contains("version two: kept run -c serin.yaml\n"))
        #expect(try serin.client().get().text == "app\n")
        try next.stop()
    }

    /// It has said that it serves, and does not any more by the time the old one looks.
    @Test func aNewProcessThatEndsAtOnceLeavesTheOldOneServing() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        configuration.admin = "unix:\(folder.path("admin.sock"))"
        configuration.listeners = ["unix:\(folder.path("a.sock"))", "127.0.0.1:0"]
        // The byte is sent by a child of it that has been orphaned.
        let orphan = "while read -r a b c parent rest < /proc/self/stat && [ $parent = $$ ]; do sleep 0.01; done"
        let serin = try Self.start(configuration, in: folder, next: """
            if [ ! -e good ]; then
                (\(orphan); printf 1 > /proc/self/fd/$((2 + LISTEN_FDS))) &
                exit 3
            fi
            """)
        for round in 1...2 {
            serin.process.signal(SIGUSR2)
            try eventually("a failure; the log is\n\(serin.process.errors)") {
                serin.process.errors.ranges(of: "ended as soon as it served: it has exited with status 3; this process goes on serving").count == round
            }
            for address in serin.listeners { #expect(try RawClient(address).get().text == "app\n") }
            #expect(try RawClient(serin.admin).get("/readyz", host: "localhost").status == 200)
        }
        try folder.write("", to: "good")
        let next = try serin.upgrade()
        #expect(try serin.process.wait() == .exited(0))
        for address in serin.listeners { #expect(try RawClient(address).get().text == "app\n") }
        try next.stop()
        #expect(!folder.exists("a.sock") && !folder.exists("admin.sock"))
    }

    /// It needs copies of all sockets, twice for a moment.
    @Test func thereIsRoomForItWhenDescriptorsAreInUse() throws {
        let gate = Gate()
        let origin = try RecordingOrigin.named("app", behind: gate)
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = Array(repeating: "127.0.0.1:0", count: 4)
        configuration.workers = 16
        try configuration.write(to: folder)
        try folder.write("#!/bin/sh\nulimit -n 400\nexec '\(try SerinProcess.executable())' \"$@\"\n", to: "limited")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path("limited"))
        let serin = try SerinProcess(in: folder, program: folder.path("limited"))
        let clients = try (0..<120).map { _ in try serin.client() }
        for client in clients { try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        try eventually("all that may be served") {
            let metrics = try serin.metrics()
            return metrics.sum("serin_connections_refused_total") + metrics.sum("serin_connections", ["state": "upstream_active"]) == clients.count
        }
        let next = try serin.upgrade()
        gate.open()
        #expect(try serin.process.wait() == .exited(0))
        try next.stop()
    }

    @Test func meanwhileOneUpgradeIsEnoughAndReloadsWait() throws {
        let one = try RecordingOrigin.named("one"), two = try RecordingOrigin.named("two")
        let folder = try TemporaryFolder()
        // It has read its configuration, and is as slow as one with many names to resolve.
        let script = "cp serin.yaml early.yaml; : > read; until [ -e go ]; do sleep 0.02; done; shift 3; set -- run -c early.yaml"
        let serin = try Self.start(.origin(one), in: folder, next: script)
        serin.process.signal(SIGUSR2)
        try eventually("the new process") { folder.exists("read") }
        serin.process.signal(SIGUSR2)
        try serin.waitForLog("upgrade refused: one is under way")
        let answer = try serin.reload(.origin(two))
        #expect(answer.status == 503 && answer.text.contains("take over"), "\(answer.text)")
        serin.process.signal(SIGHUP)
        #expect(try serin.client().get().text == "one\n")
        try TestConfiguration.origin(two).text.write(toFile: folder.path("early.yaml"), atomically: true, encoding: .utf8)
        try folder.write("", to: "go")
        let next = try serin.nextProcess()
        try serin.waitForLog("reloaded: ")
        #expect(try serin.client().get().text == "two\n", "the reload was put off and not lost")
        try next.stop()
    }

    /// The sockets are the next one's already: nobody else could go on with them.
    @Test func theOldProcessMayDieBeforeTheNewOneLooks() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let script = "echo $$ > pid; until [ -e go ]; do sleep 0.02; done"
        let serin = try Self.start(.origin(origin), in: folder, next: script)
        serin.process.signal(SIGUSR2)
        let next = serin.orphan(try eventually("the new process; the log is\n\(serin.process.errors)") { pid_t(folder.read("pid").dropLast()) })
        serin.process.signal(SIGKILL)
        #expect(try serin.process.wait() == .signalled(SIGKILL))
        let early = try serin.client()
        try folder.write("", to: "go")
        #expect(try early.get().text == "app\n", "the queue of the socket stayed")
        #expect(try serin.ask("/readyz").status == 200)
        #expect(!serin.process.errors.contains("warning"), "\(serin.process.errors)")
        try next.stop()
    }

    @Test func aStopEndsBoth() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        let script = "echo $$ > pid; exec sleep 1000"
        let serin = try Self.start(.origin(origin), in: folder, next: script)
        serin.process.signal(SIGUSR2)
        let pid = try eventually("the new process; the log is\n\(serin.process.errors)") { pid_t(folder.read("pid").dropLast()) }
        #expect(try serin.stop() == .exited(0))
        try eventually("the end of the new process") {
            ChildProcess.kernelFile("/proc/\(pid)/stat")?.split(separator: ")").last?.hasPrefix(" Z") ?? true
        }
    }
}
