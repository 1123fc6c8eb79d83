import Testing

/// What `serin explain` says of the rules beyond those of ingress-nginx: each rule with its result, and what the decision leaves
/// on the heads. `POST /v1/explain` says the same, see `AdminTests`.
@Suite struct ExplainRulesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let annotations: [String: String]
        var target = "/"
        var arguments: [String] = []
        /// Lines of the chain, in this order.
        let says: [String]
        /// In `ingress-nginx` mode, if that is different.
        var exact: [String]?
        var testDescription: String { name }
    }

    private static let list = ["canary-by-header": "Region", "serin.dev/canary-by-header-value": "cd||sz"]
    private static let source = ["serin.dev/canary-by-source-range": "203.0.113.0/24"]
    private static let marked = [
        "canary-by-header": "X-Canary", "serin.dev/canary-request-header": "X-Release", "serin.dev/canary-response-header": "X-Version: next",
        "serin.dev/canary-response-cookie": "version",
    ]

    private static func all(_ sets: [String: String]...) -> [String: String] {
        sets.reduce(["serin.dev/canary-match": "all"]) { $0.merging($1) { one, _ in one } }
    }

    static let cases: [Case] = [
        Case(
            name: "a list", annotations: list, arguments: ["-H", "Region: sz"],
            says: [#"header of default/shop-canary: header region is "sz", asked for header region = cd or sz → canary"#]),
        Case(
            name: "a cookie's number", annotations: ["canary-by-cookie": "uid", "serin.dev/canary-by-cookie-mod": "100 < 10"],
            arguments: ["-H", "Cookie: uid=1010"],
            says: [#"cookie of default/shop-canary: cookie uid is "1010", asked for cookie uid mod 100 < 10 → undecided"#]),
        Case(
            name: "a query's pattern", annotations: ["serin.dev/canary-by-query": "v", "serin.dev/canary-by-query-pattern": "^2"], target: "/?v=2.1",
            says: [#"query of default/shop-canary: query v is "2.1", asked for query v ~ ^2 → canary"#]),
        Case(
            name: "an address", annotations: source, arguments: ["--client-ip", "198.51.100.1"],
            says: ["source-range of default/shop-canary: the client is 198.51.100.1, not client address in 203.0.113.0/24 → undecided"]),
        Case(
            name: "several together", annotations: all(list, source), arguments: ["-H", "Region: cd", "--client-ip", "203.0.113.9"],
            says: ["→ holds", "client address in 203.0.113.0/24 → holds", "match of default/shop-canary: all conditions hold → canary"]),
        Case(
            name: "a share of a group", annotations: all(list, ["canary-weight": "100"]), arguments: ["-H", "Region: cd"],
            says: ["→ holds", "all conditions hold, the weight decides → undecided", "weight of default/shop-canary: its weight is everything → canary"]),
        Case(
            name: "several keys", annotations: ["canary-weight": "50", "serin.dev/canary-hash-by": "cookie:uid,clientIP/24"],
            arguments: ["-H", "Cookie: uid=7", "--client-ip", "203.0.113.9"],
            says: [#"the client is cookie uid "7""#, #"the client is client address /24 /64 "203.0.113.0""#, "weight", "bucket"]),
        Case(
            name: "a cookie that is made", annotations: ["canary-weight": "50", "serin.dev/canary-hash-cookie": "sid"],
            says: ["no cookie sid, so a new one is made and set", "bucket", "the client gets Set-Cookie: sid=", "HttpOnly"]),
        Case(
            name: "the marks of the canary", annotations: marked, arguments: ["-H", "X-Canary: always"],
            says: ["the upstream gets X-Release: canary\n", "the client gets X-Version: next\n", "the client gets Set-Cookie: version=canary"]),
        Case(
            name: "the marks of stable", annotations: marked, arguments: ["-H", "X-Canary: never"],
            says: ["the upstream gets X-Release: stable\n", "the client gets Set-Cookie: version=stable"]),
        Case(
            name: "what the canary changes",
            annotations: [
                "canary-by-header": "X-Canary", "serin.dev/canary-request-append-header": "X-Hops: serin",
                "serin.dev/canary-request-add-query": "v=2", "serin.dev/canary-response-add-header": "X-Tag: next",
                "serin.dev/canary-rewrite-target": "/v2$1", "serin.dev/canary-shield": "true",
            ],
            target: "/a", arguments: ["-H", "X-Canary: always"],
            says: [
                "the upstream is asked for /v2/a\n", "if it fails, or answers 502, 503, 504, stable answers", "the upstream gets X-Hops: serin\n",
                "the upstream gets the query with v=2\n", "the client gets X-Tag: next\n",
            ]),
        Case(
            name: "a release's cookie", annotations: ["service-weight": "new: 50, old: 50"], arguments: ["-H", "Cookie: 6666cd76f96956469e7be39d750cc7d9=default-new-80"],
            says: [#"release-cookie of default/shop: cookie 6666cd76f96956469e7be39d750cc7d9 is "default-new-80" → canary"#],
            exact: ["version  stable (no-canary)\n"]),
    ]

    @Test(arguments: cases, ["scoped", "ingress-nginx"]) func chain(_ test: Case, _ mode: String) throws {
        let folder = try TemporaryFolder()
        let isRelease = test.annotations.keys.contains { $0.hasPrefix("service-") }
        let manifests = isRelease
            ? [Manifests.release("shop", old: "old", new: "new", test.annotations)]
            : [Manifests.ingress("shop", service: "old"), Manifests.canary("shop-canary", service: "new", test.annotations)]
        try folder.write(manifests.joined(separator: "---\n"), to: "shop.yaml")
        let settings = """
            manifests: [shop.yaml]
            canary: {compatibility: \(mode)}
            services: {old: ["127.0.0.1:9001"], new: ["127.0.0.1:9002"]}

            """
        try folder.write(settings, to: "serin.yaml")
        let process = try SerinProcess.launch(["explain", "-c", "serin.yaml"] + test.arguments + ["shop.example" + test.target], in: folder)
        #expect(try process.wait() == .exited(0), "\(process.errors)")
        var rest = process.output[...]
        for line in mode == "scoped" ? test.says : test.exact ?? test.says {
            let found = try #require(rest.firstRange(of: line), "\(line) in \(process.output)")
            rest = rest[found.upperBound...]
        }
    }

    /// Which of two canaries of 30 and 20 a client gets, what is said of it, and its range for programs.
    @Test(arguments: [
        ("10", "two-a", "weight of default/two-a: bucket 12 is below 30 of 100 → canary", #""bucket":12,"from":0,"weight":30,"total":100}"#),
        ("4", "two-b", "weight of default/two-b: bucket 31 is in 30..<50 of 100 → canary", #""bucket":31,"from":30,"weight":20,"total":100}"#),
        ("14", "one", "weight: bucket 52 is not below 50 of 100 → stable", #""bucket":52,"from":null,"weight":50,"total":100}"#),
    ])
    func twoCanaries(_ client: String, _ service: String, _ line: String, _ json: String) throws {
        let folder = try TemporaryFolder()
        let key = ["serin.dev/canary-hash-by": "header:uid"]
        let manifests = [
            Manifests.ingress("main", service: "one"),
            Manifests.canary("two-a", service: "two-a", key.merging(["canary-weight": "30"]) { one, _ in one }),
            Manifests.canary("two-b", service: "two-b", key.merging(["canary-weight": "20"]) { one, _ in one }),
        ]
        try folder.write(manifests.joined(separator: "---\n"), to: "shop.yaml")
        try folder.write(
            "manifests: [shop.yaml]\nservices: {one: [\"127.0.0.1:1\"], two-a: [\"127.0.0.1:2\"], two-b: [\"127.0.0.1:3\"]}\n", to: "serin.yaml")
        for (option, expected) in [([], line), (["--json"], json)] {
            let process = try SerinProcess.launch(["explain", "-c", "serin.yaml", "-H", "uid: \(client)"] + option + ["shop.example/"], in: folder)
            #expect(try process.wait() == .exited(0), "\(process.errors)")
            #expect(process.output.contains(expected) && process.output.contains("default/\(service):80"), "\(process.output)")
        }
    }
}
