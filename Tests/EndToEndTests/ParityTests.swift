import Testing

/// The rules of ingress-nginx over the wire.
@Suite struct ParityTests {
    private static func prefixed(_ annotations: [String: String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: annotations.map { ("nginx.ingress.kubernetes.io/" + $0.key, $0.value) })
    }

    /// R33, R35, R36: what the main Ingress says about its host holds for the canary too.
    @Test(arguments: ["scoped", "ingress-nginx"]) func hostsAndPaths(_ mode: String) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let path = "/api(/|$)(.*)"
        let serin = try SerinProcess(TestConfiguration(
            services: ["old": [old.address.description], "new": [new.address.description]],
            manifests: [
                Manifests.ingress(
                    "main", host: "a.test", path: path, type: "ImplementationSpecific", service: "old",
                    annotations: Self.prefixed([
                        "use-regex": "true", "rewrite-target": "/$2", "server-alias": "alias.test", "app-root": "/api/start",
                    ])),
                Manifests.canary("next", host: "a.test", path: path, service: "new", ["canary-by-header": "X"]),
                Manifests.ingress("plain", host: "p.test", path: "/dir/", service: "old"),
            ],
            settings: "canary: {compatibility: \(mode)}"))
        let client = try serin.client()
        for host in ["a.test", "alias.test"] {
            #expect(try client.get("/API/v1/a%20b?q=1", host: host).text == "old\n")
            #expect(try client.get("/api/v2", host: host, fields: ["X: always"]).text == "new\n")
            #expect(try client.get("/apis", host: host).status == 404)
            #expect(try client.get("/api/a%0d%0aX:%20y", host: host).text == "old\n")
            let root = try client.get("/", host: host)
            #expect(root.status == 302 && root["Location"] == "http://\(host)/api/start")
        }
        // `.` ends at a line's end, and nothing decoded ends a line of the head.
        let asked = ["GET /v1/a%20b?q=1 HTTP/1.1", "GET /a%0D HTTP/1.1"]
        #expect(old.requests.map(\.head.startLine) == asked + asked)
        #expect(new.requests.map(\.head.startLine) == Array(repeating: "GET /v2 HTTP/1.1", count: 2))
        let redirect = try client.get("/dir?q=1", host: "p.test")
        #expect(redirect.status == 301 && redirect["Location"] == "http://p.test/dir/?q=1")
        let explained = try answer(serin, "explain", "http://alias.test/api/x")
        #expect(explained.contains("the upstream is asked for /x"), "\(explained)")
        let routes = try answer(serin, "routes")
        for part in ["(Prefix, a regular expression)", "alias.test  is another name of a.test", "asks    for /$2"] {
            #expect(routes.contains(part), "\(routes)")
        }
    }

    private func answer(_ serin: SerinProcess, _ command: String, _ more: String...) throws -> String {
        let process = try SerinProcess.launch([command, "-c", SerinProcess.file] + more, in: serin.folder, named: command)
        #expect(try process.wait() == .exited(0), "\(process.errors)")
        return process.output
    }
}
