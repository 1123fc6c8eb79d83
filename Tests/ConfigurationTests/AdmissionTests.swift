import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// Ingresses that ingress-nginx refuses, before or after they are stored (R9, R40).
@Suite struct AdmissionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let key: String
        let value: String
        let isRefused: Bool
        var riskLevel = "High"
        /// Beside it.
        var other: [String: String] = [:]
        var testDescription: String { "\(key): \(value) (\(riskLevel))" }
    }

    private static let secret = ["auth-tls-secret": "default/ca"]

    @Test(arguments: [
        Case(key: "load-balance", value: "ewma", isRefused: false), Case(key: "load-balance", value: " round_robin ", isRefused: false),
        Case(key: "load-balance", value: "chash", isRefused: false), Case(key: "load-balance", value: "EWMA", isRefused: true),
        Case(key: "load-balance", value: "", isRefused: false), Case(key: "load-balance", value: "best", isRefused: true),
        Case(key: "server-alias", value: "b.test, *.c.test", isRefused: false), Case(key: "server-alias", value: "b.test; c.test", isRefused: true),
        Case(key: "upstream-vhost", value: "b.test", isRefused: false), Case(key: "upstream-vhost", value: "b c", isRefused: true),
        Case(key: "default-backend", value: "rest-1", isRefused: false), Case(key: "default-backend", value: "Rest", isRefused: true),
        Case(key: "default-backend", value: "1rest", isRefused: true), Case(key: "default-backend", value: "rest-", isRefused: true),
        Case(key: "ssl-passthrough", value: "false", isRefused: false), Case(key: "ssl-passthrough", value: "no", isRefused: true),
        Case(key: "http2-push-preload", value: "on", isRefused: true),
        Case(key: "configuration-snippet", value: "x", isRefused: true), Case(key: "server-snippet", value: "x", isRefused: true),
        Case(key: "configuration-snippet", value: "x", isRefused: false, riskLevel: "Critical"),
        Case(key: "load-balance", value: "best", isRefused: true, riskLevel: "Critical"),
        Case(key: "upstream-hash-by", value: "${request_uri} $host-x_1", isRefused: false),
        Case(key: "upstream-hash-by", value: "$request_uri;", isRefused: true),
        Case(key: "upstream-hash-by", value: "$a\\n$b", isRefused: true),
        Case(key: "upstream-hash-by-subset", value: "false", isRefused: false), Case(key: "upstream-hash-by-subset", value: "yes", isRefused: true),
        Case(key: "upstream-hash-by-subset-size", value: "-3", isRefused: false),
        Case(key: "upstream-hash-by-subset-size", value: "3 ", isRefused: true),
        Case(key: "proxy-ssl-secret", value: "default/upstream", isRefused: false), Case(key: "proxy-ssl-secret", value: "a,b", isRefused: true),
        Case(key: "auth-tls-secret", value: "default/ca", isRefused: false), Case(key: "auth-tls-secret", value: "default/c$a", isRefused: true),
        // Nothing else of the kind counts without the Secret.
        Case(key: "auth-tls-error-page", value: "a b?c", isRefused: false),
        Case(key: "auth-tls-error-page", value: "https://a.test/sorry", isRefused: false, other: secret),
        Case(key: "auth-tls-error-page", value: "/sorry", isRefused: false, other: secret),
        Case(key: "auth-tls-error-page", value: "http://a.test:8080/", isRefused: false, other: secret),
        Case(key: "auth-tls-error-page", value: "http://a.test", isRefused: true, other: secret),
        Case(key: "auth-tls-error-page", value: "http://a.test:x/", isRefused: true, other: secret),
        Case(key: "auth-tls-error-page", value: "https://a.test/one/two", isRefused: true, other: secret),
        Case(key: "auth-tls-pass-certificate-to-upstream", value: "true", isRefused: false, other: secret),
        Case(key: "auth-tls-pass-certificate-to-upstream", value: "on", isRefused: true, other: secret),
        Case(key: "auth-tls-match-cn", value: "CN=(a|b)", isRefused: false, other: secret),
        Case(key: "auth-tls-match-cn", value: "^CN=a", isRefused: true, other: secret),
        Case(key: "auth-tls-match-cn", value: "CN=(a", isRefused: true, other: secret),
        // Their readers swallow what is wrong.
        Case(key: "auth-tls-verify-client", value: "perhaps", isRefused: false, other: secret),
        Case(key: "auth-tls-verify-depth", value: "x", isRefused: false, other: secret),
        Case(key: "proxy-ssl-verify", value: "perhaps", isRefused: false), Case(key: "proxy-ssl-protocols", value: "SSLv3", isRefused: false),
        Case(key: "proxy-next-upstream", value: "never", isRefused: false), Case(key: "proxy-next-upstream-tries", value: "x", isRefused: false),
        Case(key: "service-upstream", value: "yes", isRefused: false), Case(key: "use-regex", value: "yes", isRefused: false),
        Case(key: "backend-protocol", value: "SPDY", isRefused: false), Case(key: "session-cookie-name", value: "a;b", isRefused: false),
        // The risk, whatever the value.
        Case(key: "rewrite-target", value: "/", isRefused: false, riskLevel: "Medium"), Case(key: "rewrite-target", value: "/", isRefused: true, riskLevel: "Low"),
        Case(key: "canary-by-header", value: "X", isRefused: true, riskLevel: "Low"), Case(key: "canary-weight", value: "1", isRefused: false, riskLevel: "Low"),
        Case(key: "server-alias", value: "b.test", isRefused: true, riskLevel: "Medium"), Case(key: "use-regex", value: "true", isRefused: false, riskLevel: "Low"),
        // R7: these are dropped by themselves. So is what its reader swallows.
        Case(key: "canary-weight", value: "x", isRefused: false), Case(key: "canary-by-header-value", value: "a=b", isRefused: false),
        Case(key: "rewrite-target", value: "a b", isRefused: false), Case(key: "affinity", value: "ip", isRefused: false),
    ]) func isRefused(_ test: Case) {
        let annotations = test.other.merging([test.key: test.value]) { $1 }
        let ingresses = [Ingress.main("main", "a/ shop", annotations: annotations)]
        let exact = Loaded(ingresses, empty: [], settings: "compatibility: ingress-nginx, annotationsRiskLevel: \(test.riskLevel)")
        #expect(exact.snapshot.routes.routes.isEmpty == test.isRefused, "\(exact.messages)")
        #expect(exact.messages.contains { $0.contains("refuses the whole Ingress (R9): it is not served") } == test.isRefused)
        let scoped = Loaded(ingresses, empty: [], settings: "compatibility: scoped")
        #expect(scoped.snapshot.routes.routes.count == 1 && !scoped.messages.contains { $0.contains("R9") })
    }

    @Test(arguments: AnnotationRisk.names.sorted()) func whatHasARiskIsKnown(_ name: String) {
        #expect(AnnotationCatalogue.isIngressNginx(AnnotationCatalogue.ingressNginx + name))
    }

    @Test(arguments: AdmissionRule.rules.keys.sorted()) func whatHasARuleIsKnown(_ name: String) {
        #expect(AnnotationCatalogue.isIngressNginx(AnnotationCatalogue.ingressNginx + name))
    }

    /// A canary whose Ingress is refused is none: nothing of it is left.
    @Test func aRefusedCanaryBindsNothing() {
        let annotations = ["canary-weight": "10", "configuration-snippet": "x"]
        let loaded = Loaded(
            [.main("main", "a/ shop"), .canary("canary", "a/ next", annotations: annotations)], empty: [], settings: "compatibility: ingress-nginx")
        #expect(loaded.snapshot.routes.routes.map(\.canaries.count) == [0])
    }

    /// `check` and `routes` say so of each of its paths, as of those of any canary.
    @Test func pathsOfARefusedCanaryAreNamed() {
        let annotations = ["canary-weight": "10", "configuration-snippet": "x"]
        let ingresses = [
            Ingress.main("main", "a/ shop", "a/b shop"), .canary("canary", "a/ next", "a/b next", defaultBackend: "next", annotations: annotations),
            .main("other", "c/ shop", annotations: ["load-balance": "best"]),
        ]
        let loaded = Loaded(ingresses, empty: [], settings: "compatibility: ingress-nginx")
        let key = AnnotationCatalogue.ingressNginx + "configuration-snippet"
        #expect(loaded.canaries.map { "\($0.object) \($0.host)\($0.path)" } == ["a/", "a/b", "/"].map { "Ingress default/canary \($0)" })
        #expect(loaded.canaries.allSatisfy { $0.inactive == "ingress-nginx refuses the whole Ingress because of \(key) (R9)" && !$0.isBound })
    }

    @Test(arguments: ["scoped", "ingress-nginx"]) func r40OverlapsAreNamed(_ mode: String) {
        let loaded = Loaded([.main("one", day: 1, "a/ shop"), .main("two", day: 2, "a/ mall")], empty: [], settings: "compatibility: \(mode)")
        #expect(loaded.messages.contains { $0.contains("Ingress default/two") && $0.contains("R40") })
        let canaries = Loaded(
            [.main("main", "a/ shop"), .canary("one", day: 2, "a/ next"), .canary("two", day: 3, "a/ mall")], empty: [],
            settings: "compatibility: \(mode)")
        #expect(!canaries.messages.contains { $0.contains("R40") }, "canaries own no location")
    }
}
