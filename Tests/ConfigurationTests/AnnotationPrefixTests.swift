import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// `canary.annotationsPrefix`, which is ingress-nginx's `--annotations-prefix` (R1).
@Suite struct AnnotationPrefixTests {
    private static let settings = "canary: {annotationsPrefix: edge.example, compatibility: ingress-nginx}"

    private static func load(_ annotations: [String: String], _ settings: String = settings) -> Loaded {
        var canary = Ingress.canary("canary", "a/ next", annotations: [:])
        canary.annotations = annotations
        return Loaded([.main("main", "a/ shop"), canary].map(\.yaml).joined(separator: "\n---\n"), settings: settings)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let annotations: [String: String]
        /// Canaries of the one route.
        let canaries: Int
        /// Parts of what is said.
        var says: [String] = []
        var mode = "ingress-nginx"
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "a canary", annotations: ["edge.example/canary": "true", "edge.example/canary-weight": "10"], canaries: 1),
        Case(
            name: "under the usual prefix", annotations: ["canary": "true", "canary-weight": "10"], canaries: 0,
            says: ["nginx.ingress.kubernetes.io/canary-weight is ignored, as canary.annotationsPrefix is another (R1); write edge.example/canary-weight"]),
        Case(
            name: "a value that can't be used", annotations: ["edge.example/canary": "true", "edge.example/canary-weight": "x"], canaries: 1,
            says: ["edge.example/canary-weight: \"x\" is not a whole number"]),
        Case(
            name: "rules without canary", annotations: ["edge.example/canary-weight": "10"], canaries: 0,
            says: ["but edge.example/canary is not \"true\""]),
        Case(
            name: "planned, misspelt, under the wrong prefix",
            annotations: [
                "edge.example/canary": "true", "edge.example/canary-weight": "10", "edge.example/enable-cors": "true",
                "edge.example/canary-wieght": "1", "serin.dev/canary-by-header": "X",
            ],
            canaries: 1,
            says: [
                "edge.example/enable-cors is not supported yet", "edge.example/canary-wieght is unknown, ignored; did you mean `canary-weight`?",
                "did you mean `edge.example/canary-by-header`?",
            ]),
        Case(
            name: "Tengine's",
            annotations: ["edge.example/canary": "true", "edge.example/canary-by-query": "q", "edge.example/canary-by-query-value": "1||2"],
            canaries: 1, mode: "scoped"),
        Case(
            name: "refused", annotations: ["edge.example/canary": "true", "edge.example/load-balance": "best"], canaries: 0,
            says: ["edge.example/load-balance: \"best\" is not one of", "(R9)"]),
        Case(
            name: "Serin's and Higress's are as they were",
            annotations: ["higress.io/canary": "true", "higress.io/canary-by-header": "X", "serin.dev/canary-by-header-value": "a||b"], canaries: 1,
            mode: "scoped"),
    ])
    func reads(_ test: Case) {
        let loaded = Self.load(test.annotations, "canary: {annotationsPrefix: edge.example, compatibility: \(test.mode)}")
        #expect(loaded.snapshot.routes.routes.first?.canaries.count == test.canaries, "\(loaded.listing)")
        for part in test.says { #expect(loaded.messages.contains { $0.contains(part) }, "\(part): \(loaded.messages)") }
        let aboutCanary = loaded.messages.filter { $0.contains("Ingress default/canary") && !$0.contains("no endpoint") }
        #expect(aboutCanary.isEmpty == test.says.isEmpty, "\(aboutCanary)")
    }

    @Test(arguments: [
        ("edge.example", true), ("nginx.ingress.kubernetes.io", true), ("internal", true), ("Edge.example", false), ("edge.example/", false),
        ("", false), ("a b", false), ("serin.dev", false), ("higress.io", false), ("alb.ingress.kubernetes.io", false),
    ])
    func names(_ name: String, _ isGood: Bool) {
        #expect((AnnotationPrefix(name) != nil) == isGood)
        let messages = Self.load([:], "canary: {annotationsPrefix: '\(name)'}").messages
        #expect(messages.contains { $0.contains("error: canary.annotationsPrefix: expected a lower-case DNS name") } == !isGood, "\(messages)")
    }
}
