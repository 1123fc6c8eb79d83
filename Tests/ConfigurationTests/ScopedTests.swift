import TestSupport
import Testing
@testable import Configuration

/// `canary.compatibility: scoped`: where it is safer than ingress-nginx, by the points of "Safe by default".
@Suite struct ScopedTests {
    private static let weight = "weight 10/100 by request"
    private static let main = Ingress.main("main", "a/ shop")

    static let cases: [PlanCase] = [
        PlanCase(
            "1 a canary binds to its own host, path and type, not to the Service",
            [.main("main", "a/ shop", "a/x shop", "=a/ shop", "b/ shop"), .canary("next", "a/ next")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)", "a/x > default/shop:80", "=a/ > default/shop:80", "b/ > default/shop:80"]),
        PlanCase(
            "1 only a path without a main path is out of effect", [main, .canary("next", "a/ next", "a/stray next", "b/ next", "=a/ next")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)"],
            inactive: [
                "Ingress default/next a/stray: no Ingress without the canary annotation has this path (the host has /); write the same path",
                "Ingress default/next b/: no Ingress without the canary annotation has this host",
                "Ingress default/next a/: Ingress default/main has a/ (Prefix); give both the same pathType",
            ]),
        PlanCase(
            "1 a default backend binds to / of its hosts", [.main("main", "a/ shop", "a/x mall"), .canary("next", "a/x x", defaultBackend: "next")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)", "a/x > default/mall:80 + default/x:80 \(weight)"]),
        PlanCase(
            "2 several canaries of a path, in the order of age, then name",
            [main, .canary("c", day: 3, "a/ c"), .canary("b", day: 2, "a/ b"), .canary("a", day: 3, "a/ a", annotations: ["canary-by-header": "x"])],
            routes: ["a/ > default/shop:80 + default/b:80 \(weight) + default/a:80 header x + default/c:80 \(weight)"],
            messages: ["note: Ingress default/c: …also has the canary Ingress default/b", "note: Ingress default/a: …also has the canary Ingress default/b"]),
        PlanCase(
            "2 two canaries of one Service keep their own rules",
            [main, .canary("one", day: 2, "a/ next"), .canary("two", day: 3, "a/ next", annotations: ["canary-by-cookie": "c"])],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight) + default/next:80 cookie c"], messages: ["also has the canary Ingress default/one"]),
        PlanCase(
            "3 a Service may be the main one of an Ingress and the canary of another",
            [main, .main("preview", day: 1, "b/ next"), .canary("next", day: 2, "a/ next"), .canary("back", day: 2, "b/ shop")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)", "b/ > default/next:80 + default/shop:80 \(weight)"]),
        PlanCase(
            "3 whichever is older", [.canary("next", day: 1, "a/ next"), .main("preview", day: 2, "b/ next"), .main("main", day: 3, "a/ shop")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)", "b/ > default/next:80"]),
        PlanCase(
            "3 even of the same path", [main, .canary("same", "a/ shop")],
            routes: ["a/ > default/shop:80 + default/shop:80 \(weight)"],
            messages: ["note: Ingress default/same: Service default/shop:80 is the main one of this path, too: both versions are the same"]),
        PlanCase(
            "4 a main Service without endpoints leaves the canary in effect", [main, .canary("next", "a/ next")], empty: ["default/shop"],
            routes: ["a/ > default/shop:80 (503) + default/next:80 \(weight)"]),
        PlanCase(
            "4 a canary without endpoints, failover canaryToStable", [main, .canary("next", "a/ next")], empty: ["default/next"],
            routes: ["a/ > default/shop:80 + default/next:80 (503) \(weight)"],
            inactive: ["Ingress default/next a/: Service default/next:80 has no endpoint, stable answers its requests"]),
        PlanCase(
            "4 a canary without endpoints, failover none", [main, .canary("next", "a/ next")], empty: ["default/next"],
            settings: ", failover: none", routes: ["a/ > default/shop:80 + default/next:80 (503) \(weight)"],
            inactive: ["Ingress default/next a/: Service default/next:80 has no endpoint, its requests are answered 503"]),
        PlanCase(
            "6 canary and main share a namespace", [main, .canary("next", "a/ next", namespace: "team")], routes: ["a/ > default/shop:80"],
            inactive: ["Ingress team/next a/: Ingress default/main, which has the path, is in another namespace"]),
        PlanCase(
            "7 any total counts as written", [main, .canary("next", "a/ next", annotations: ["canary-weight": "10", "canary-weight-total": "10"])],
            routes: ["a/ > default/shop:80 + default/next:80 weight 10/10 by request"]),
        PlanCase(
            "8 ties go to the first namespace, then the first name",
            [.main("b", "x/ b"), .main("a", "x/ a"), .main("a", "x/ team", namespace: "a-team")], routes: ["x/ > a-team/team:80"],
            messages: ["Ingress default/b: …Ingress a-team/a", "Ingress default/a: …Ingress a-team/a"]),
        PlanCase(
            "8 a canary whose `canary` is misspelt does not take its main's place",
            [.main("a-canary", "x/ next", annotations: ["canary": "yes", "canary-weight": "10"]), .main("shop", "x/ shop")],
            routes: ["x/ > default/shop:80"],
            messages: ["\"yes\" is not a boolean…R3", "canary rules…R8", "Ingress default/a-canary: x/ (Prefix) is already a path of Ingress default/shop"]),
        PlanCase(
            "8 unless it is older", [.main("next", day: 1, "x/ next", annotations: ["canary": "yes"]), .main("shop", day: 2, "x/ shop")],
            routes: ["x/ > default/next:80"], messages: ["R3", "Ingress default/shop: x/ (Prefix) is already a path of Ingress default/next"]),
    ]

    @Test(arguments: cases) func plansRoutes(_ test: PlanCase) { test.check("scoped") }
}
