import Foundation
import TestCertificates
import Testing

/// TLS connections that idle for more than a second, and give memory back that they have again when they go on.
@Suite struct TLSRestTests {
    @Test func idleConnectionsNeedLittleMemory() throws {
        let proxy = try TLSProxy(try .named("app"))
        let folder = try TemporaryFolder()
        let (few, many) = (200, 1000)
        let client = try Python.start("""
            import resource
            resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
            few, many = int(args[0]), int(args[1])
            using = context()
            connections = []
            def open_until(count, word):
                while len(connections) < count:
                    connections.append(connect(using=using))
                    expect(ask(connections[-1])[0], 200)
                open(word, "w").close()
            open_until(few, args[2])
            wait_for(args[3])
            open_until(many, args[4])
            wait_for(args[5])
            for connection in connections: expect(ask(connection)[2], b"app\\n")
            """, proxy.secure, proxy.authority, ["\(few)", "\(many)"] + ["few", "go-on", "many", "all"].map(folder.path), in: folder)
        try eventually("some; \(client.errors)", within: 60) { client.exit != nil || folder.exists("few") }
        // Until the last one has idled for long enough nothing is the same for two seconds.
        sleep(4)
        let before = try proxy.serin.process.residentKilobytes()
        try folder.write("", to: "go-on")
        try eventually("the others; \(client.errors)", within: 60) { client.exit != nil || folder.exists("many") }
        // A sanitizer has a memory of its own.
        if ProcessInfo.processInfo.environment["SERIN_PROGRAM"] == nil {
            var each = 0
            try eventually("little memory, not \(each) bytes a connection") {
                each = (try proxy.serin.process.residentKilobytes() - before) * 1024 / (many - few)
                return each < 12_000
            }
        } else {
            sleep(4)
        }
        try folder.write("", to: "all")
        #expect(try client.wait(within: 60) == .exited(0), "\(client.errors)")
        #expect(try proxy.serin.metrics().sum("serin_tls_failures_total") == 0)
    }

    /// Whatever comes next: more requests, long bodies both ways, ends of either side.
    @Test func theyGoOnAsIfTheyHadNot() throws {
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(request.body.count)\r\n\r\n")
                try connection.send(request.body)
            }
        }
        let proxy = try TLSProxy(origin)
        let folder = try TemporaryFolder()
        let client = try Python.start("""
            versions = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
            def open_all(): return [connect(using=context(version)) for version in versions]
            def echo(connection, size):
                body = bytes(range(256)) * (size // 256)
                connection.sendall(b"POST / HTTP/1.1\\r\\nHost: shop.test\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
                expect(Reader(connection).response()[2], body)
            silent, busy, leaving, staying = open_all(), open_all(), open_all(), open_all()
            for connection in busy + leaving + staying: echo(connection, 256)
            for _ in range(2):
                time.sleep(2.5)
                for connection in busy:
                    for size in [256, 512000, 256]: echo(connection, size)
            for connection in silent: echo(connection, 256)
            for connection in leaving: connection.unwrap()
            open(args[0], "w").close()
            # Not just the connection's end: the word that says that nothing was cut off.
            for connection in staying + busy + silent: expect(connection.recv(100), b"")
            """, proxy.secure, proxy.authority, [folder.path("stop")], in: folder)
        try eventually("the requests; \(client.errors)", within: 60) { client.exit != nil || folder.exists("stop") }
        proxy.serin.process.signal(SIGTERM)
        #expect(try client.wait(within: 60) == .exited(0), "\(client.errors)")
        #expect(try proxy.serin.process.wait() == .exited(0))
    }
}
