import TestSupport
import Testing
@testable import Configuration

/// What is said of canaries without a main path of their own, and what there is instead.
@Suite struct MissingMainTests {
    struct Missing: Sendable, CustomTestStringConvertible {
        let name: String
        var main = Ingress.main("main", "a/ shop")
        let canary: String
        let scoped: String
        let exact: String
        var testDescription: String { name }
    }

    private static let takes = ", which takes Service default/next:80 out of effect everywhere (R18)"

    @Test(arguments: [
        Missing(name: "no such path", canary: "a/beta", scoped: "no Ingress without the canary annotation has this path (the host has /); write the same path",
                exact: "no Ingress without the canary annotation has this path (the host has /)\(takes); write the same path"),
        Missing(name: "another type", canary: "=a/", scoped: "Ingress default/main has a/ (Prefix); give both the same pathType",
                exact: "Ingress default/main has a/ (Prefix)\(takes); give both the same pathType"),
        Missing(name: "no such host", canary: "b/", scoped: "no Ingress without the canary annotation has this host; add the main Ingress",
                exact: "no Ingress without the canary annotation has this host (R17); add the main Ingress"),
        Missing(name: "an alias", main: .main("main", "a/ shop", annotations: ["server-alias": "b"]), canary: "b/",
                scoped: "this host is only an alias of a, which Ingress default/main has (R17); write a",
                exact: "this host is only an alias of a, which Ingress default/main has (R17); write a"),
        Missing(name: "a wildcard", main: .main("main", "*.w.x/ shop"), canary: "q.w.x/",
                scoped: "this host is only one of *.w.x, which Ingress default/main has (R17); write *.w.x, or add a main path of this host",
                exact: "this host is only one of *.w.x, which Ingress default/main has (R17); write *.w.x, or add a main path of this host"),
    ])
    func missing(_ test: Missing) {
        for (mode, expected) in [("scoped", test.scoped), ("ingress-nginx", test.exact)] {
            let loaded = Loaded([test.main, .canary("next", "\(test.canary) next")], empty: [], settings: "compatibility: \(mode)")
            #expect(loaded.canaries.map(\.inactive) == [expected])
        }
    }

    /// A path that is skipped leaves its host without one that serves.
    @Test(arguments: [("scoped", ""), ("ingress-nginx", takes)])
    func aHostWithoutAPath(_ mode: String, _ consequence: String) {
        let main = """
            {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: rb}, spec: {rules: [{host: b, http: {paths: [{path: /, pathType: Prefix,
              backend: {resource: {apiGroup: k, kind: StorageBucket, name: x}}}]}}]}}
            ---

            """
        let canary = Ingress.canary("next", "b/ next")
        let loaded = Loaded(main + canary.yaml, settings: "canary: {compatibility: \(mode)}\nservices: {next: [127.0.0.1:1]}")
        #expect(loaded.canaries.map(\.inactive) == ["Ingress default/rb has this host, but no path of it leads to a Service\(consequence); add the main path"])
    }
}
