import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// `service-upstream`: requests go to a Service's own address. Of a canary its own annotation counts (R36).
@Suite struct ServiceUpstreamTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let ingresses: [Ingress]
        var settings = ""
        /// Each route's stable version and canaries, as the addresses of their endpoints; `-` for none.
        let routes: [String]
        var exactRoutes: [String]?
        var warnings: [String] = []
        var testDescription: String { name }
    }

    private static let upstream = ["service-upstream": "true"]
    private static let weight = ["canary-weight": "10"]
    private static func canary(_ annotations: [String: String]) -> Ingress {
        .canary("next", "a/ next", annotations: weight.merging(annotations) { one, _ in one })
    }

    /// `shop` and `next` have the addresses 10.96.0.1 and 10.96.0.2, and one endpoint each; `bare` is headless.
    private static let services = ["shop", "next", "bare"].enumerated().map { index, name in
        """
        {apiVersion: v1, kind: Service, metadata: {name: \(name)}, spec: {clusterIP: \(name == "bare" ? "None" : "10.96.0.\(index + 1)"),
          ports: [{name: http, port: 80, targetPort: 8080}]}}
        ---
        {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: \(name)-1, labels: {kubernetes.io/service-name: \(name)}},
          addressType: IPv4, endpoints: [{addresses: [10.0.0.\(index + 1)]}], ports: [{name: http, port: 8080}]}
        """
    }

    @Test(arguments: [
        Case(name: "without it", ingresses: [.main("main", "a/ shop"), canary([:])], routes: ["10.0.0.1:8080 10.0.0.2:8080"]),
        Case(
            name: "a main one's is not its canary's", ingresses: [.main("main", "a/ shop", annotations: upstream), canary([:])],
            routes: ["10.96.0.1:80 10.0.0.2:8080"]),
        Case(
            name: "a canary's is not its main one's", ingresses: [.main("main", "a/ shop"), canary(upstream)],
            routes: ["10.0.0.1:8080 10.96.0.2:80"]),
        Case(
            name: "by Serin's name", ingresses: [.main("main", "a/ shop"), canary(["serin.dev/canary-service-upstream": "true"])],
            routes: ["10.0.0.1:8080 10.96.0.2:80"]),
        Case(name: "false", ingresses: [.main("main", "a/ shop", annotations: ["service-upstream": "false"])], routes: ["10.0.0.1:8080"]),
        Case(name: "a port's name", ingresses: [.main("main", "a/ shop:http", annotations: upstream)], routes: ["10.96.0.1:80"]),
        Case(
            name: "a headless Service", ingresses: [.main("main", "a/ bare", annotations: upstream)], routes: ["10.0.0.3:8080"],
            warnings: ["has no `clusterIP`"]),
        Case(
            name: "`services:` comes first", ingresses: [.main("main", "a/ shop", annotations: upstream)],
            settings: "services: {shop: [127.0.0.1:9001]}", routes: ["127.0.0.1:9001"]),
        Case(
            name: "no boolean", ingresses: [.main("main", "a/ shop", annotations: ["service-upstream": "yes"])], routes: ["10.0.0.1:8080"],
            warnings: ["is not a boolean"]),
        Case(
            name: "R13 two Ingresses of one Service",
            ingresses: [.main("one", day: 1, "a/ shop"), .main("two", day: 2, "b/ shop", annotations: upstream)],
            routes: ["10.0.0.1:8080", "10.96.0.1:80"], exactRoutes: ["10.0.0.1:8080", "10.0.0.1:8080"]),
    ], [Compatibility.scoped, .ingressNginx])
    func addresses(_ test: Case, _ mode: Compatibility) {
        let loaded = Loaded(
            (Self.services + test.ingresses.map(\.yaml)).joined(separator: "\n---\n"),
            settings: "canary: {compatibility: \(mode.rawValue)}\n\(test.settings)")
        let routes = loaded.snapshot.routes.routes.map { route in
            ([route.stable] + route.canaries.map(\.backend)).map { index in
                loaded.snapshot.backends[index].endpoints.first?.address.description ?? "-"
            }.joined(separator: " ")
        }
        #expect(routes == (mode == .scoped ? test.routes : test.exactRoutes ?? test.routes))
        let warnings = loaded.diagnostics.filter { $0.severity == .warning }.map(\.message)
        #expect(warnings.count == test.warnings.count, "\(warnings)")
        for (warning, part) in zip(warnings, test.warnings) { #expect(warning.contains(part), "\(warning)") }
        #expect(loaded.canaries.allSatisfy { $0.inactive == nil })
    }
}
