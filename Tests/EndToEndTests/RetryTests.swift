import Testing

/// `proxy-next-upstream` over the wire (R39), in both modes.
@Suite struct RetryTests {
    private static func serin(_ mode: String, _ annotations: [String: String], _ origins: [RecordingOrigin]) throws -> SerinProcess {
        let full = Dictionary(uniqueKeysWithValues: annotations.map { ("nginx.ingress.kubernetes.io/" + $0.key, $0.value) })
        return try SerinProcess(TestConfiguration(
            services: ["app": origins.map(\.address.description)], manifests: [Manifests.ingress("app", service: "app", annotations: full)],
            settings: "canary: {compatibility: \(mode)}"))
    }

    private static func busy() throws -> RecordingOrigin {
        try .answering("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")
    }

    /// Who is asked for help gives it; who is not asked again is the one that said 503.
    @Test(arguments: ["scoped", "ingress-nginx"]) func r39Status(_ mode: String) throws {
        let busy = try Self.busy(), good = try RecordingOrigin.named("good")
        let serin = try Self.serin(mode, ["proxy-next-upstream": "error timeout http_503"], [busy, good])
        let client = try serin.client()
        for _ in 0..<10 {
            let answer = try client.get()
            #expect(answer.status == 200 && answer.text == "good\n")
        }
        #expect(good.requests.count == 10)
        #expect((1...10).contains(busy.requests.count))
        #expect(try serin.metrics().sum("serin_upstream_retries_total") == busy.requests.count)
        let explained = try serin.ask("/v1/explain", method: "POST", body: #"{"url":"http://x/"}"#).text
        #expect(explained.contains("tried again: error timeout http_503, 3 attempts"), "\(explained)")
        #expect(try serin.ask("/v1/routes").text.contains(#""retry":"error timeout http_503, 3 attempts""#))
    }

    /// The last answer is the client's, whole.
    @Test(arguments: ["scoped", "ingress-nginx"]) func r39AllAreBusy(_ mode: String) throws {
        let origins = try (0..<3).map { _ in try Self.busy() }
        let serin = try Self.serin(mode, ["proxy-next-upstream": "http_503", "proxy-next-upstream-tries": "3"], origins)
        let client = try serin.client()
        for round in 1...4 {
            let answer = try client.get()
            #expect(answer.status == 503 && answer.text == "busy")
            #expect(origins.map(\.requests.count) == [round, round, round], "each is asked once a request")
        }
    }

    /// Without the annotation a status is an answer.
    @Test(arguments: ["scoped", "ingress-nginx"]) func r39Standard(_ mode: String) throws {
        let busy = try Self.busy(), good = try RecordingOrigin.named("good")
        let serin = try Self.serin(mode, [:], [busy, good])
        let client = try serin.client()
        #expect(Set(try (0..<4).map { _ in try client.get().status }) == [200, 503])
    }

    @Test(arguments: ["scoped", "ingress-nginx"]) func r39Off(_ mode: String) throws {
        let gone = try RecordingOrigin.named("gone"), good = try RecordingOrigin.named("good")
        let serin = try Self.serin(mode, ["proxy-next-upstream": "off"], [gone, good])
        gone.stop()
        let statuses = try (0..<4).map { _ in try serin.client().get().status }
        #expect(statuses.filter { $0 == 502 }.count == 1, "once, then it is passed over: \(statuses)")
    }

    @Test(arguments: ["scoped", "ingress-nginx"]) func r39POST(_ mode: String) throws {
        let busy = try Self.busy(), good = try RecordingOrigin.named("good")
        let serin = try Self.serin(mode, ["proxy-next-upstream": "http_503 non_idempotent"], [busy, good])
        let client = try serin.client()
        for _ in 0..<4 {
            let answer = try client.exchange("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody", method: "POST")
            #expect(answer.status == 200)
        }
        #expect(good.requests.map(\.text) == ["body", "body", "body", "body"])
    }
}
