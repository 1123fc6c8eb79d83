import Testing

/// Conditions beyond those of ingress-nginx, over the wire.
@Suite struct ConditionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let annotations: [String: String]
        var target = "/"
        var fields: [String] = []
        let version: String
        let reason: String
        var testDescription: String { name }
    }

    private static let list = ["canary-by-header": "Region", "serin.dev/canary-by-header-value": "cd||sz"]
    private static let cookie = ["canary-by-cookie": "uid", "serin.dev/canary-by-cookie-mod": "100 < 10"]
    private static let query = ["serin.dev/canary-by-query": "v", "serin.dev/canary-by-query-pattern": "^2[.]"]
    private static let source = ["serin.dev/canary-by-source-range": "203.0.113.0/24, 2001:db8::/32"]
    private static let group = list.merging(source) { one, _ in one }.merging(["serin.dev/canary-match": "all"]) { one, _ in one }

    @Test(arguments: [
        Case(name: "one of a list", annotations: list, fields: ["region: sz"], version: "new", reason: "header"),
        Case(name: "none of a list", annotations: list, fields: ["region: bj"], version: "old", reason: "no-rule"),
        Case(name: "a numbered user", annotations: cookie, fields: ["Cookie: uid=20260907"], version: "new", reason: "cookie"),
        Case(name: "another", annotations: cookie, fields: ["Cookie: uid=20260917"], version: "old", reason: "no-rule"),
        Case(name: "a query's pattern", annotations: query, target: "/?a=1&v=2.7", version: "new", reason: "query"),
        Case(name: "which misses", annotations: query, target: "/?v=1.2.", version: "old", reason: "no-rule"),
        Case(name: "an address", annotations: source, fields: ["X-Forwarded-For: 203.0.113.9"], version: "new", reason: "source-range"),
        Case(name: "an address of IPv6", annotations: source, fields: ["X-Forwarded-For: 2001:db8::9"], version: "new", reason: "source-range"),
        Case(name: "another address", annotations: source, version: "old", reason: "no-rule"),
        Case(name: "all", annotations: group, fields: ["Region: cd", "X-Forwarded-For: 203.0.113.9"], version: "new", reason: "match"),
        Case(name: "but one", annotations: group, fields: ["Region: cd"], version: "old", reason: "no-match"),
    ])
    func isChosen(_ test: Case) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(.canary(
            old: [old], new: [new], test.annotations, settings: "trustedProxies: [127.0.0.0/8]"))
        let client = try serin.client()
        for _ in 0..<3 { #expect(try client.get(test.target, fields: test.fields).text == test.version + "\n") }
        let labels = ["reason": test.reason, "version": test.version == "new" ? "canary" : "stable", "code": "2xx"]
        #expect(try serin.metrics().requests(labels) == 3)
    }

    @Test func aShareOfAGroup() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let annotations = Self.list.merging(["serin.dev/canary-match": "all", "canary-weight": "20"]) { one, _ in one }
        let serin = try SerinProcess(.canary(old: [old], new: [new], annotations))
        let client = try serin.client()
        var count = 0
        for _ in 0..<200 where try client.get(fields: ["Region: cd"]).text == "new\n" { count += 1 }
        #expect(abs(count - 40) <= 4, "\(count)")
        for _ in 0..<20 { #expect(try client.get().text == "old\n") }
    }
}
