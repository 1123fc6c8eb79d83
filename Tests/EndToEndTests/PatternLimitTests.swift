import Testing

/// Patterns whose search is too much work: given up, counted, and no way to what stands behind them.
@Suite struct PatternLimitTests {
    private static let header = "X: " + String(repeating: "a", count: 40) + "b"

    @Test func aSearchThatIsGivenUpIsCounted() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new"), other = try RecordingOrigin.named("other")
        let serin = try SerinProcess(TestConfiguration(
            services: ["old": [old.address.description], "new": [new.address.description], "other": [other.address.description]],
            manifests: [
                Manifests.ingress("main", host: "a.test", service: "old"),
                Manifests.canary("one", host: "a.test", service: "new", ["canary-by-header": "X", "canary-by-header-pattern": "^(a+)+$"]),
                Manifests.canary("two", host: "a.test", service: "other", ["canary-weight": "100"]),
                Manifests.ingress(
                    "paths", host: "b.test", path: "/(a+)+$", type: "ImplementationSpecific", service: "old",
                    annotations: ["nginx.ingress.kubernetes.io/use-regex": "true"]),
            ]))
        let client = try serin.client()
        #expect(try client.get(host: "a.test").text == "other\n")
        #expect(try serin.metrics().sum("serin_pattern_failures_total") == 0)
        #expect(try client.get(host: "a.test", fields: [Self.header]).text == "other\n")
        #expect(try serin.metrics().sum("serin_pattern_failures_total") == 1)
        #expect(try client.get("/" + String(repeating: "a", count: 40) + "b", host: "b.test").status == 404)
        #expect(try serin.metrics().sum("serin_pattern_failures_total") == 2)
        #expect(new.requests.isEmpty)
    }
}
