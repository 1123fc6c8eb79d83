import Addressing
import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// Alibaba ACK's `service-match` and `service-weight`.
@Suite struct ReleaseTests {
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"),
        ("12345678901234567890123456789012345678901234567890123456789012345678901234567890", "57edf4a22be3c955ac49da2e2107b67a"),
    ])
    func md5(_ text: String, _ digest: String) { #expect(MD5.hexDigest(text) == digest) }

    struct Entry: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// As `service kind name ~ value` or `= value`.
        let entries: [String]
        var isWhole = true

        init(_ text: String, _ entries: String..., isWhole: Bool = true) {
            testDescription = text
            self.entries = entries
            self.isWhole = isWhole
        }
    }

    @Test(arguments: [
        Entry(#"new: header("foo", /^bar$/)"#, "new header foo ~ ^bar$"),
        Entry(#"new: cookie("c", "a b")"#, "new cookie c = a b"),
        Entry("new:query(\"q\",\"\")\n", "new query q = "),
        Entry(#" new : header ( "foo" , /a/ ) , new: header("bar", "x")"#, "new header foo ~ a", "new header bar = x"),
        Entry("a: header(\"f\", /x/)\nb: header(\"f\", /y/)", "a header f ~ x", "b header f ~ y"),
        Entry(#"new: header("foo", /^(a|b), c$/)"#, "new header foo ~ ^(a|b), c$"),
        Entry(#"new: header("foo", /a/b/), old: query("x", ")")"#, "new header foo ~ a/b", "old query x = )"),
        Entry(#"new: header("foo", bar)"#, isWhole: false),
        Entry(#"new: header("foo")"#, isWhole: false),
        Entry(#"new: header("", "x")"#, isWhole: false),
        Entry(#"new: header("foo", /bar/"#, isWhole: false),
        Entry(#"new: header("foo", /bar/) x"#, isWhole: false),
        Entry(#"new: header("foo", "say "hi"" )"#, #"new header foo = say "hi""#),
        Entry(#"new: header("foo", "see: header(x)")"#, isWhole: false),
        Entry(#"new: header("foo","bar") new: header("x","y")"#, isWhole: false),
        Entry(#"new: header("foo","bar"); old: header("x","y")"#, isWhole: false),
        Entry(#"new: header("foo","bar" ) ; old: method("x","y")"#, isWhole: false),
        Entry(#"new: header("foo","bar", old: method ("x","y")"#, isWhole: false),
        Entry(#"new: header("foo","x")y")"#, isWhole: false),
        Entry(#"new: header("foo", "a), old: query("x", "b")"#, isWhole: false),
        Entry(#"new: header("foo", /a/) new: header("x", /b/)"#, isWhole: false),
        Entry(#"new: header("foo", /(a/); old:cookie ("x", /b)/)"#, isWhole: false),
        Entry(#"new: header("foo", /a) , old : query("x", /b/)"#, isWhole: false),
        Entry(#"new: header("foo", /(a/)(?:x(y))/)"#, "new header foo ~ (a/)(?:x(y))"),
        Entry(#"a: header("f", "x"), b: header("f","y") c: header("f","z")"#, "a header f = x", isWhole: false),
        Entry("new", isWhole: false),
        Entry(#"a: header("f", /x/), b"#, "a header f ~ x", isWhole: false),
    ])
    func entries(_ test: Entry) {
        var scanner = ReleaseScanner(test.testDescription)
        var entries: [String] = []
        while let entry = scanner.next() {
            entries.append("\(entry.service) \(entry.kind) \(entry.name) \(entry.isPattern ? "~" : "=") \(entry.value)")
        }
        #expect(entries == test.entries)
        #expect(scanner.isAtEnd == test.isWhole)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var match: String?
        var weight: String?
        /// The canary's rules; empty if there is no release.
        var rules: [String] = []
        var stable = "old"
        var warnings: [String] = []
        /// Why it is not in effect; nil if it is, or if there is none.
        var inactive: String?
        var testDescription: String { name }
    }

    private static let pin = "release cookie 6666cd76f96956469e7be39d750cc7d9"
    private static let header = #"new: header("foo", /^bar$/)"#

    static let cases: [Case] = [
        Case(name: "a match", match: header, rules: ["header foo ~ ^bar$"]),
        Case(name: "the last match", match: header + #", new: query("q", "1")"#, rules: ["query q = 1"],
             warnings: ["has several rules for new, of which the last counts"]),
        Case(name: "weights", weight: "new: 20, old: 60", rules: [pin, "weight 25/100 by request"]),
        Case(name: "weights in whole percents", weight: "new: 1, old: 2", rules: [pin, "weight 33/100 by request"]),
        Case(name: "the first is the new one", weight: "old: 50, new: 150", rules: [pin, "weight 25/100 by request"], stable: "new"),
        Case(name: "one weight is against 100", weight: "new: 100", rules: [pin, "weight 50/100 by request"]),
        Case(name: "a match and weights", match: header, weight: "new: 50, old: 50", rules: [pin, "header foo ~ ^bar$", "weight 50/100 by request"]),
        Case(name: "a match and the old one's weight", match: header, weight: "old: 300", rules: [pin, "header foo ~ ^bar$", "weight 25/100 by request"]),
        Case(name: "no sum", match: header, weight: "new: 0, old: 0", rules: ["header foo ~ ^bar$"], warnings: ["no sum"]),
        Case(name: "one of no path", weight: "new: 1, more: 8, old: 1", rules: [pin, "weight 50/100 by request"],
             warnings: ["names the Service more, which no path has: its weight does not count"]),
        Case(name: "a match, and weights of no path", match: header, weight: "foo: 10, bar: 90", rules: ["header foo ~ ^bar$"],
             warnings: ["names the Service foo, which no path has", "names the Service bar, which no path has"]),
        Case(name: "two matches", match: header + #", old: query("q", "1")"#, rules: ["header foo ~ ^bar$"], warnings: ["two Services"]),
        Case(name: "an unknown kind", match: #"new: method("foo", "GET")"#, warnings: ["can't be read", "(R16)"]),
        Case(name: "a value without marks", match: #"new: header("foo", bar)"#, warnings: ["can't be read", "(R16)"]),
        Case(name: "two matches without a comma", match: #"new: header("foo","bar") new: header("x","y")"#, warnings: ["can't be read", "(R16)"]),
        Case(name: "two patterns and a semicolon", match: #"new: header("foo", /(a/); old: header("x", /b)/)"#, warnings: ["can't be read", "(R16)"]),
        Case(name: "a weight that is none", weight: "new: many", warnings: ["can't be read", "(R16)"]),
        Case(name: "a negative weight", weight: "new: -1", warnings: ["can't be read", "(R16)"]),
        Case(name: "nothing", weight: ",", warnings: ["names no Service", "(R16)"]),
        Case(name: "another Service", weight: "other: 1", warnings: ["no path has the Service other", "(R16)"]),
        Case(name: "a pattern that does not compile", match: #"new: header("foo", /(/)"#, rules: ["header foo ~ ( (invalid)"], warnings: ["never matches"],
             inactive: "nothing it says can send it a request: header foo ~ ( does not compile (R21)"),
    ]

    @Test(arguments: cases, ["scoped"]) func compiled(_ test: Case, _ mode: String) throws {
        var annotations = ""
        if let match = test.match { annotations += "\n    nginx.ingress.kubernetes.io/service-match: '\(match)'" }
        if let weight = test.weight { annotations += "\n    nginx.ingress.kubernetes.io/service-weight: '\(weight)'" }
        let manifest = """
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: shop
              annotations:\(annotations)
            spec:
              rules:
              - http:
                  paths:
                  - {path: /, pathType: Prefix, backend: {service: {name: old, port: {number: 80}}}}
                  - {path: /, pathType: Prefix, backend: {service: {name: new, port: {number: 80}}}}

            """
        let loaded = Loaded(manifest, settings: "canary: {compatibility: \(mode)}\nservices: {old: [127.0.0.1:1], new: [127.0.0.1:2]}")
        let route = try #require(loaded.snapshot.routes.routes.first)
        #expect(loaded.snapshot.routes.routes.count == 1)
        #expect(loaded.snapshot.backends[route.stable].name == "default/\(test.stable):80")
        #expect(route.canaries.indices.flatMap { route.ruleTexts(of: $0) } == test.rules)
        #expect(loaded.canaries.map(\.inactive) == (test.rules.isEmpty ? [] : [test.inactive]))
        #expect(route.coversStable == !test.rules.isEmpty)
        let messages = loaded.diagnostics.filter { $0.severity == .warning }.map(\.message)
        #expect(messages.count == test.warnings.count, "\(messages)")
        for (message, part) in zip(messages, test.warnings) { #expect(message.contains(part), "\(message)") }
        // By weights alone, which one is new is nowhere said but by their order.
        let notes = loaded.diagnostics.filter { $0.severity == .note && $0.message.contains("service-weight") }.map(\.message)
        #expect(notes.count == (test.match == nil && !test.rules.isEmpty ? 1 : 0), "\(notes)")
        let new = test.stable == "old" ? "new" : "old"
        #expect(notes.allSatisfy { $0.hasSuffix("takes \(new), which it names first, for the new Service: that is the canary") }, "\(notes)")
    }

    @Test func threeServicesOfAPath() {
        let loaded = Loaded(
            [.main("shop", "a/ old", "a/ new", "b/ more", annotations: ["service-weight": "new: 1, old: 1, more: 8"])], empty: [], settings: "")
        #expect(loaded.messages.contains { $0.contains("names more than two Services; the first two count") }, "\(loaded.messages)")
        #expect(loaded.snapshot.routes.routes[0].canaries.map(\.weight) == [50])
    }
}

extension ReleaseTests {
    private static let weights = ["service-weight": "new: 1, old: 1"]

    /// Where a release stands beside other Ingresses; `MODE` in the settings is each of the two.
    static let tables: [PlanCase] = [
        PlanCase(
            "only where both Services have the path", [.main("shop", "a/ old", "a/ new", "a/x new", "b/ old", annotations: weights)],
            routes: [
                "a/ > default/old:80 + default/new:80 release cookie a8a6ed2d9486ef56f6bb32e0b8fb740e, weight 50/100 by request",
                "a/x > default/new:80", "b/ > default/old:80",
            ], messages: ["note: Ingress default/shop: …takes new, which it names first"]),
        PlanCase(
            "an older Ingress has the path",
            [.main("first", day: 1, "a/ other"), .main("shop", day: 2, "a/ old", "a/ new", annotations: weights)],
            routes: ["a/ > default/other:80"], inactive: ["Ingress default/shop a/: it is a path of another Ingress…(R16)"],
            messages: ["takes new, which it names first", "Ingress default/shop: a/ (Prefix) is already a path of Ingress default/first…R16"]),
        PlanCase(
            "the new Service has no endpoint", [.main("shop", "a/ old", "a/ new", annotations: ["service-match": "new: header(\"x\", \"1\")"])],
            empty: ["default/new"], routes: ["a/ > default/old:80 + default/new:80 (503) header x = 1"],
            inactive: ["Ingress default/shop a/: Service default/new:80 has no endpoint, stable answers"]),
    ]

    @Test(arguments: tables, ["scoped"]) func table(_ test: PlanCase, _ mode: String) { test.check(mode) }
}
