import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// What settings do to the compiled snapshot; what manifests do is in the golden files.
@Suite struct CompilerTests {
    private static let manifests = """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: shop}
        spec:
          rules:
          - http:
              paths:
              - {path: /number, pathType: Exact, backend: {service: {name: shop, port: {number: 80}}}}
              - {path: /name, pathType: Exact, backend: {service: {name: shop, port: {name: http}}}}
              - {path: /admin, pathType: Exact, backend: {service: {name: shop, port: {number: 81}}}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: shop}
        spec: {ports: [{name: http, port: 80}, {name: admin, port: 81}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: shop-1, labels: {kubernetes.io/service-name: shop}}
        ports: [{name: http, port: 8080}, {name: admin, port: 8081}]
        endpoints: [{addresses: [10.0.0.1]}]

        """

    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let services: String
        /// Backends of /number, /name and /admin.
        let expect: [String]
        var messages: [String] = []
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "none", services: "{}", expect: ["80 [10.0.0.1:8080]", "80 [10.0.0.1:8080]", "81 [10.0.0.1:8081]"]),
        Case(name: "every port", services: "{shop: [127.0.0.1:1]}", expect: ["80 [127.0.0.1:1]", "80 [127.0.0.1:1]", "81 [127.0.0.1:1]"]),
        Case(name: "by number", services: "{shop:80: [127.0.0.1:1]}", expect: ["80 [127.0.0.1:1]", "80 [127.0.0.1:1]", "81 [10.0.0.1:8081]"]),
        Case(name: "by name", services: "{default/shop:http: [127.0.0.1:1]}", expect: ["80 [127.0.0.1:1]", "80 [127.0.0.1:1]", "81 [10.0.0.1:8081]"]),
        Case(
            name: "the port before every port", services: "{shop: [127.0.0.1:1], shop:81: [127.0.0.1:2, {address: \"127.0.0.1:3\", weight: 4}]}",
            expect: ["80 [127.0.0.1:1]", "80 [127.0.0.1:1]", "81 [127.0.0.1:2, 127.0.0.1:3*4]"]),
        Case(
            name: "another namespace", services: "{team/shop: [127.0.0.1:1]}",
            expect: ["80 [10.0.0.1:8080]", "80 [10.0.0.1:8080]", "81 [10.0.0.1:8081]"],
            messages: ["serin.yaml:1: note: services.team/shop: no Ingress sends requests to this Service and port"]),
        Case(
            name: "no endpoint", services: "{shop:81: []}", expect: ["80 [10.0.0.1:8080]", "80 [10.0.0.1:8080]", "81 []"],
            messages: [
                "test.yaml:10: warning: Ingress default/shop: no endpoint is known for Service default/shop:81, so that all "
                    + "requests of */admin (Exact) are answered 503: `services:` lists it without an address; add one",
            ]),
    ]

    @Test(arguments: cases)
    func services(_ test: Case) {
        let loaded = Loaded(Self.manifests, settings: "services: \(test.services)")
        let backends = loaded.snapshot.routes.routes.map { Listing.backend($0.stable, loaded.snapshot) }
        #expect(backends == test.expect.map { "default/shop:" + $0 })
        #expect(loaded.messages.sorted() == test.messages.sorted())
    }

    @Test func numberAndNameOfAPortAreOneBackend() {
        let loaded = Loaded(Self.manifests)
        #expect(loaded.snapshot.backends.map(\.name) == ["default/shop:80", "default/shop:81"])
    }

    private static let canary = """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: shop}
        spec: {rules: [{http: {paths: [
          {path: /a, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}},
          {path: /b, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}}]}
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: canary, annotations: {nginx.ingress.kubernetes.io/canary: "true",
          nginx.ingress.kubernetes.io/canary-weight: "5"HASH}}
        spec: {rules: [{http: {paths: [
          {path: /a, pathType: Prefix, backend: {service: {name: next, port: {number: 80}}}},
          {path: /b, pathType: Prefix, backend: {service: {name: next, port: {number: 80}}}}]}}]}

        """

    @Test(arguments: [
        ("request", nil, "weight 5/100 by request"), ("clientIP", nil, "weight 5/100 by client address"),
        ("clientIP", "cookie:uid", "weight 5/100 by cookie uid"), ("clientIP", "request", "weight 5/100 by request"),
        ("clientIP", "nonsense", "weight 5/100 by client address"),
        ("clientIP/24", nil, "weight 5/100 by client address /24 /64"),
        ("request", "cookie:uid,clientIP/16/48", "weight 5/100 by cookie uid and client address /16 /48"),
        ("request", "cookie:uid\", serin.dev/canary-hash-seed: \"r 7", "weight 5/100 by cookie uid, seed r 7"),
    ])
    func hashKeys(_ setting: String, _ annotation: String?, _ expect: String) throws {
        let hash = annotation.map { ", serin.dev/canary-hash-by: \"\($0)\"" } ?? ""
        let loaded = Loaded(
            Self.canary.replacing("HASH", with: hash), settings: "{canary: {hashBy: \(setting)}, services: {shop: [a:1], next: [b:1]}}")
        for route in loaded.snapshot.routes.routes {
            let canary = try #require(route.canaries.first)
            #expect(route.ruleTexts(of: 0) == [expect])
            #expect(canary.sequence == 0, "the paths of one canary share its sequence")
        }
        #expect(loaded.snapshot.sequences == ["default/canary"])
        #expect(loaded.messages.count == (annotation == "nonsense" ? 1 : 0))
    }

    /// A path that the canary shares with another is split otherwise than one that it has to itself.
    @Test func pathsSplitOtherwiseHaveSequencesOfTheirOwn() throws {
        let other = """
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: other, annotations: {nginx.ingress.kubernetes.io/canary: "true",
              nginx.ingress.kubernetes.io/canary-weight: "1", nginx.ingress.kubernetes.io/canary-weight-total: "1000"}}
            spec: {rules: [{http: {paths: [{path: /b, pathType: Prefix, backend: {service: {name: next, port: {number: 80}}}}]}}]}

            """
        let loaded = Loaded(
            Self.canary.replacing("HASH", with: "") + other, settings: "{services: {shop: [a:1], next: [b:1]}}")
        #expect(loaded.snapshot.sequences == ["default/canary", "default/canary 2", "default/other"])
        let routes = loaded.snapshot.routes.routes
        #expect(routes.map { $0.canaries.map(\.sequence) } == [[0], [1, 2]])
        // Taken in turn by both paths, each is split exactly.
        let rolls = RollSource(names: loaded.snapshot.sequences) { 0x1234_5678_9ABC_DEF0 }
        let values = RequestValues()
        var canaries = [0, 0]
        for _ in 0..<10_000 {
            for (index, route) in routes.enumerated() {
                guard case .weigh(let draw) = route.decide(values, trace: nil) else { continue }
                let choice = route.weigh(draw, roll: route.roll(for: draw, values, rolls), trace: nil)
                if choice.version != .stable { canaries[index] += 1 }
            }
        }
        #expect((496...504).contains(canaries[0]))
        #expect((506...514).contains(canaries[1]))
    }

    @Test(arguments: [
        ("none", "its requests are answered 503"), ("canaryToStable", "stable answers its requests"),
        ("both", "stable answers its requests"),
    ])
    func aCanaryWithoutEndpoints(_ failover: String, _ expect: String) {
        let loaded = Loaded(
            Self.canary.replacing("HASH", with: ""), settings: "{canary: {failover: \(failover)}, services: {shop: [a:1], next: []}}")
        #expect(loaded.canaries.map(\.inactive) == Array(repeating: "Service default/next:80 has no endpoint, \(expect)", count: 2))
        #expect(loaded.snapshot.failover.rawValue == failover)
    }

    @Test func theMostCanaries() {
        var manifests = Self.canary.replacing("HASH", with: "")
        for number in 1...Route.maximumCanaries {
            manifests += "---\n" + Self.canary.replacing("HASH", with: "").split(separator: "---\n")[1]
                .replacing("name: canary,", with: "name: more-\(number),")
        }
        let loaded = Loaded(manifests, settings: "services: {shop: [a:1], next: [b:1]}")
        #expect(loaded.snapshot.routes.routes.map(\.canaries.count) == [Route.maximumCanaries, Route.maximumCanaries])
        #expect(loaded.canaries.filter { $0.inactive?.contains("has 64 canaries already") == true }.count == 2)
    }

    @Test func diagnosticsAreOneLine() {
        let diagnostic = Diagnostic(file: "a\"b", line: 3, severity: .error, object: "x\\y", message: "one\ntwo\t\u{1}\u{202E}é")
        #expect(diagnostic.description == "a\"b:3: error: x\\y: one two\t\u{FFFD}\u{FFFD}é")
    }

    @Test(arguments: [
        ("listner", "listeners", 2), ("listeners", "listeners", 0), ("ab", "ba", 1), ("", "abc", 3), ("kitten", "sitting", 3),
    ])
    func distances(_ left: String, _ right: String, _ expect: Int) {
        #expect(EditDistance.distance(Array(left.utf8), Array(right.utf8)) == expect)
        #expect(EditDistance.distance(Array(right.utf8), Array(left.utf8)) == expect)
    }

    @Test func names() {
        #expect(EditDistance.nearest(to: "listner", among: ["limits", "listeners"]) == "listeners")
        #expect(EditDistance.nearest(to: "xyz", among: ["limits", "listeners"]) == nil)
    }
}
