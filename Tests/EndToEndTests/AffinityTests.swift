import Testing

/// Session affinity over the wire (R28–R31), in both modes.
@Suite struct AffinityTests {
    private static let prefix = "nginx.ingress.kubernetes.io/"
    private static let modes = ["scoped", "ingress-nginx"]

    private static func configuration(
        _ mode: String, _ origins: [RecordingOrigin], _ annotations: [String: String] = [:], canary: [String: String]? = nil,
        next: [RecordingOrigin] = []
    ) -> TestConfiguration {
        let full = Dictionary(uniqueKeysWithValues: annotations.merging(["affinity": "cookie"]) { $1 }.map { (prefix + $0.key, $0.value) })
        return TestConfiguration(
            services: ["app": origins.map(\.address.description), "next": next.map(\.address.description)],
            manifests: [Manifests.ingress("app", service: "app", annotations: full)]
                + (canary.map { [Manifests.canary("next", service: "next", $0)] } ?? []),
            settings: "canary: {compatibility: \(mode)}")
    }

    private static func origins(_ names: String...) throws -> [RecordingOrigin] { try names.map { try RecordingOrigin.named($0) } }

    /// `NAME=VALUE` of the Set-Cookie field.
    private static func cookie(_ response: Response) throws -> String {
        String(try #require(response["Set-Cookie"]).prefix { $0 != ";" })
    }

    /// Set once; then the endpoint is the same, in another process too; `explain` names it.
    @Test(arguments: modes, ["balanced", "persistent"]) func r28(_ mode: String, _ affinity: String) throws {
        let origins = try Self.origins("a", "b", "c")
        let configuration = Self.configuration(mode, origins, ["affinity-mode": affinity])
        let serin = try SerinProcess(configuration), replica = try SerinProcess(configuration)
        var met: Set<String> = []
        for _ in 0..<12 {
            let client = try serin.client()
            let first = try client.get("/x")
            let set = try #require(first["Set-Cookie"])
            #expect(set.hasPrefix("INGRESSCOOKIE=") && set.hasSuffix("; Path=/; HttpOnly"), "\(set)")
            let cookie = try Self.cookie(first)
            met.insert(first.text)
            for proxy in [serin, replica] {
                let again = try proxy.client().get("/y", fields: ["Cookie: \(cookie)"])
                #expect(again.text == first.text && again["Set-Cookie"] == nil)
            }
            let explained = try serin.ask("/v1/explain", method: "POST", body: #"{"url":"http://x/","headers":{"Cookie":"\#(cookie)"}}"#).text
            let named = origins.indices.first { explained.contains(#""endpoint":"\#(origins[$0].address)""#) }
            #expect(named.map { ["a\n", "b\n", "c\n"][$0] } == first.text, "\(explained)")
            #expect(explained.contains("session cookie, \(affinity)") && explained.contains("stays by its session cookie"), "\(explained)")
        }
        #expect(met.count > 1)
    }

    /// ingress-nginx sets the cookie when an endpoint has been picked, whatever comes of it.
    @Test(arguments: modes) func r28WhateverTheAnswerIs(_ mode: String) throws {
        let origin = try RecordingOrigin { connection in
            guard let request = try connection.readRequest() else { return }
            guard request["Upgrade"] != nil else { return try connection.send("nonsense\r\n\r\n") }
            try connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        }
        let serin = try SerinProcess(Self.configuration(mode, [origin]))
        let broken = try serin.client().get()
        #expect(broken.status == 502)
        let cookie = try Self.cookie(broken)
        #expect(cookie.hasPrefix("INGRESSCOOKIE="))
        #expect(try serin.client().get(fields: ["Cookie: \(cookie)"])["Set-Cookie"] == nil)
        let upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        let tunnel = try serin.client()
        try tunnel.send(upgrade + "\r\n")
        let head = try tunnel.readHead()
        #expect(try RawClient.status(of: head) == 101)
        #expect(head["Set-Cookie"]?.hasPrefix("INGRESSCOOKIE=") == true)
        let again = try serin.client()
        try again.send(upgrade + "Cookie: \(cookie)\r\n\r\n")
        #expect(try again.readHead()["Set-Cookie"] == nil)
        // No endpoint was picked.
        #expect(try serin.reload(Self.configuration(mode, [])).status == 200)
        let none = try serin.client().get()
        #expect(none.status == 503 && none["Set-Cookie"] == nil)
    }

    @Test(arguments: modes) func r28Attributes(_ mode: String) throws {
        let origins = try Self.origins("a")
        let serin = try SerinProcess(Self.configuration(mode, origins, [
            "session-cookie-name": "sid", "session-cookie-path": "/p", "session-cookie-domain": "example.com", "session-cookie-max-age": "60",
            "session-cookie-expires": "60", "session-cookie-samesite": "None", "session-cookie-conditional-samesite-none": "true",
            "session-cookie-secure": "true",
        ]))
        let set = try #require(try serin.client().get()["Set-Cookie"])
        #expect(set.hasPrefix("sid=") && set.contains("; Expires=") && set.contains(" GMT; Max-Age=60; Domain=example.com; Path=/p; Secure; HttpOnly"))
        #expect(set.hasSuffix("; SameSite=None"))
        let old = try #require(try serin.client().get(fields: ["User-Agent: Chrome/51.0"])["Set-Cookie"])
        #expect(old.hasSuffix("; HttpOnly"))
    }

    /// A client keeps its cookie while its endpoint is away, or gets another one for good.
    @Test(arguments: modes, [false, true]) func r28Failure(_ mode: String, _ changes: Bool) throws {
        let origins = try Self.origins("a", "b", "c")
        let serin = try SerinProcess(Self.configuration(mode, origins, ["session-cookie-change-on-failure": "\(changes)"]))
        let first = try serin.client().get()
        let cookie = try Self.cookie(first)
        let index = try #require(["a\n", "b\n", "c\n"].firstIndex(of: first.text))
        origins[index].stop()
        let instead = try serin.client().get(fields: ["Cookie: \(cookie)"])
        #expect(instead.status == 200 && instead.text != first.text)
        #expect((instead["Set-Cookie"] != nil) == changes)
        guard changes else { return }
        let changed = try serin.client().get(fields: ["Cookie: \(try Self.cookie(instead))"])
        #expect(changed.text == instead.text && changed["Set-Cookie"] == nil)
    }

    /// R29: a client stays with its version, whatever becomes of the weight.
    @Test(arguments: modes) func r29Weight(_ mode: String) throws {
        let old = try Self.origins("old", "old"), new = try Self.origins("new", "new")
        let serin = try SerinProcess(Self.configuration(mode, old, canary: ["canary-weight": "50"], next: new))
        var cookies: [String: String] = [:]
        for _ in 0..<20 {
            let answer = try serin.client().get()
            cookies[answer.text] = try Self.cookie(answer)
        }
        #expect(cookies.count == 2, "both versions")
        for weight in ["0", "100"] {
            #expect(try serin.reload(Self.configuration(mode, old, canary: ["canary-weight": weight], next: new)).status == 200)
            for (version, cookie) in cookies {
                let answer = try serin.client().get(fields: ["Cookie: \(cookie)"])
                #expect(answer.text == version && answer["Set-Cookie"] == nil, "weight \(weight)")
            }
            #expect(try serin.client().get().text == (weight == "0" ? "old\n" : "new\n"))
        }
        #expect(try serin.metrics().requests(["reason": "affinity"]) == 4)
    }

    /// R29 and point 5 of `scoped`: who comes first, the session cookie or an explicit rule.
    @Test(arguments: modes) func r29Header(_ mode: String) throws {
        let old = try Self.origins("old", "old"), new = try Self.origins("new", "new")
        let serin = try SerinProcess(Self.configuration(mode, old, canary: ["canary-by-header": "X"], next: new))
        let stable = try Self.cookie(try serin.client().get())
        let forced = try serin.client().get(fields: ["X: always", "Cookie: \(stable)"])
        #expect(forced.text == (mode == "scoped" ? "new\n" : "old\n"))
        #expect(forced["Set-Cookie"] == nil, "the client returns to where it was")
        #expect(try serin.client().get(fields: ["Cookie: \(stable)"]).text == "old\n")
        let canary = try Self.cookie(try serin.client().get(fields: ["X: always"]))
        #expect(try serin.client().get(fields: ["Cookie: \(canary)"]).text == "new\n")
        #expect(try serin.client().get(fields: ["X: never", "Cookie: \(canary)"]).text == (mode == "scoped" ? "old\n" : "new\n"))
    }

    /// R30: the canary sets no cookie; main's cookie keeps from the canary in `ingress-nginx` only.
    @Test(arguments: modes) func r30Legacy(_ mode: String) throws {
        let old = try Self.origins("old", "old"), new = try Self.origins("new", "new")
        let annotations = ["canary-by-header": "X", "affinity-canary-behavior": "legacy"]
        let serin = try SerinProcess(Self.configuration(mode, old, canary: annotations, next: new))
        let canary = try serin.client().get(fields: ["X: always"])
        #expect(canary.text == "new\n" && canary["Set-Cookie"] == nil)
        let cookie = try Self.cookie(try serin.client().get())
        #expect(try serin.client().get(fields: ["X: always", "Cookie: \(cookie)"]).text == (mode == "scoped" ? "new\n" : "old\n"))
        #expect(try serin.client().get(fields: ["Cookie: \(cookie)"])["Set-Cookie"] == nil)
    }

    /// A response that caches may share gives nobody's cookie to others; ingress-nginx minds less.
    @Test(arguments: modes) func r28SharedCaches(_ mode: String) throws {
        let origin = try RecordingOrigin.answering("HTTP/1.1 200 OK\r\nCache-Control: public, max-age=60\r\nContent-Length: 2\r\n\r\nok")
        let serin = try SerinProcess(Self.configuration(mode, [origin]))
        #expect((try serin.client().get()["Set-Cookie"] == nil) == (mode == "scoped"))
    }
}
