import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// What `check` and `routes` say of canaries: whether a request can reach them, and what happens instead.
@Suite struct CanaryEffectTests {
    // MARK: Services without endpoints

    struct Endpoints: Sendable, CustomTestStringConvertible {
        var mode = "scoped"
        var failover = "canaryToStable"
        /// Of `shop`, `next` and `sorry`.
        let empty: [String]
        var hasDefaultBackend = false
        var isRelease = false
        /// What follows `so that` in the warnings about `shop` and `next`.
        var shop: String?
        var next: String?
        /// What is said of the canary; nil is in effect.
        var inactive: String?

        var testDescription: String {
            "\(mode), \(failover), without \(empty.joined(separator: " and "))" + (hasDefaultBackend ? ", default-backend" : "")
                + (isRelease ? ", release" : "")
        }
    }

    private static let stableAnswers = "stable answers the canary's requests of a/ (Prefix): "
    private static let stableAnswersExactly = "stable answers the canary's requests of a/ (Prefix) (R21.3): "
    private static let canaryFails = "the canary's requests of a/ (Prefix) are answered 503: "
    private static let onlyCanary = "requests of a/ (Prefix) that no rule and no weight sends to a canary are answered 503: "
    private static let allFail = "all requests of a/ (Prefix) are answered 503: "
    private static let allFailExactly = "all requests of a/ (Prefix) are answered 503, whatever a canary's rules say (R21.0): "
    private static let canaryAnswers = "the canary's Service default/next:80 answers a/ (Prefix) in its place: "
    private static let defaultAnswers = "the default-backend default/sorry:80 answers a/ (Prefix) (R38): "
    private static let lack = "Service default/next:80 has no endpoint, "
    private static let noMain = "the main Service default/shop:80 has no endpoint, so that all requests are answered 503 (R21.0)"

    @Test(arguments: [
        Endpoints(empty: ["next"], next: stableAnswers, inactive: lack + "stable answers its requests"),
        Endpoints(failover: "both", empty: ["next"], next: stableAnswers, inactive: lack + "stable answers its requests"),
        Endpoints(failover: "none", empty: ["next"], next: canaryFails, inactive: lack + "its requests are answered 503"),
        Endpoints(mode: "ingress-nginx", empty: ["next"], next: stableAnswersExactly, inactive: lack + "stable answers its requests (R21.3)"),
        Endpoints(mode: "ingress-nginx", failover: "none", empty: ["next"], next: stableAnswersExactly,
                  inactive: lack + "stable answers its requests (R21.3)"),
        Endpoints(empty: ["shop"], shop: onlyCanary),
        Endpoints(failover: "none", empty: ["shop"], shop: onlyCanary),
        Endpoints(failover: "both", empty: ["shop"], shop: canaryAnswers),
        Endpoints(mode: "ingress-nginx", empty: ["shop"], shop: allFailExactly, inactive: noMain),
        Endpoints(mode: "ingress-nginx", failover: "both", empty: ["shop"], shop: allFailExactly, inactive: noMain),
        Endpoints(empty: ["shop", "next"], shop: allFail, next: canaryFails,
                  inactive: lack + "and stable has none either: its requests are answered 503"),
        Endpoints(failover: "both", empty: ["shop", "next"], shop: allFail, next: canaryFails,
                  inactive: lack + "and stable has none either: its requests are answered 503"),
        Endpoints(failover: "none", empty: ["shop", "next"], shop: allFail, next: canaryFails, inactive: lack + "its requests are answered 503"),
        Endpoints(mode: "ingress-nginx", empty: ["shop", "next"], shop: allFailExactly, next: allFailExactly, inactive: noMain),
        Endpoints(empty: ["shop"], hasDefaultBackend: true, shop: defaultAnswers),
        Endpoints(mode: "ingress-nginx", empty: ["shop"], hasDefaultBackend: true, shop: defaultAnswers),
        Endpoints(failover: "both", empty: ["shop"], hasDefaultBackend: true, shop: defaultAnswers),
        Endpoints(empty: ["shop", "next"], hasDefaultBackend: true, shop: defaultAnswers, next: stableAnswers,
                  inactive: lack + "stable answers its requests"),
        Endpoints(mode: "ingress-nginx", empty: ["shop", "next"], hasDefaultBackend: true, shop: defaultAnswers, next: stableAnswersExactly,
                  inactive: lack + "stable answers its requests (R21.3)"),
        Endpoints(empty: ["shop", "sorry"], hasDefaultBackend: true, shop: onlyCanary),
        Endpoints(failover: "both", empty: ["shop", "sorry"], hasDefaultBackend: true, shop: canaryAnswers),
        Endpoints(empty: ["shop"], isRelease: true, shop: canaryAnswers),
        Endpoints(failover: "none", empty: ["shop"], isRelease: true, shop: canaryAnswers),
        Endpoints(failover: "none", empty: ["next"], isRelease: true, next: stableAnswers, inactive: lack + "stable answers its requests"),
        Endpoints(empty: ["shop", "next"], isRelease: true, shop: allFail, next: canaryFails,
                  inactive: lack + "and stable has none either: its requests are answered 503"),
    ])
    func missingEndpoints(_ test: Endpoints) {
        var annotations = test.hasDefaultBackend ? ["default-backend": "sorry"] : [:]
        if test.isRelease { annotations["service-match"] = "next: header(\"x\", \"y\")" }
        let main = test.isRelease
            ? Ingress.main("main", "a/ shop", "a/ next", annotations: annotations) : .main("main", "a/ shop", annotations: annotations)
        let others = test.isRelease ? [] : [Ingress.canary("next", "a/ next", annotations: ["canary-by-header": "x"])]
        let loaded = Loaded(
            [main, .main("sorry", "s/ sorry")] + others, empty: test.empty.map { "default/" + $0 },
            settings: "compatibility: \(test.mode), failover: \(test.failover)")
        for (service, expected) in [("shop", test.shop), ("next", test.next)] {
            let said = loaded.messages.compactMap { $0.split(separator: "no endpoint is known for Service default/\(service):80, so that ").dropFirst().first }
            #expect(said.count == (expected == nil ? 0 : 1), "\(loaded.messages)")
            #expect(said.first?.hasPrefix(expected ?? "") ?? true, "\(said)")
        }
        #expect(loaded.canaries.map(\.inactive) == [test.inactive])
        let isSorryMissed = loaded.messages.contains { $0.contains("the default-backend sorry has no endpoint either") }
        #expect(isSorryMissed == (test.hasDefaultBackend && test.empty.contains("sorry")))
    }

    /// One Service, two paths: each thing that happens is said once.
    @Test func oneServiceOfSeveralPaths() {
        let loaded = Loaded(
            [.main("main", "a/ shop", "a/1 next", "a/2 next", "a/3 next", "a/4 next"), .canary("next", "a/ next")],
            empty: ["default/next"], settings: "")
        let said = loaded.messages.filter { $0.contains("no endpoint is known") }
        #expect(said.count == 1)
        #expect(said.first?.contains(
            "so that stable answers the canary's requests of a/ (Prefix), and all requests of a/1 (Prefix), a/2 (Prefix), a/3 (Prefix) and 1 more "
                + "are answered 503: ") == true, "\(said)")
    }

    // MARK: Rules that can't come true

    struct Rules: Sendable, CustomTestStringConvertible {
        let name: String
        let annotations: [String: String]
        var main: [String: String] = [:]
        var top = ""
        /// Nil is in effect.
        let inactive: String?
        /// A part of the one warning; nil for none.
        var says: String?
        var testDescription: String { name }
    }

    private static let nothing = "nothing it says can send it a request: "

    @Test(arguments: [
        Rules(name: "no address", annotations: ["serin.dev/canary-by-source-range": "10.0.0.0/33"],
              inactive: nothing + "serin.dev/canary-by-source-range (invalid) never holds", says: "\"10.0.0.0/33\" never holds, it has no CIDR block"),
        Rules(name: "an address and none", annotations: ["serin.dev/canary-by-source-range": "bad, 10.0.0.0/8"], inactive: nil,
              says: "holds \"bad\", which is no address and no CIDR block: it is left out"),
        Rules(name: "a line of several", annotations: ["serin.dev/canary-by-headers": "X-Beta; 1"], inactive: nothing + "X-Beta; 1 (invalid) never holds",
              says: "has the line \"X-Beta; 1\", which never holds; expected lines such as"),
        Rules(name: "a line of all", annotations: ["serin.dev/canary-by-headers": "X-Beta; 1", "serin.dev/canary-match": "all"],
              inactive: nothing + "X-Beta; 1 (invalid) never holds", says: "which never holds, so that the canary gets no request; expected"),
        Rules(name: "no parameter", annotations: ["serin.dev/canary-by-query": ""], inactive: nothing + "query  (invalid) never holds",
              says: "expected the name of a query parameter"),
        Rules(name: "no remainder", annotations: ["canary-by-header": "v", "serin.dev/canary-by-header-mod": "x"],
              inactive: nothing + "serin.dev/canary-by-header-mod (invalid) never holds", says: "expected a divisor"),
        Rules(name: "no such remainder", annotations: ["canary-by-header": "v", "serin.dev/canary-by-header-mod": "100 < 0"],
              inactive: nothing + "header v mod 100 < 0 never holds"),
        Rules(name: "all of which one never holds", annotations: [
            "serin.dev/canary-match": "all", "serin.dev/canary-by-query": "a b", "serin.dev/canary-by-source-range": "10.0.0.0/8",
        ], inactive: nothing + "query a b (invalid) never holds", says: "expected the name of a query parameter"),
        Rules(name: "all of which one never holds, with a weight", annotations: [
            "serin.dev/canary-match": "all", "canary-by-header": "X.Y", "canary-weight": "50",
        ], inactive: nothing + "header x.y is dropped from every request (R22)", says: "(R22) unless `underscoresInHeaders` is on"),
        Rules(name: "a group without a share", annotations: ["serin.dev/canary-match": "all", "canary-by-header": "x", "canary-weight": "0"],
              inactive: nothing + "its weight is 0"),
        Rules(name: "no pattern", annotations: ["canary-by-header": "v", "canary-by-header-pattern": "["],
              inactive: nothing + "header v ~ [ does not compile (R21)",
              says: "nginx.ingress.kubernetes.io/canary-by-header-pattern: the pattern \"[\" never matches"),
        Rules(name: "a field that is dropped", annotations: ["canary-by-header": "X.Y"],
              inactive: nothing + "header x.y is dropped from every request (R22)",
              says: "nginx.ingress.kubernetes.io/canary-by-header: \"X.Y\" never holds: header x.y, whose name holds more"),
        Rules(name: "a field that passes", annotations: ["canary-by-header": "X.Y"], top: "underscoresInHeaders: true", inactive: nil),
        Rules(name: "no field", annotations: ["canary-by-header": "X Y"], top: "underscoresInHeaders: true",
              inactive: nothing + "header x y can't be sent at all (R22)",
              says: "\"X Y\" never holds: header x y can't be sent at all"),
        Rules(name: "an underscore is a hyphen", annotations: ["canary-by-header": "x_canary"], inactive: nil),
        Rules(name: "further fields", annotations: ["serin.dev/canary-by-headers": "X.Y"],
              inactive: nothing + "header x.y is dropped from every request (R22)", says: "serin.dev/canary-by-headers: \"X.Y\" never holds"),
        Rules(name: "one rule of two", annotations: ["canary-by-header": "X.Y", "canary-by-cookie": "c"], inactive: nil, says: "(R22)"),
        Rules(name: "a weight beside a rule", annotations: ["canary-by-header": "X.Y", "canary-weight": "1"], inactive: nil, says: "(R22)"),
        Rules(name: "a key that is dropped", annotations: ["canary-weight": "1", "serin.dev/canary-hash-by": "header:X.Y"], inactive: nil,
              says: "serin.dev/canary-hash-by: \"header:X.Y\" never finds what it is to stick to"),
        Rules(name: "copies", annotations: ["serin.dev/canary-mirror-percent": "5"], inactive: nil),
        Rules(name: "nothing", annotations: [:], inactive: "it has no header, no cookie and no weight above 0 (R27)", says: "(R27)"),
        Rules(name: "nothing but sessions", annotations: [:], main: ["affinity": "cookie"],
              inactive: "it has no header, no cookie and no weight above 0 (R27); only clients that still have its session cookie get it (R29)",
              says: "(R27)"),
    ])
    func rules(_ test: Rules) {
        let loaded = Loaded(
            [.main("main", "a/ shop", annotations: test.main), .canary("next", "a/ next", annotations: test.annotations)], empty: [],
            settings: "", top: test.top)
        #expect(loaded.canaries.map(\.inactive) == [test.inactive])
        let warnings = loaded.diagnostics.filter { $0.severity == .warning }.map(\.message)
        #expect(warnings.count == (test.says == nil ? 0 : 1), "\(warnings)")
        if let says = test.says { #expect(warnings.contains { $0.contains(says) }, "\(warnings)") }
    }

    /// With `canary.failover: both` a canary without a rule answers for a stable version without endpoints.
    @Test func aStandInIsInEffect() {
        let loaded = Loaded(
            [.main("main", "a/ shop"), .canary("next", "a/ next", annotations: [:])], empty: ["default/shop"], settings: "failover: both")
        #expect(loaded.canaries.map(\.inactive) == [nil])
    }

    // MARK: Several Services, several paths (R20, R21.2)

    struct Bound: Sendable, CustomTestStringConvertible {
        let name: String
        let ingresses: [Ingress]
        var empty: [String] = []
        var mode = "ingress-nginx"
        /// Of each route, in the order of their paths, each canary's Service and why it is not in effect.
        let routes: [[String]]
        /// What joined no route.
        var unbound: [String] = []
        /// Whether R20 is noted, and of which paths.
        var note: String?
        var testDescription: String { name }
    }

    private static let twoPaths = Ingress.main("main", "a/ shop", "a/x shop")
    private static let noRule = "it has no header, no cookie and no weight above 0 (R27)"

    @Test(arguments: [
        Bound(name: "a Service of its own for each path",
              ingresses: [twoPaths, .canary("next", "a/ next", "a/x other", annotations: ["canary-weight": "100"])],
              routes: [["default/next:80 in effect"], ["default/next:80 in effect"]],
              unbound: ["a/x: Service default/shop:80 has Service default/next:80 of Ingress default/next for its canary already, so that Service default/other:80 is never asked (R21.2)"],
              note: "a/x (Prefix)"),
        Bound(name: "two Services for one path", ingresses: [.main("main", "a/ shop"), .canary("next", "a/ next", "a/ other")],
              routes: [["default/next:80 in effect"]],
              unbound: ["a/: Service default/shop:80 has Service default/next:80 of Ingress default/next for its canary already, so that Service default/other:80 is never asked (R21.2)"]),
        Bound(name: "a weight of 0", ingresses: [twoPaths, .canary("next", "a/ next", annotations: ["canary-weight": "0"])],
              routes: [["default/next:80 " + noRule], ["default/next:80 " + noRule]]),
        Bound(name: "no endpoint", ingresses: [twoPaths, .canary("next", "a/ next")], empty: ["default/next"],
              routes: Array(repeating: ["default/next:80 " + lack + "stable answers its requests (R21.3)"], count: 2)),
        Bound(name: "in effect", ingresses: [twoPaths, .canary("next", "a/ next")],
              routes: [["default/next:80 in effect"], ["default/next:80 in effect"]], note: "a/x (Prefix)"),
        Bound(name: "two canaries of one header", ingresses: [
            .main("main", "a/ shop"), .canary("next", day: 2, "a/ next", annotations: ["canary-by-header": "x"]),
            .canary("other", day: 3, "a/ other", annotations: ["canary-by-header": "X"]),
        ], mode: "scoped", routes: [["default/next:80 in effect", "default/other:80 " + nothing + "header x sends requests to Ingress default/next first"]]),
    ])
    func bound(_ test: Bound) {
        let loaded = Loaded(test.ingresses, empty: test.empty, settings: "compatibility: \(test.mode)")
        let routes = loaded.snapshot.routes.routes.sorted { $0.path < $1.path }
        #expect(routes.map { route in
            zip(route.canaries, loaded.obstacles[route.index]).map { "\(loaded.snapshot.backends[$0.backend].name) \($1 ?? "in effect")" }
        } == test.routes)
        #expect(loaded.canaries.filter { !$0.isBound }.map { "\($0.host)\($0.path): \($0.inactive ?? "")" } == test.unbound)
        let notes = loaded.messages.filter { $0.contains("(R20)") }
        #expect(notes.count == (test.note == nil ? 0 : 1), "\(notes)")
        if let note = test.note { #expect(notes.contains { $0.contains("takes requests of \(note) as well") }, "\(notes)") }
    }

    // MARK: Weights

    struct Weights: Sendable, CustomTestStringConvertible {
        let name: String
        /// Of each canary its annotations.
        let canaries: [[String: String]]
        var mode = "scoped"
        let rules: [String]
        var inactive: [String?]?
        /// Parts of all messages but that there are several canaries.
        var says: [String] = []
        var testDescription: String { name }
    }

    private static let key = "nginx.ingress.kubernetes.io/canary-weight: "

    @Test(arguments: [
        Weights(name: "within the total", canaries: [["canary-weight": "60"], ["canary-weight": "30"]],
                rules: ["weight 60/100 by request", "weight 30/100 by request"]),
        Weights(name: "the total", canaries: [["canary-weight": "60"], ["canary-weight": "40"]],
                rules: ["weight 60/100 by request", "weight 40/100 by request"],
                says: ["note: Ingress default/c1: \(key)\"40\" completes the weights of the 2 canaries of a/ (Prefix): nothing is left for stable"]),
        Weights(name: "more", canaries: [["canary-weight": "80"], ["canary-weight": "80"]],
                rules: ["weight 80/100 by request", "weight 20/100 (80/100 written) by request"],
                says: ["warning: Ingress default/c1: \(key)\"80\" is more than the older canaries of a/ (Prefix) leave: it counts as 20 of 100, and"]),
        Weights(name: "nothing left", canaries: [["canary-weight": "100"], ["canary-weight": "5", "canary-weight-total": "10"]],
                rules: ["weight 100/100 by request", "weight 0/10 (5/10 written) by request"],
                inactive: [nil, nothing + "the weights before its own leave it nothing of 100"], says: ["it counts as 0 of 10"]),
        Weights(name: "on another scale", canaries: [["canary-weight": "2", "canary-weight-total": "3"], ["serin.dev/canary-weight": "50"]],
                rules: ["weight 2/3 by request", "weight 100/300 (50/100 written) by request"],
                says: ["serin.dev/canary-weight: \"50\" is more…it counts as 100 of 300"]),
        Weights(name: "alone, the total", canaries: [["canary-weight": "100"]], rules: ["weight 100/100 by request"]),
        Weights(name: "alone, more", canaries: [["canary-weight": "150"]], rules: ["weight 100/100 (150/100 written) by request"],
                says: ["warning: Ingress default/c0: \(key)\"150\" is more than the total of 100: it counts as all, and nothing is left for stable (R21.7)"]),
        Weights(name: "alone, more, as ingress-nginx", canaries: [["canary-weight": "150"]], mode: "ingress-nginx",
                rules: ["weight 100/100 (150/100 written) by request"], says: ["(R21.7)"]),
        Weights(name: "a total below 100, as ingress-nginx", canaries: [["canary-weight": "10", "canary-weight-total": "10"]], mode: "ingress-nginx",
                rules: ["weight 10/100 by request"], says: ["canary-weight-total: \"10\" is below 100 and is ignored, the weight is a part of 100…(R21.7)"]),
        Weights(name: "a total above 100, as ingress-nginx", canaries: [["canary-weight": "10", "canary-weight-total": "1000"]], mode: "ingress-nginx",
                rules: ["weight 10/1000 by request"]),
        Weights(name: "the first key serves both",
                canaries: [["canary-weight": "5", "serin.dev/canary-hash-by": "cookie:a", "serin.dev/canary-hash-seed": "s"],
                           ["canary-weight": "5", "serin.dev/canary-hash-by": "cookie:b", "serin.dev/canary-hash-seed": "t"]],
                rules: ["weight 5/100 by cookie a, seed s", "weight 5/100 by cookie a, seed s"],
                says: ["Ingress default/c1: serin.dev/canary-hash-by: \"cookie:b\" is not looked at beside the key of Ingress default/c0",
                       "Ingress default/c1: serin.dev/canary-hash-seed: \"t\" is not looked at beside the seed of Ingress default/c0"]),
        Weights(name: "the first cookie is set",
                canaries: [["canary-weight": "5", "serin.dev/canary-hash-by": "cookie:a"], ["canary-weight": "5", "serin.dev/canary-hash-cookie": "a"]],
                rules: ["weight 5/100 by cookie a", "weight 5/100 by cookie a"],
                says: ["serin.dev/canary-hash-cookie: \"a\" is not looked at beside the cookie of Ingress default/c0"]),
        Weights(name: "nothing to stick",
                canaries: [["canary-by-header": "x", "serin.dev/canary-hash-by": "cookie:a", "serin.dev/canary-hash-seed": "s"]],
                rules: ["header x"],
                says: ["serin.dev/canary-hash-by: \"cookie:a\" does nothing without a weight", "serin.dev/canary-hash-seed: \"s\" does nothing without a weight"]),
    ])
    func weights(_ test: Weights) throws {
        let canaries = test.canaries.enumerated().map { index, annotations in
            Ingress.canary("c\(index)", day: 2 + index, "a/ c\(index)", annotations: annotations)
        }
        let loaded = Loaded([.main("main", "a/ shop")] + canaries, empty: [], settings: "compatibility: \(test.mode)")
        let route = try #require(loaded.snapshot.routes.routes.first)
        #expect(route.canaries.indices.flatMap { route.ruleTexts(of: $0) } == test.rules)
        #expect(loaded.canaries.map(\.inactive) == test.inactive ?? test.canaries.map { _ in nil })
        let said = loaded.messages.filter { !$0.contains("also has the canary") }
        #expect(said.count == test.says.count, "\(said)")
        for part in test.says { #expect(said.contains { PlanCase.fits($0, part) }, "\(part) in \(said)") }
    }

    /// However many paths: one warning.
    @Test func oneWarningForAllPaths() {
        let paths = (0..<20).map { "a/\($0)" }
        let loaded = Loaded(
            [Ingress(name: "main", day: 1, paths: paths.map { $0 + " shop" })]
                + (0...1).map { Ingress(name: "c\($0)", day: 2 + $0, annotations: ["canary": "true", "canary-weight": "80"], paths: paths.map { $0 + " next" }) },
            empty: [], settings: "")
        #expect(loaded.messages.count { $0.contains("is more than the older canaries of a/0 (Prefix) leave") } == 1)
    }

    // MARK: Annotations that another keeps from counting

    struct Shadowed: Sendable, CustomTestStringConvertible {
        let name: String
        let annotations: [String: String]
        /// Parts of all warnings.
        let says: [String]
        var testDescription: String { name }
    }

    private static let nginx = "nginx.ingress.kubernetes.io/"

    @Test(arguments: [
        Shadowed(name: "a vendor's weight", annotations: ["canary-weight": "1", "higress.io/canary-weight": "2", "alb.ingress.kubernetes.io/canary-weight": "3"],
                 says: ["higress.io/canary-weight: \"2\" is not looked at beside \(nginx)canary-weight", "alb.ingress.kubernetes.io/canary-weight: \"3\""]),
        Shadowed(name: "vendors among themselves", annotations: ["higress.io/canary-by-header": "a", "alb.ingress.kubernetes.io/canary-by-header": "b"],
                 says: ["alb.ingress.kubernetes.io/canary-by-header: \"b\" is not looked at beside higress.io/canary-by-header"]),
        Shadowed(name: "a vendor's alone", annotations: ["higress.io/canary-weight": "2"], says: []),
        Shadowed(name: "a vendor's weight beside a header's value", annotations: [
            "higress.io/canary-by-header": "x", "higress.io/canary-by-header-value": "a", "higress.io/canary-weight": "2",
        ], says: ["higress.io/canary-weight: \"2\" counts for the requests that header and cookie do not decide"]),
        Shadowed(name: "a vendor's weight beside a cookie", annotations: ["canary-by-cookie": "c", "alb.ingress.kubernetes.io/canary-weight": "2"],
                 says: ["alb.ingress.kubernetes.io/canary-weight: \"2\" counts for"]),
        Shadowed(name: "a vendor's weight as a share of a group", annotations: [
            "higress.io/canary-by-cookie": "c", "higress.io/canary-weight": "2", "serin.dev/canary-match": "all",
        ], says: []),
        Shadowed(name: "a vendor's weight of nothing beside a cookie", annotations: ["higress.io/canary-by-cookie": "c", "higress.io/canary-weight": "0"], says: []),
        Shadowed(name: "a weight beside a vendor's cookie", annotations: ["higress.io/canary-by-cookie": "c", "canary-weight": "2"], says: []),
        Shadowed(name: "a parameter", annotations: ["canary-by-query": "a", "serin.dev/canary-by-query": "b", "higress.ingress.kubernetes.io/canary-by-query": "c"],
                 says: ["\(nginx)canary-by-query: \"a\" is not looked at beside serin.dev/canary-by-query",
                        "higress.ingress.kubernetes.io/canary-by-query: \"c\" is not looked at beside serin.dev/canary-by-query"]),
        Shadowed(name: "an edit", annotations: ["canary-weight": "1", "canary-request-add-header": "a:1", "serin.dev/canary-request-add-header": "b:2"],
                 says: ["\(nginx)canary-request-add-header: \"a:1\" is not looked at beside serin.dev/canary-request-add-header"]),
        Shadowed(name: "a remainder of nothing",
                 annotations: ["canary-weight": "1", "canary-mod-divisor": "100", "canary-mod-relational-operator": "<", "canary-mod-remainder": "5"],
                 says: ["\(nginx)canary-mod-divisor: \"100\" does nothing without", "\(nginx)canary-mod-relational-operator: \"<\" does nothing without",
                        "\(nginx)canary-mod-remainder: \"5\" does nothing without"]),
        Shadowed(name: "a remainder of something",
                 annotations: ["canary-by-cookie": "c", "canary-mod-divisor": "100", "canary-mod-relational-operator": "<", "canary-mod-remainder": "5"],
                 says: []),
    ])
    func shadowed(_ test: Shadowed) {
        let loaded = Loaded([.main("main", "a/ shop"), .canary("next", "a/ next", annotations: test.annotations)], empty: [], settings: "")
        let warnings = loaded.diagnostics.filter { $0.severity == .warning }.map(\.message)
        #expect(warnings.count == test.says.count, "\(warnings)")
        for part in test.says { #expect(warnings.contains { $0.contains(part) }, "\(part) in \(warnings)") }
    }

    /// What was to narrow a canary does not widen it by being dropped.
    @Test func aRemainderOfNothingAmongOthers() {
        let loaded = Loaded(
            [.main("main", "a/ shop"), .canary("next", "a/ next", annotations: [
                "serin.dev/canary-match": "all", "serin.dev/canary-by-source-range": "10.0.0.0/8", "canary-mod-divisor": "100",
            ])], empty: [], settings: "")
        #expect(loaded.canaries.map { $0.inactive != nil } == [true])
    }

    @Test func severalRulesOfOneService() {
        let loaded = Loaded(
            [.main("main", "a/ shop", "a/ next", annotations: ["service-match": "next: header(\"a\", \"1\"), next: header(\"b\", \"2\")"])],
            empty: [], settings: "")
        #expect(loaded.messages.count == 1 && loaded.messages[0].contains("has several rules for next, of which the last counts"), "\(loaded.messages)")
    }
}
