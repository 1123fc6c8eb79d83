import Testing

/// Serin gives a client the cookie that its weight sticks to, and says what it decided, over the wire.
@Suite struct StickyCookieTests {
    @Test func bothVersionsStick() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(.canary(
            old: [old], new: [new],
            [
                "serin.dev/canary-weight": "50", "serin.dev/canary-hash-cookie": "Serin-ID",
                "serin.dev/canary-hash-cookie-max-age": "session", "serin.dev/canary-hash-cookie-samesite": "strict",
            ]))
        let client = try serin.client()
        var count = 0
        for _ in 0..<60 {
            let first = try client.get()
            let cookie = try #require(first["Set-Cookie"])
            let pair = cookie.prefix { $0 != ";" }
            #expect(pair.hasPrefix("Serin-ID=") && pair.utf8.count == 41)
            #expect(cookie.dropFirst(pair.count) == "; Path=/; SameSite=Strict; HttpOnly")
            for _ in 0..<3 {
                let again = try client.get(fields: ["Cookie: a=b; \(pair)"])
                #expect(again.text == first.text)
                #expect(again["Set-Cookie"] == nil)
            }
            if first.text == "new\n" { count += 1 }
        }
        // Half of 60 with a standard deviation of 3.9, here more than five of them.
        #expect((9...51).contains(count), "\(count)")
    }

    /// A canary's own fields, query and path, beside a main Ingress that rewrites and one that does not.
    @Test(arguments: ["scoped", "ingress-nginx"]) func aCanaryChangesItsRequests(_ mode: String) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let canary = [
            "canary-by-header": "X-Canary", "serin.dev/canary-request-set-header": "x-release: 2", "serin.dev/canary-request-add-query": "v=2",
            "serin.dev/canary-response-set-header": "x-served-by: next",
        ]
        func next(_ target: String) -> [String: String] { canary.merging(["serin.dev/canary-rewrite-target": target]) { one, _ in one } }
        let rewrite = ["nginx.ingress.kubernetes.io/rewrite-target": "/$1"]
        let serin = try SerinProcess(TestConfiguration(
            services: [
                "old": [old.address.description], "new": [new.address.description], "old-api": [old.address.description],
                "new-api": [new.address.description],
            ],
            manifests: [
                Manifests.ingress("plain", host: "a.test", path: "/shop", service: "old"),
                Manifests.canary("next", host: "a.test", path: "/shop", service: "new", next("/v2$1")),
                Manifests.ingress("regex", host: "b.test", path: "/api/(.*)", type: "ImplementationSpecific", service: "old-api", annotations: rewrite),
                Manifests.canary("beta", host: "b.test", path: "/api/(.*)", service: "new-api", next("/beta/$1")),
            ],
            settings: "canary: {compatibility: \(mode)}"))
        let client = try serin.client()
        for (target, host) in [("/shop/a%20b?q", "a.test"), ("/api/x", "b.test")] {
            #expect(try client.get(target, host: host)["x-served-by"] == nil)
            #expect(try client.get(target, host: host, fields: ["X-Canary: always", "X-Release: 7"])["x-served-by"] == "next")
        }
        #expect(old.requests.map(\.head.startLine) == ["GET /shop/a%20b?q HTTP/1.1", "GET /x HTTP/1.1"])
        #expect(new.requests.map(\.head.startLine) == ["GET /v2/a%20b?q&v=2 HTTP/1.1", "GET /beta/x?v=2 HTTP/1.1"])
        #expect(new.requests.map { $0["x-release"] } == ["2", "2"])
    }

    @Test func theDecisionShows() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(.canary(
            old: [old], new: [new],
            [
                "canary-by-header": "X-Canary", "serin.dev/canary-request-header": "x-release: canary",
                "serin.dev/canary-response-header": "x-version", "serin.dev/canary-response-cookie": "arm=b",
            ]))
        let client = try serin.client()
        let canary = try client.get(fields: ["X-Canary: always"])
        #expect(canary["x-version"] == "canary")
        #expect(canary["Set-Cookie"] == "arm=b; Path=/; SameSite=Lax")
        #expect(new.requests.map { $0["x-release"] } == ["canary"])
        let stable = try client.get(fields: ["X-Release: canary"])
        #expect(stable["x-version"] == "stable")
        #expect(stable["Set-Cookie"] == "arm=; Path=/; Max-Age=0; SameSite=Lax")
        #expect(old.requests.map { $0["x-release"] } == [nil])
    }
}
