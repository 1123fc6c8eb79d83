import Routing
import TestSupport
import Testing
@testable import Configuration

/// `canary.compatibility: ingress-nginx`: the route table by the rules R10 to R21 and R38.
@Suite struct ExactParityTests {
    private static let weight = "weight 10/100 by request"
    private static let main = Ingress.main("main", "a/ shop")

    // MARK: R10 to R16: the table

    static let table: [PlanCase] = [
        PlanCase(
            "R10 an empty path is /, ImplementationSpecific is Prefix", [.main("main", "a shop", "~a/x shop"), .canary("next", "a/ next", "a/x next")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)", "a/x > default/shop:80 + default/next:80 \(weight)"]),
        PlanCase(
            "R11 the oldest wins", [.main("new", day: 2, "a/ new"), .main("old", day: 1, "a/ old")], routes: ["a/ > default/old:80"],
            messages: ["Ingress default/new: a/ (Prefix) is already a path of Ingress default/old…R16"]),
        PlanCase(
            "R11 ties go to the last name", [.main("a", "x/ a"), .main("z", "x/ z")], routes: ["x/ > default/z:80"],
            messages: ["Ingress default/a: …Ingress default/z"]),
        PlanCase(
            "R11 and to the last namespace before that", [.main("z", "x/ a"), .main("a", "x/ z", namespace: "team")],
            routes: ["x/ > team/z:80"], messages: ["Ingress default/z: …Ingress team/a"]),
        PlanCase(
            "R11 no timestamp is the oldest", [.main("dated", "x/ a"), .main("ageless", day: nil, "x/ b")], routes: ["x/ > default/b:80"],
            messages: ["Ingress default/dated: …Ingress default/ageless"]),
        PlanCase(
            "R12 a port's number and name are two backends",
            [.main("main", "a/ shop:80", "b/ shop:http"), .canary("next", "a/ next")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)", "b/ > default/shop:http"]),
        PlanCase(
            "R12 so that a Service can be main by its name and canary by its number",
            [.main("main", "a/ shop:80", "b/ next:http"), .canary("next", "a/ next:80")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)", "b/ > default/next:http"]),
        PlanCase(
            "R12 a Service of the same name in another namespace is another backend",
            [.main("main", "a/ shop"), .main("other", "b/ shop", namespace: "team"), .canary("next", "a/ next")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)", "b/ > team/shop:80"]),
        PlanCase(
            "R14 a canary alone makes no route", [.canary("next", "a/ next")], routes: [],
            inactive: ["Ingress default/next a/: every Ingress is a canary…R17"], messages: ["there is no route"]),
        PlanCase(
            "R15 the default backend is / of the hosts", [.main("main", "a/x shop", "b/y shop", defaultBackend: "rest")],
            routes: ["a/x > default/shop:80", "b/y > default/shop:80", "a/ > default/rest:80", "b/ > default/rest:80"]),
        PlanCase(
            "R15 only of hosts that are new",
            [.main("one", day: 1, "a/x shop"), .main("two", day: 2, "a/y shop", defaultBackend: "rest")],
            routes: ["a/x > default/shop:80", "a/y > default/shop:80"]),
        PlanCase(
            "R15 a written / takes its place", [.main("one", day: 1, "a/x shop", defaultBackend: "rest"), .main("two", day: 2, "a/ shop")],
            routes: ["a/x > default/shop:80", "a/ > default/shop:80"]),
        PlanCase(
            "R15 an Exact / does not", [.main("one", "a/x shop", "=a/ shop", defaultBackend: "rest")],
            routes: ["a/x > default/shop:80", "=a/ > default/shop:80", "a/ > default/rest:80"]),
        PlanCase(
            "R15 an Ingress without rules has the default host", [.main("all", defaultBackend: "rest"), .main("main", "a/ shop")],
            routes: ["*/ > default/rest:80", "a/ > default/shop:80"]),
        PlanCase(
            "R15 for good, even from an older written /", [.main("old", day: 1, "*/ shop"), .main("all", day: 2, defaultBackend: "rest")],
            routes: ["*/ > default/rest:80"], messages: ["Ingress default/old: */ (Prefix) is already a path of Ingress default/all"]),
        PlanCase(
            "R15 the first of two", [.main("one", day: 1, defaultBackend: "one"), .main("two", day: 2, defaultBackend: "two")],
            routes: ["*/ > default/one:80"], messages: ["Ingress default/two: */ (Prefix) is already a path of Ingress default/one"]),
        PlanCase(
            "R16 the same path of another type is another location", [.main("main", "a/x shop", "=a/x exact")],
            routes: ["a/x > default/shop:80", "=a/x > default/exact:80"]),
        PlanCase(
            "R16 a path of an ordinary Ingress whose Service a canary named first is none",
            [.main("main", day: 1, "a/ shop"), .canary("next", day: 2, "a/ next"), .main("preview", day: 3, "b/ next")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)"],
            messages: ["Ingress default/preview: b/ (Prefix) is no route…R16…the canary Ingress default/next…R13"]),
        PlanCase(
            "R16 a canary path whose Service is another's main is an ordinary location",
            [.main("main", day: 1, "a/ shop", "b/ next"), .canary("next", day: 2, "a/new next")],
            routes: ["a/ > default/shop:80", "b/ > default/next:80", "a/new > default/next:80"],
            inactive: ["Ingress default/next a/new: Service default/next:80 was first named by Ingress default/main…R13…and answers all requests of a/new (Prefix)"]),
        PlanCase(
            "R16 of an unknown host, on the default server (oddity 17)",
            [.main("main", day: 1, "a/ shop", "b/ next"), .canary("next", day: 2, "nowhere/new next")],
            routes: ["a/ > default/shop:80", "b/ > default/next:80", "*/new > default/next:80"],
            inactive: ["Ingress default/next nowhere/new: …R13…and answers all requests of */new (Prefix)"]),
    ]

    @Test(arguments: table) func makesTheTable(_ test: PlanCase) { test.check("ingress-nginx") }

    // MARK: R13, R17 to R21: canaries

    static let canaries: [PlanCase] = [
        PlanCase(
            "R13 the canary named its Service first", [main, .canary("next", "a/ next")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)"]),
        PlanCase(
            "R13 an ordinary Ingress did: the canary has no rules",
            [.main("main", day: 1, "a/ shop"), .main("preview", day: 2, "b/ next"), .canary("next", day: 3, "a/ next")],
            routes: ["a/ > default/shop:80", "b/ > default/next:80"],
            inactive: ["Ingress default/next a/: Service default/next:80 was first named by Ingress default/preview at test.yaml:3, no canary…R13"]),
        PlanCase(
            "R13 and still takes the place of one that has",
            [.main("main", day: 1, "a/ shop"), .main("preview", day: 1, "b/ bad"), .canary("bad", day: 2, "a/ bad"), .canary("good", day: 3, "a/ good")],
            routes: ["a/ > default/shop:80", "b/ > default/bad:80"],
            inactive: ["Ingress default/bad a/: …R13", "Ingress default/good a/: Service default/shop:80 has Service default/bad:80 of Ingress default/preview…R21.2"]),
        PlanCase(
            "R13 two canaries of one Service: the rules of the first",
            [main, .canary("one", day: 2, "a/ next"), .canary("two", day: 3, "a/ next", annotations: ["canary-weight": "70"])],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)"],
            inactive: ["Ingress default/two a/: Service default/next:80 was first named by Ingress default/one…whose rules count…R13"]),
        PlanCase(
            "R13 a default backend always creates the backend anew",
            [main, .canary("next", day: 2, "a/ next"), .main("late", day: 3, "b/ shop", defaultBackend: "next")],
            routes: ["a/ > default/shop:80", "b/ > default/shop:80"],
            inactive: ["Ingress default/next a/: Service default/next:80 was first named by Ingress default/late…R13"]),
        PlanCase(
            "R13 also as a canary, which takes the paths of an older main",
            [.main("main", day: 1, "a/ shop"), .main("next", day: 1, "b/ next"), .canary("canary", day: 2, defaultBackend: "next")],
            routes: ["a/ > default/shop:80"],
            inactive: ["Ingress default/canary */: …no Ingress without the canary annotation has this host…R18"],
            messages: ["Ingress default/next: b/ (Prefix) is no route…Ingress default/canary"]),
        PlanCase(
            "R17 the namespace is not compared", [main, .canary("next", "a/ next", namespace: "team")],
            routes: ["a/ > default/shop:80 + team/next:80 \(weight)"]),
        PlanCase(
            "R17 an unknown host is skipped, nothing is deleted", [main, .canary("next", "a/ next", "b/ next")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)"],
            inactive: ["Ingress default/next b/: no Ingress without the canary annotation has this host…R17"]),
        PlanCase(
            "R17 a wildcard is its own host string", [.main("main", "*.x/ shop"), .canary("one", "b.x/ one"), .canary("two", "*.x/ two")],
            routes: ["*.x/ > default/shop:80 + default/two:80 \(weight)"],
            inactive: ["Ingress default/one b.x/: this host is only one of *.x…R17"]),
        PlanCase(
            "R17 not into itself", [.main("main", "a/ shop"), .canary("self", "a/ shop")], routes: ["a/ > default/shop:80"],
            inactive: ["Ingress default/self a/: Service default/shop:80 was first named by Ingress default/main…R13"]),
        PlanCase(
            "R18 a path without a location deletes the backend",
            [main, .canary("next", "a/ next", "a/stray next")], routes: ["a/ > default/shop:80"],
            inactive: [
                "Ingress default/next a/: a/stray (Prefix) of Ingress default/next at test.yaml:3 has no main path…R18",
                "Ingress default/next a/stray: no Ingress without the canary annotation has this path (the host has /)…R18…; write the same path",
            ]),
        PlanCase(
            "R18 of another type as well",
            [main, .canary("next", "=a/ next")], routes: ["a/ > default/shop:80"],
            inactive: ["Ingress default/next a/: Ingress default/main has a/ (Prefix)…R18…; give both the same pathType"]),
        PlanCase(
            "R18 for everybody", [main, .canary("one", day: 2, "a/ next"), .canary("two", day: 3, "a/stray next")],
            routes: ["a/ > default/shop:80"],
            inactive: [
                "Ingress default/one a/: a/stray (Prefix) of Ingress default/two…R18", "Ingress default/two a/stray: …Ingress default/one…R13",
            ]),
        PlanCase(
            "R18 only that Service",
            [.main("main", "a/ shop", "b/ mall"), .canary("next", "a/ next", "b/stray other", "b/ other")],
            routes: ["a/ > default/shop:80 + default/next:80 \(weight)", "b/ > default/mall:80"],
            inactive: ["Ingress default/next b/stray: …R18", "Ingress default/next b/: b/stray (Prefix) of Ingress default/next…R18"]),
        PlanCase(
            "R18 also where it is the main one, which is 503 then",
            [.main("main", day: 1, "a/x shop", defaultBackend: "next"), .canary("all", day: 2, defaultBackend: "next")],
            routes: ["a/x > default/shop:80", "a/ > default/next:80 (503)"],
            inactive: ["Ingress default/all */: no Ingress…R18"],
            messages: ["Ingress default/main: a/ (Prefix) is answered 503: */ (Prefix) of the canary Ingress default/all…R18"]),
        PlanCase(
            "R18 the place of a deleted backend stays taken (R21.2)",
            [main, .canary("one", day: 2, "a/ one", "a/stray one"), .canary("two", day: 3, "a/ two")],
            routes: ["a/ > default/shop:80"],
            inactive: ["Ingress default/one a/: …R18", "Ingress default/one a/stray: …R18", "Ingress default/two a/: …Service default/one:80 of Ingress default/one…R21.2"]),
        PlanCase(
            "R19 a default backend joins every path of the default host",
            [.main("main", "*/ shop", "*/x mall", "a/ else"), .canary("all", defaultBackend: "next")],
            routes: ["*/ > default/shop:80 + default/next:80 \(weight)", "*/x > default/mall:80 + default/next:80 \(weight)", "a/ > default/else:80"],
            messages: ["the canary takes requests of */x (Prefix) as well…R20"]),
        PlanCase(
            "R20 a canary is attached to every path of its main Service",
            [.main("main", "a/ shop", "a/x shop", "b/ shop", "b/y mall"), .canary("next", "a/ next")],
            routes: [
                "a/ > default/shop:80 + default/next:80 \(weight)", "a/x > default/shop:80 + default/next:80 \(weight)",
                "b/ > default/shop:80 + default/next:80 \(weight)", "b/y > default/mall:80",
            ],
            messages: ["note: Ingress default/next: the canary takes requests of a/x (Prefix), b/ (Prefix) as well…R20"]),
        PlanCase(
            "R20 what is wrong with its rules is said once",
            [.main("main", "a/ shop", "b/ shop"), .canary("next", "a/ next", "b/ next", annotations: ["canary-by-header": "x", "canary-by-header-pattern": "("])],
            routes: ["a/ > default/shop:80 + default/next:80 header x ~ ( (invalid)", "b/ > default/shop:80 + default/next:80 header x ~ ( (invalid)"],
            inactive: ["Ingress default/next a/: …does not compile (R21)", "Ingress default/next b/: …does not compile (R21)"],
            messages: ["canary-by-header-pattern: the pattern \"(\" never matches"]),
        PlanCase(
            "R21.2 only the first canary of a Service is asked",
            [main, .canary("two", day: 3, "a/ two"), .canary("one", day: 2, "a/ one")],
            routes: ["a/ > default/shop:80 + default/one:80 \(weight)"],
            inactive: ["Ingress default/two a/: Service default/shop:80 has Service default/one:80 of Ingress default/one for its canary already…R21.2"]),
        PlanCase(
            "R21.2 across hosts that share the main Service",
            [.main("main", "a/ shop", "b/ shop"), .canary("one", day: 2, "a/ one"), .canary("two", day: 3, "b/ two")],
            routes: ["a/ > default/shop:80 + default/one:80 \(weight)", "b/ > default/shop:80 + default/one:80 \(weight)"],
            inactive: ["Ingress default/two b/: …default/one…R21.2"], messages: ["takes requests of b/ (Prefix) as well…R20"]),
        PlanCase(
            "R21.0 a main Service without endpoints", [main, .canary("next", "a/ next")], empty: ["default/shop"],
            routes: ["a/ > default/shop:80 (503) + default/next:80 \(weight)"],
            inactive: ["Ingress default/next a/: the main Service default/shop:80 has no endpoint…R21.0"]),
        PlanCase(
            "R21.3 a canary without endpoints", [main, .canary("next", "a/ next")], empty: ["default/next"],
            routes: ["a/ > default/shop:80 + default/next:80 (503) \(weight)"],
            inactive: ["Ingress default/next a/: Service default/next:80 has no endpoint, stable answers its requests (R21.3)"]),
        PlanCase(
            "R21.7 a total below 100 counts as 100",
            [main, .canary("next", "a/ next", annotations: ["canary-weight": "10", "canary-weight-total": "10"])],
            routes: ["a/ > default/shop:80 + default/next:80 weight 10/100 by request"],
            messages: ["canary-weight-total: \"10\" is below 100 and is ignored…(R21.7)"]),
        PlanCase(
            "R21.7 with decimals as without them",
            [main, .canary("next", "a/ next", annotations: ["serin.dev/canary-weight": "0.5", "canary-weight-total": "10"])],
            routes: ["a/ > default/shop:80 + default/next:80 weight 5/1000 by request"],
            messages: ["canary-weight-total: \"10\" is below 100 and is ignored…(R21.7)"]),
        PlanCase(
            "R21.7 one above counts as written",
            [main, .canary("next", "a/ next", annotations: ["canary-weight": "10", "canary-weight-total": "1000"])],
            routes: ["a/ > default/shop:80 + default/next:80 weight 10/1000 by request"]),
        PlanCase(
            "R27 a canary without a rule", [main, .canary("next", "a/ next", annotations: [:])],
            routes: ["a/ > default/shop:80 + default/next:80 "],
            inactive: ["Ingress default/next a/: …R27"], messages: ["gets no traffic (R27)"]),
    ]

    @Test(arguments: canaries) func bindsCanaries(_ test: PlanCase) { test.check("ingress-nginx") }
}
