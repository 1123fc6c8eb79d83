import Testing

/// Annotations with texts that go into heads: too long ones are not obeyed, and all that may be said at once still is.
@Suite struct LongTextTests {
    private static let prefix = "nginx.ingress.kubernetes.io/"

    private static func long(_ count: Int, _ start: String = "") -> String { start + String(repeating: "x", count: count - start.utf8.count) }

    private static let answer = "HTTP/1.1 200 OK\r\nX-Long: \(long(20_000))\r\nContent-Length: 2\r\n\r\nok"

    private static func configuration(_ mode: String, _ origin: RecordingOrigin, _ annotations: [String: String], canaries: [String] = []) -> TestConfiguration {
        TestConfiguration(
            services: ["app": [origin.address.description], "next": [origin.address.description]],
            manifests: [Manifests.ingress("app", service: "app", annotations: annotations)] + canaries,
            settings: "canary: {compatibility: \(mode)}")
    }

    /// As long as what an API server takes: whoever asks gets an answer.
    @Test(arguments: ["scoped", "ingress-nginx"], [
        ["app-root": long(235_000, "/")], ["rewrite-target": long(235_000, "/")],
        ["affinity": "cookie", "session-cookie-path": long(250_000, "/")], ["affinity": "cookie", "session-cookie-name": long(250_000)],
    ])
    func tooLong(_ mode: String, _ annotations: [String: String]) throws {
        let origin = try RecordingOrigin { connection in
            while try connection.readRequest() != nil { try connection.send(Self.answer) }
        }
        let full = Dictionary(uniqueKeysWithValues: annotations.map { (Self.prefix + $0.key, $0.value) })
        let serin = try SerinProcess(Self.configuration(mode, origin, full))
        for host in ["a", Self.long(30_000)] {
            #expect(try serin.client().get(host: host).status == 200, "\(host.utf8.count)")
        }
        #expect(try serin.ask("/livez").status == 200)
    }

    /// Everything that answers may say, as long as it may be, of as many canaries as there may be.
    @Test func everythingAtOnce() throws {
        let origin = try RecordingOrigin { connection in
            while try connection.readRequest() != nil { try connection.send(Self.answer) }
        }
        let main = [
            "app-root": Self.long(2048, "/"), "affinity": "cookie", "session-cookie-path": Self.long(2048, "/"),
            "session-cookie-name": Self.long(256),
        ]
        let canaries = (0..<64).map { number in
            let name = "n\(number)"
            var own = ["canary-hash-cookie": Self.long(256, name), "canary-response-header": Self.long(256, name),
                       "canary-response-cookie": Self.long(256, name)]
            for action in ["set", "add", "append"] { own["canary-response-\(action)-header"] = Self.long(1024, "\(action)\(number):") }
            return Manifests.canary(name, service: "next", [
                "canary-by-header": "X-Canary", "canary-by-header-value": name, "canary-weight": "0",
            ].merging(own.map { ("serin.dev/" + $0.key, $0.value) }) { $1 })
        }
        let full = Dictionary(uniqueKeysWithValues: main.map { (Self.prefix + $0.key, $0.value) })
        let serin = try SerinProcess(Self.configuration("scoped", origin, full, canaries: canaries))
        for (field, least) in [("X-Canary: none", 55_000), ("X-Canary: n63", 40_000)] {
            let client = try serin.client()
            let response = try client.get("/x", fields: [field])
            #expect(response.status == 200)
            #expect(response.head.description.utf8.count > least, "\(field): \(response.head.description.utf8.count)")
        }
        #expect(try serin.client().get("/").status == 302)
    }
}
