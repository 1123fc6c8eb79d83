import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// The annotations of R32, in both modes.
@Suite struct BalancingAnnotationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let annotations: [String: String]
        let balancing: String
        /// A part of each warning.
        var warnings: [String] = []
        var testDescription: String { "R32 \(name)" }
    }

    static let cases: [Case] = [
        Case(name: "nothing", annotations: [:], balancing: "round robin"),
        Case(name: "round robin", annotations: ["load-balance": "round_robin"], balancing: "round robin"),
        Case(name: "ewma", annotations: ["load-balance": " ewma\n"], balancing: "ewma"),
        Case(
            name: "another word", annotations: ["load-balance": "least_conn"], balancing: "round robin",
            warnings: ["\"least_conn\" is neither round_robin nor ewma: round_robin is used instead (R32)"]),
        Case(name: "empty", annotations: ["load-balance": " "], balancing: "round robin", warnings: ["is empty: counts as not set"]),
        Case(name: "a hash", annotations: ["upstream-hash-by": "$request_uri"], balancing: "hash of $request_uri"),
        Case(name: "an empty hash", annotations: ["upstream-hash-by": ""], balancing: "round robin", warnings: ["is empty: counts as not set"]),
        Case(
            name: "a hash beats load-balance", annotations: ["upstream-hash-by": "$host", "load-balance": "ewma"], balancing: "hash of $host",
            warnings: ["load-balance: \"ewma\" is never looked at beside upstream-hash-by"]),
        Case(
            name: "an unknown variable", annotations: ["upstream-hash-by": "$host$pid", "load-balance": "ewma"], balancing: "ewma",
            warnings: ["upstream-hash-by: \"$host$pid\" is dropped, requests are spread without it: there is no $pid; there are $request_uri,"]),
        Case(
            name: "a stray dollar", annotations: ["upstream-hash-by": "$host$"], balancing: "round robin",
            warnings: ["is dropped, requests are spread without it: a `$` without a name"]),
        Case(name: "no variable", annotations: ["upstream-hash-by": "x"], balancing: "hash of x", warnings: ["all requests get the same endpoint"]),
        Case(
            name: "groups", annotations: ["upstream-hash-by": "$host", "upstream-hash-by-subset": "true"],
            balancing: "hash of $host to groups of 3"),
        Case(
            name: "groups of two", annotations: ["upstream-hash-by": "$host", "upstream-hash-by-subset": "t", "upstream-hash-by-subset-size": "2"],
            balancing: "hash of $host to groups of 2"),
        Case(
            name: "groups of none", annotations: ["upstream-hash-by": "$host", "upstream-hash-by-subset": "1", "upstream-hash-by-subset-size": "0"],
            balancing: "hash of $host to groups of 3"),
        Case(
            name: "a bad size", annotations: ["upstream-hash-by": "$host", "upstream-hash-by-subset": "1", "upstream-hash-by-subset-size": "-1"],
            balancing: "hash of $host to groups of 3", warnings: ["\"-1\" is not a whole number from 0 on: 3 is used instead"]),
        Case(name: "no groups", annotations: ["upstream-hash-by": "$host", "upstream-hash-by-subset": "false"], balancing: "hash of $host"),
        Case(
            name: "not a boolean", annotations: ["upstream-hash-by": "$host", "upstream-hash-by-subset": "yes"], balancing: "hash of $host",
            warnings: ["is not a boolean: the hash chooses one endpoint"]),
        Case(
            name: "groups without a hash", annotations: ["upstream-hash-by-subset": "true"], balancing: "round robin",
            warnings: ["does nothing without upstream-hash-by; add it"]),
        Case(
            name: "a size without groups", annotations: ["upstream-hash-by": "$host", "upstream-hash-by-subset-size": "2"], balancing: "hash of $host",
            warnings: ["does nothing without upstream-hash-by-subset; add it"]),
    ]

    @Test(arguments: cases, Compatibility.allCases)
    func read(_ test: Case, _ mode: Compatibility) {
        // Refused whole: `AdmissionTests`.
        if mode == .ingressNginx, ["another word", "empty", "not a boolean"].contains(test.name) { return }
        let loaded = Loaded([.main("main", "a/ shop", annotations: test.annotations)], empty: [], settings: "compatibility: \(mode.rawValue)")
        #expect(loaded.snapshot.backends.map(\.balancing.description) == [test.balancing])
        #expect(loaded.messages.count == test.warnings.count, "\(loaded.messages)")
        for (message, part) in zip(loaded.messages, test.warnings) { #expect(message.contains(part), "\(message)") }
    }

    struct Plan: Sendable, CustomTestStringConvertible {
        let name: String
        let ingresses: [Ingress]
        /// `host/path`, then how stable and each canary are balanced; scoped, then ingress-nginx.
        let scoped: [String]
        let exact: [String]
        /// A part of each line that `ingress-nginx` says besides.
        var messages: [String] = []
        var testDescription: String { name }
    }

    static let plans: [Plan] = [
        Plan(
            name: "R36 a canary says for itself",
            ingresses: [
                .main("main", "a/ shop", annotations: ["load-balance": "ewma"]),
                .canary("next", "a/ next", annotations: ["canary-weight": "1", "upstream-hash-by": "$host"]),
            ],
            scoped: ["a/ ewma, hash of $host"], exact: ["a/ ewma, hash of $host"]),
        Plan(
            name: "R36 a canary has nothing of its main",
            ingresses: [.main("main", "a/ shop", annotations: ["load-balance": "ewma"]), .canary("next", "a/ next")],
            scoped: ["a/ ewma, round robin"], exact: ["a/ ewma, round robin"]),
        Plan(
            name: "R13 the first that names a Service says for all",
            ingresses: [.main("one", day: 1, "a/ shop", annotations: ["load-balance": "ewma"]), .main("two", day: 2, "b/ shop")],
            scoped: ["a/ ewma", "b/ round robin"], exact: ["a/ ewma", "b/ ewma"]),
        Plan(
            name: "R13 a later one is not heard",
            ingresses: [.main("one", day: 1, "a/ shop"), .main("two", day: 2, "b/ shop", annotations: ["load-balance": "ewma"])],
            scoped: ["a/ round robin", "b/ ewma"], exact: ["a/ round robin", "b/ round robin"],
            messages: ["Ingress default/two: Service default/shop:80 is balanced by round robin, as Ingress default/one says, which names it first (R13)"]),
        Plan(
            name: "R13 but for a default backend",
            ingresses: [
                .main("one", day: 1, "a/ shop"), .main("two", day: 2, "b/x mall", defaultBackend: "shop", annotations: ["load-balance": "ewma"]),
            ],
            scoped: ["a/ round robin", "b/ ewma", "b/x ewma"], exact: ["a/ ewma", "b/ ewma", "b/x ewma"]),
    ]

    @Test(arguments: plans, Compatibility.allCases)
    func planned(_ test: Plan, _ mode: Compatibility) {
        let loaded = Loaded(test.ingresses, empty: [], settings: "compatibility: \(mode.rawValue)")
        let backends = loaded.snapshot.backends
        let found = loaded.snapshot.routes.routes.map { route in
            "\(route.host)\(route.path) " + ([route.stable] + route.canaries.map(\.backend)).map { "\(backends[$0].balancing)" }.joined(separator: ", ")
        }
        #expect(found.sorted() == (mode == .scoped ? test.scoped : test.exact))
        let messages = mode == .scoped ? [] : test.messages
        #expect(loaded.messages.count == messages.count, "\(loaded.messages)")
        for (message, part) in zip(loaded.messages, messages) { #expect(message.contains(part), "\(message)") }
    }

    /// Endpoints that a name has resolved to are balanced as it was.
    @Test func otherEndpoints() {
        let backend = Backend(name: "a", endpoints: [], balancing: .ewma).replacing(endpoints: [Endpoint(address: .ipv4(1, port: 1))])
        #expect(backend.balancing == .ewma && backend.endpoints.count == 1 && !backend.isPlaced)
    }
}
