import Testing

/// Which version answers, over the wire.
@Suite struct CanaryTests {
    struct Share: Sendable, CustomTestStringConvertible {
        let weight: String
        var total: String?
        /// Of the annotation, if it is not `canary-weight`.
        var name: String?
        /// Of 1000.
        let expected: Int
        var testDescription: String { "\(name ?? "") \(weight) of \(total ?? "100")" }
    }

    @Test(arguments: [
        Share(weight: "1", expected: 10), Share(weight: "10", expected: 100), Share(weight: "33", expected: 330),
        Share(weight: "50", expected: 500), Share(weight: "99", expected: 990), Share(weight: "1", total: "1000", expected: 1),
        Share(weight: "500", total: "1000", expected: 500), Share(weight: "1", total: "3", expected: 333),
        Share(weight: "12.5", name: "serin.dev/canary-weight", expected: 125),
        Share(weight: "4000ppm", name: "serin.dev/canary-weight", expected: 4),
    ])
    func theShareIsExact(_ share: Share) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        var annotations = ["canary-weight": share.weight]
        if let total = share.total { annotations["canary-weight-total"] = total }
        if let name = share.name { annotations = [name: share.weight] }
        let serin = try SerinProcess(.canary(old: [old], new: [new], annotations))
        let client = try serin.client()
        var count = 0
        for _ in 0..<1000 where try client.get().text == "new\n" { count += 1 }
        #expect(abs(count - share.expected) <= 4, "\(count)")
    }

    @Test func theSequenceGoesOnOverReloads() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let configuration = TestConfiguration.canary(old: [old], new: [new], ["canary-weight": "30"])
        let serin = try SerinProcess(configuration)
        let client = try serin.client()
        var count = 0
        for index in 0..<500 {
            // A sequence that began again each time would give runs of ten their share only by chance.
            if index % 10 == 0 { #expect(try serin.reload().status == 200) }
            if try client.get().text == "new\n" { count += 1 }
        }
        #expect(abs(count - 150) <= 4, "\(count)")
    }

    // MARK: Sticky

    struct Key: Sendable, CustomTestStringConvertible {
        let name: String
        let hashBy: String
        /// The same user, one of many.
        let request: @Sendable (Int) -> (target: String, fields: [String])
        var settings = ""
        var testDescription: String { name }
    }

    @Test(arguments: [
        Key(name: "cookie", hashBy: "cookie:uid", request: { ("/", ["Cookie: x=1; uid=user-\($0)"]) }),
        Key(name: "header", hashBy: "header:X-User", request: { ("/", ["X-User: user-\($0)"]) }),
        Key(name: "query", hashBy: "query:user", request: { ("/?a=b&user=user-\($0)", []) }),
        Key(
            name: "client address", hashBy: "clientIP", request: { ("/", ["X-Forwarded-For: 10.1.\($0 / 250).\($0 % 250)"]) },
            settings: "trustedProxies: [127.0.0.0/8]"),
        Key(
            name: "client network", hashBy: "clientIP/24", request: { ("/", ["X-Forwarded-For: 10.\($0 / 250).\($0 % 250).7"]) },
            settings: "trustedProxies: [127.0.0.0/8]"),
        Key(name: "two keys", hashBy: "cookie:uid,header:X-Tenant", request: { ("/", ["Cookie: uid=u\($0 / 20)", "X-Tenant: t\($0 % 20)"]) }),
    ])
    func aUserGetsTheSameVersionFromEveryProcess(_ key: Key) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        func start(weight: Int) throws -> SerinProcess {
            try SerinProcess(.canary(
                old: [old], new: [new], ["canary-weight": "\(weight)", "serin.dev/canary-hash-by": key.hashBy], settings: key.settings))
        }
        func versions(_ serin: SerinProcess) throws -> [Bool] {
            let client = try serin.client()
            return try (0..<400).map { user in
                let request = key.request(user)
                return try client.get(request.target, fields: request.fields).text == "new\n"
            }
        }
        let first = try start(weight: 30), second = try start(weight: 30), more = try start(weight: 60)
        let before = try versions(first)
        #expect(try versions(first) == before, "every time")
        #expect(try versions(second) == before, "in another process")
        // 400 users at 30 %: 120 give or take a bit over five standard deviations.
        #expect((70...170).contains(before.count { $0 }), "\(before.count { $0 })")
        let after = try versions(more)
        for user in before.indices where before[user] { #expect(after[user], "user \(user) keeps the new version when the weight grows") }
        #expect(after.count { $0 } > before.count { $0 })
    }

    @Test func withoutTheKeyTheShareIsThatOfRequests() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(.canary(old: [old], new: [new], ["canary-weight": "25"], settings: "canary: {hashBy: \"cookie:uid\"}"))
        let client = try serin.client()
        var count = 0
        for _ in 0..<400 where try client.get().text == "new\n" { count += 1 }
        #expect(abs(count - 100) <= 4)
    }

    // MARK: Several

    /// Which of the canaries of one path answered.
    @Test func eachCanaryIsCounted() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new"), newer = try RecordingOrigin.named("newer")
        var configuration = TestConfiguration.canary(old: [old], new: [new], ["canary-by-header": "X", "canary-by-header-value": "new"])
        configuration.services["newer"] = [newer.address.description]
        configuration.services["gone"] = []
        configuration.manifests += [
            Manifests.canary("newer", service: "newer", ["canary-by-header": "X", "canary-by-header-value": "newer"]),
            Manifests.canary("gone", service: "gone", ["canary-by-header": "X", "canary-by-header-value": "gone"]),
        ]
        let serin = try SerinProcess(configuration)
        let client = try serin.client()
        for (name, count) in [("new", 3), ("newer", 5), ("gone", 2), ("other", 4)] {
            for _ in 0..<count { _ = try client.get(fields: ["X: " + name]) }
        }
        #expect(try serin.reload().status == 200)
        for _ in 0..<5 { _ = try client.get(fields: ["X: newer"]) }
        let metrics = try serin.metrics()
        let name = "serin_canary_requests_total"
        #expect(metrics.sum(name, ["route": "default/shop /", "canary": "default/shop-canary", "code": "2xx"]) == 3)
        #expect(metrics.sum(name, ["route": "default/shop /", "canary": "default/newer", "code": "2xx"]) == 10)
        #expect(metrics.sum(name) == metrics.requests(["version": "canary"]), "what stable stood in for is not a canary's")
    }

    @Test(arguments: ["scoped", "ingress-nginx"]) func annotationsUnderAnotherPrefix(_ mode: String) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(.canary(
            old: [old], new: [new], ["edge.example/canary": "true", "edge.example/canary-by-header": "X", "canary-by-cookie": "c"],
            settings: "canary: {compatibility: \(mode), annotationsPrefix: edge.example}"))
        let client = try serin.client()
        #expect(try client.get(fields: ["X: always"]).text == "new\n")
        #expect(try client.get(fields: ["Cookie: c=always"]).text == "old\n")
        #expect(serin.process.errors.contains("nginx.ingress.kubernetes.io/canary-by-cookie is ignored, as canary.annotationsPrefix is another (R1)"))
    }

    // MARK: Failover

    struct Failover: Sendable, CustomTestStringConvertible {
        var mode = "scoped"
        var setting = "canaryToStable"
        let field: String
        let hasOld: Bool
        let hasNew: Bool
        let status: Int
        var body = ""
        var testDescription: String { "\(mode), \(setting), \(field), old \(hasOld), new \(hasNew)" }
    }

    @Test(arguments: [
        Failover(setting: "canaryToStable", field: "X: always", hasOld: true, hasNew: false, status: 200, body: "old\n"),
        Failover(setting: "canaryToStable", field: "X: never", hasOld: false, hasNew: true, status: 503),
        Failover(setting: "none", field: "X: always", hasOld: true, hasNew: false, status: 503),
        Failover(setting: "none", field: "X: never", hasOld: false, hasNew: true, status: 503),
        Failover(setting: "both", field: "X: never", hasOld: false, hasNew: true, status: 200, body: "new\n"),
        Failover(setting: "both", field: "X: always", hasOld: true, hasNew: false, status: 200, body: "old\n"),
        Failover(setting: "both", field: "X: always", hasOld: false, hasNew: false, status: 503),
        Failover(mode: "ingress-nginx", field: "X: always", hasOld: true, hasNew: false, status: 200, body: "old\n"),
        Failover(mode: "ingress-nginx", field: "X: always", hasOld: false, hasNew: true, status: 503),
    ])
    func aVersionWithoutEndpoints(_ test: Failover) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(.canary(
            old: test.hasOld ? [old] : [], new: test.hasNew ? [new] : [], ["canary-by-header": "X"],
            settings: "canary: {compatibility: \(test.mode), failover: \(test.setting)}"))
        let response = try serin.client().get(fields: [test.field])
        #expect(response.status == test.status)
        if test.status == 200 {
            #expect(response.text == test.body)
            #expect(try serin.metrics().requests(["reason": "failover", "code": "2xx"]) == 1)
        } else {
            #expect(response["Retry-After"] != nil)
        }
    }

    @Test func retriesStayWithinTheVersion() throws {
        let old = try RecordingOrigin.named("old")
        let new = try RecordingOrigin { connection in _ = try connection.readRequest() }
        let serin = try SerinProcess(.canary(old: [old], new: [new], ["canary-by-header": "X"]))
        #expect(try serin.client().get(fields: ["X: always"]).status == 502)
        #expect(old.requests.isEmpty)
        #expect(new.connectionCount == 3)
    }
}
