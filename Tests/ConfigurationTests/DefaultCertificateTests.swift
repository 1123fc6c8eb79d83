import Exchange
import Foundation
import Routing
import TestCertificates
import TestSupport
import Testing
@testable import Configuration

/// Hosts of Ingresses that want HTTPS and have no certificate for it.
@Suite struct DefaultCertificateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let hosts: [String]
        /// `spec.tls` in flow style; the Secret `a` is for a.test, `w` for *.w.test, `missing` is missing.
        let tls: String
        var annotations = ""
        var settings = ""
        /// Hosts by HTTP.
        let redirected: [String]
        /// Of their aliases in `ingress-nginx` and in `scoped`: those that are not.
        var plain: [String] = []
        var plainIfScoped: [String] = []
        /// What is warned of, from where the object has been named.
        var warnings: [String] = []
        var testDescription: String { name }
    }

    private static func alias(_ name: String) -> String { "nginx.ingress.kubernetes.io/server-alias: \(name)" }

    private static func unnamed(_ host: String) -> String {
        "no entry of `spec.tls` names \(host) or has a certificate for it: the default certificate is served, and HTTP redirected there"
    }

    @Test(arguments: [
        Case(name: "no spec.tls", hosts: ["a.test"], tls: "[]", redirected: []),
        Case(name: "a host beside one that is named", hosts: ["a.test", "b.test"], tls: "[{hosts: [a.test], secretName: a}]",
             redirected: ["a.test", "b.test"], warnings: [unnamed("b.test")]),
        Case(name: "no hosts, and a certificate for another", hosts: ["c.test"], tls: "[{secretName: a}]", redirected: ["c.test"],
             warnings: [unnamed("c.test")]),
        Case(name: "a wildcard whose Secret is missing", hosts: ["x.w.test"], tls: "[{hosts: ['*.w.test'], secretName: missing}]",
             redirected: ["x.w.test"], warnings: [
                "there is no Secret default/missing among the manifests: its hosts get the default certificate", unnamed("x.w.test"),
             ]),
        Case(name: "a wildcard with its certificate", hosts: ["x.w.test"], tls: "[{hosts: ['*.w.test'], secretName: w}]", redirected: ["x.w.test"]),
        Case(name: "a host below another's wildcard", hosts: ["*.w.test", "x.w.test", "b.test"], tls: "[{hosts: ['*.w.test', b.test], secretName: w}]",
             redirected: ["*.w.test", "x.w.test", "b.test"],
             warnings: ["Secret default/w is not for b.test, but for *.w.test: the default certificate is served"]),
        Case(name: "the default certificate is for it", hosts: ["a.test"], tls: "[{hosts: [other.test]}]",
             settings: "tls: {defaultCertificate: {secret: default/a}}", redirected: ["a.test"]),
        Case(name: "no redirects", hosts: ["b.test"], tls: "[{secretName: a}]", settings: "tls: {sslRedirect: false}", redirected: [],
             warnings: [unnamed("b.test")]),
        Case(name: "an alias that the certificate is not for", hosts: ["a.test"], tls: "[{hosts: [a.test], secretName: a}]",
             annotations: alias("b.test"), redirected: ["a.test"], plain: ["b.test"], plainIfScoped: ["b.test"],
             warnings: ["server-alias: Secret default/a, of a.test, is not for b.test, but for a.test: it has no certificate by that"]),
        Case(name: "the same, forced", hosts: ["a.test"], tls: "[{hosts: [a.test], secretName: a}]",
             annotations: alias("b.test") + ", nginx.ingress.kubernetes.io/force-ssl-redirect: 'true'", redirected: ["a.test"],
             warnings: ["server-alias: Secret default/a, of a.test, is not for b.test, but for a.test: it has no certificate by that"]),
        Case(name: "an alias that is a wildcard of its own host", hosts: ["a.test"], tls: "[{hosts: [a.test], secretName: a}]",
             annotations: alias("'*.test'"), redirected: ["a.test"], plain: ["*.test"], plainIfScoped: ["*.test"],
             warnings: [
                "server-alias: Secret default/a, of a.test, is not for *.test, but for a.test: it has no certificate by that",
                "nginx.ingress.kubernetes.io/server-alias: \"*.test\" `*.test` is taken for exactly one label, ingress-nginx takes any number of them here",
             ]),
        Case(name: "an alias of a host with the default certificate", hosts: ["a.test"], tls: "[{hosts: [a.test]}]", annotations: alias("b.test"),
             redirected: ["a.test"], plain: ["b.test"]),
        Case(name: "an alias that the default certificate is for", hosts: ["b.test"], tls: "[{hosts: [b.test]}]", annotations: alias("a.test"),
             settings: "tls: {defaultCertificate: {secret: default/a}}", redirected: ["b.test"]),
        Case(name: "an alias that it is for", hosts: ["x.w.test"], tls: "[{hosts: [x.w.test], secretName: w}]",
             annotations: alias("y.w.test"), redirected: ["x.w.test"]),
    ], [Compatibility.ingressNginx, .scoped])
    func hostsOfIngressesWithTLS(_ test: Case, _ mode: Compatibility) throws {
        let settings = "listeners: [{address: 127.0.0.1:8443, tls: true}]\nservices: {app: [127.0.0.1:1]}\n"
            + "canary: {compatibility: \(mode == .scoped ? "scoped" : "ingress-nginx")}\n"
        let loaded = Loaded(try Self.manifests(test), settings: settings + test.settings)
        let https = loaded.snapshot.https
        let routes = loaded.snapshot.routes.routes
        let hosts = routes.indices.filter { https.rule(of: $0).contains(.redirects) }.map { routes[$0].host }
        #expect(Set(hosts) == Set(test.redirected))
        for index in routes.indices where hosts.contains(routes[index].host) {
            let isRedirected = https.redirects(https.rule(of: index), Array(routes[index].host.utf8).span)
            #expect(isRedirected, "by its own name")
        }
        let plain = loaded.snapshot.routes.aliases.map(\.name).filter { name in
            routes.indices.allSatisfy { !https.redirects(https.rule(of: $0), Array(name.utf8).span) }
        }
        #expect(plain == (mode == .scoped ? test.plainIfScoped : test.plain))
        let warnings = loaded.diagnostics.filter { $0.severity == .warning && $0.object.hasPrefix("Ingress ") }.map(\.message)
        #expect(Set(warnings) == Set(test.warnings))
    }

    private static func manifests(_ test: Case) throws -> String {
        let authority = try TestAuthority()
        func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
        let secrets = try [("a", "a.test"), ("w", "*.w.test")].map { name, host in
            let pair = try authority.issue(host)
            return "apiVersion: v1\nkind: Secret\nmetadata: {name: \(name)}\ntype: kubernetes.io/tls\n"
                + "data: {tls.crt: \(base64(pair.chain)), tls.key: \(base64(pair.key))}\n---\n"
        }
        let rules = test.hosts.map {
            "  - {host: \"\($0)\", http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app, port: {number: 80}}}}]}}\n"
        }
        return secrets.joined() + "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: shop, annotations: {\(test.annotations)}}\n"
            + "spec:\n  tls: \(test.tls)\n  rules:\n" + rules.joined()
    }
}
