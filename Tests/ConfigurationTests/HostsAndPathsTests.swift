import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// Hosts and paths of both modes, as requests see them: R33, R34, R35, R38.
@Suite struct HostsAndPathsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let ingresses: [Ingress]
        var empty: [String] = []
        /// `host/path` and what it gets: `place`, `place as PATH` if the upstream is asked for another, `301`, `302 PATH` or `404`.
        let requests: [(String, String)]
        /// A part of each line that is said.
        var messages: [String] = []
        var testDescription: String { name }

        init(
            _ name: String, _ ingresses: [Ingress], empty: [String] = [], _ requests: [(String, String)], messages: [String] = []
        ) {
            (self.name, self.ingresses, self.empty, self.requests, self.messages) = (name, ingresses, empty, requests, messages)
        }
    }

    static let hosts: [Case] = [
        Case(
            "R33 exact, one label, default", [.main("main", "a.x/ shop", "*.x/ wild", "*/ rest")],
            [("a.x/", "a.x/"), ("A.X/", "a.x/"), ("b.x/", "*.x/"), ("b_1.x/", "*.x/"), ("c.b.x/", "*/"), ("x/", "*/"), ("y/", "*/")]),
        Case(
            "R33 server-alias", [.main("main", "a.x/ shop", annotations: ["server-alias": "B.x, *.y,,c.z"])],
            [("b.x/", "a.x/"), ("w.y/", "a.x/"), ("c.z/", "a.x/"), ("v.w.y/", "404"), ("d.z/", "404")],
            messages: ["`*.y` is taken for exactly one label"]),
        Case(
            "R33 a host is no alias",
            [.main("main", "a/ shop", annotations: ["server-alias": "b,c"]), .main("other", "b/ mall")],
            [("b/", "b/"), ("c/", "a/")], messages: ["Ingress default/main: server-alias: `b` is a host of its own…R33"]),
        Case(
            "R33 of two hosts with one alias the first by name",
            [.main("z", day: 1, "z/ z", annotations: ["server-alias": "c"]), .main("a", day: 2, "a/ a", annotations: ["server-alias": "c"])],
            [("c/", "a/")], messages: ["Ingress default/z: server-alias: `c` is an alias of a already…R33"]),
        Case(
            "R33 a host has the aliases of one Ingress",
            [.main("one", day: 1, "a/ a", annotations: ["server-alias": "c"]), .main("two", day: 2, "a/x a", annotations: ["server-alias": "d"])],
            [("c/x", "a/x"), ("d/", "404")], messages: ["Ingress default/two: server-alias: a has the aliases of Ingress default/one already…R33"]),
        Case(
            "R14 a canary has no aliases",
            [.main("main", "a/ shop"), .canary("next", "a/ next", annotations: ["canary-weight": "1", "server-alias": "c"])],
            [("c/", "404")], messages: ["Ingress default/next: nginx.ingress.kubernetes.io/server-alias does nothing in a canary…R36"]),
        Case(
            "R33 what is no name", [.main("main", "a/ shop", annotations: ["server-alias": "~^x$,b"])], [("b/", "a/")],
            messages: ["`~^x$` is not a host name, dropped"]),
        Case(
            "R34 plain paths", [.main("main", "=a/e shop", "a/p shop", "a/s/ shop", "a/p/long shop")],
            [
                ("a/e", "=a/e"), ("a/e/", "404"), ("a/p", "a/p"), ("a/p/", "a/p"), ("a/px", "404"), ("a/P", "404"), ("a/s", "301"),
                ("a/s/", "a/s/"), ("a/s/x", "a/s/"), ("a/p/long/x", "a/p/long"), ("a/p/longer", "a/p"), ("a/", "404"),
            ]),
        Case("R34 exact beats prefix", [.main("main", "=a/x shop", "a/x mall")], [("a/x", "=a/x"), ("a/x/", "a/x")]),
        Case(
            "app-root", [.main("main", "a/x shop", "b/ mall", annotations: ["app-root": "/x/start"]), .main("other", "c/ shop")],
            [("a/", "302 /x/start"), ("a/x/start", "a/x"), ("b/", "302 /x/start"), ("c/", "c/")]),
        Case(
            "app-root of two Ingresses: the one with the longer path",
            [.main("one", day: 1, "a/ shop", annotations: ["app-root": "/one"]), .main("two", day: 2, "a/x shop", annotations: ["app-root": "/two"])],
            [("a/", "302 /two")], messages: ["Ingress default/one: app-root: `/` of a leads to `/two` of Ingress default/two"]),
        Case(
            "app-root that is none", [.main("main", "a/ shop", annotations: ["app-root": "http://x/"])], [("a/", "a/")],
            messages: ["app-root: \"http://x/\" is not an absolute path"]),
    ]

    static let patterns: [Case] = [
        Case(
            "R35 use-regex makes expressions of all paths of the host",
            [.main("main", "a/x[0-9]+ shop", annotations: ["use-regex": "true"]), .main("plain", "a/foo shop", "=a/exact shop", "b/foo shop")],
            [
                ("a/x12", "a/x[0-9]+"), ("a/X1y", "a/x[0-9]+"), ("a/x", "404"), ("a/foobar", "a/foo"), ("a/FOO", "a/foo"), ("a/z/foo", "404"),
                ("a/exactly", "=a/exact"), ("b/foobar", "404"), ("b/FOO", "404"), ("b/foo", "b/foo"),
            ]),
        Case(
            "R35 the longest first, then the greatest", [.main("main", "a/ab one", "a/a. two", "a/a.* three", annotations: ["use-regex": "true"])],
            [("a/ab", "a/a.*"), ("a/a", "a/a.*")]),
        Case(
            "R35 of two of one length the greater", [.main("main", "a/a. two", "a/ab one", annotations: ["use-regex": "true"])],
            [("a/ab", "a/ab"), ("a/ac", "a/a.")]),
        Case(
            "R35 an alternative is not anchored", [.main("main", "a/a|/b shop", annotations: ["use-regex": "true"])], [("a/x/b", "a/a|/b"), ("a/x/a", "404")]),
        Case(
            "R35 a plain prefix leaves its own path to an Exact one", [.main("re", "a/zz+ re", annotations: ["use-regex": "true"]), .main("main", "a/x shop", "=a/x exact")],
            [("a/x/y", "a/x"), ("a/x", "=a/x"), ("a/xy", "=a/x")]),
        Case(
            "R35 rewrite-target with groups", [.main("main", "a/api(/|$)(.*) shop", annotations: ["use-regex": "true", "rewrite-target": "/$2"])],
            [("a/api/v1/x y", "a/api(/|$)(.*) as /v1/x%20y"), ("a/api", "a/api(/|$)(.*) as /"), ("a/API/x", "a/api(/|$)(.*) as /x"), ("a/apix", "404")]),
        Case(
            "R35 rewrite-target alone makes the host one of expressions", [.main("main", "a/api shop", annotations: ["rewrite-target": "/"]), .main("other", "a/x shop")],
            [("a/api/v1", "a/api as /"), ("a/apis", "a/api as /"), ("a/xyz", "a/x")]),
        Case(
            "R35 a target that is the path does not", [.main("main", "a/api shop", annotations: ["rewrite-target": "/api"])],
            [("a/api/v1", "a/api"), ("a/apis", "404")]),
        Case(
            "R35 an alias has the expressions too", [.main("main", "a/x+ shop", annotations: ["use-regex": "true", "server-alias": "b"])], [("b/xxx", "a/x+")]),
        Case(
            "R35 what does not compile leads nowhere", [.main("main", "a/x( shop", "a/ rest", annotations: ["use-regex": "true"])],
            [("a/x(", "a/")], messages: ["no request ever matches the path `/x(`…R35"]),
        Case(
            "R35 what is no boolean", [.main("main", "a/x shop", annotations: ["use-regex": "yes"])], [("a/xy", "404")],
            messages: ["use-regex: \"yes\" is not a boolean"]),
        Case(
            "R35 targets that are not supported",
            [
                .main("one", day: 1, "a/x shop", annotations: ["rewrite-target": "https://b/"]), .main("two", day: 2, "b/x shop", annotations: ["rewrite-target": "/$host"]),
                .main("three", day: 3, "c/x shop", annotations: ["rewrite-target": "/a b"]), .main("four", day: 4, "d/x shop", annotations: ["rewrite-target": " "]),
            ],
            [("a/x/y", "a/x"), ("b/x/y", "b/x"), ("c/x/y", "c/x"), ("d/x/y", "d/x")],
            messages: ["is a redirect to another URL", "names another variable", "holds a space", "is empty"]),
        Case(
            "R36 a canary has its main's rewrite",
            [.main("main", "a/x shop", annotations: ["rewrite-target": "/y"]), .canary("next", "a/x next", annotations: ["canary-weight": "1", "rewrite-target": "/z"])],
            [("a/x", "a/x as /y")], messages: ["Ingress default/next: nginx.ingress.kubernetes.io/rewrite-target does nothing in a canary…R36"]),
        Case(
            "a plain path that no request has", [.main("main", "a/x?y shop", "a//z shop")], [("a/x?y", "a/x?y")],
            messages: ["no request ever matches the path `/x?y`", "no request ever matches the path `//z`"]),
    ]

    static let defaultBackends: [Case] = [
        Case(
            "R38 default-backend stands in for a main Service without endpoints",
            [.main("main", "a/ shop", annotations: ["default-backend": "sorry"]), .canary("next", "a/ next"), .main("sorry", "s/ sorry")], empty: ["default/shop"],
            [("a/", "a/ to default/sorry:80 + default/next:80")],
            messages: ["no endpoint is known for Service default/shop:80", "a/ (Prefix) is served by the default-backend sorry…R38"]),
        Case(
            "R38 not while it has some", [.main("main", "a/ shop", annotations: ["default-backend": "sorry"]), .main("sorry", "s/ sorry")],
            [("a/", "a/ to default/shop:80")]),
        Case(
            "R38 nor if it has none itself", [.main("main", "a/ shop", annotations: ["default-backend": "sorry"])],
            empty: ["default/shop", "default/sorry"], [("a/", "a/ to default/shop:80")],
            messages: ["no endpoint is known for Service default/shop:80", "the default-backend sorry has no endpoint either…R38"]),
        Case(
            "R38 what is no Service", [.main("main", "a/ shop", annotations: ["default-backend": "a/b"])], [("a/", "a/ to default/shop:80")],
            messages: ["default-backend: \"a/b\" is not the name of a Service"]),
    ]

    @Test(arguments: hosts + patterns, ["scoped", "ingress-nginx"]) func requests(_ test: Case, _ compatibility: String) {
        check(test, compatibility, showsServices: false)
    }

    /// R34: nginx adds the slash to an Exact path too; in `scoped` mode Exact is the path and nothing else.
    @Test(arguments: [("scoped", "404"), ("ingress-nginx", "301")]) func exactPathsWithASlash(_ compatibility: String, _ expected: String) {
        let test = Case("R34", [.main("main", "=a/x/ shop", "=a/y/ shop", "=a/y mall")], [("a/x/", "=a/x/"), ("a/x", expected), ("a/y", "=a/y")])
        check(test, compatibility, showsServices: false)
    }

    /// R35 of R15: where nobody has it, the `/` that a host begins with is an expression, too, and comes before an Exact one.
    @Test(arguments: [
        Case(
            "nobody's", [.main("main", "=a/ shop", "a/x shop", annotations: regex)], [("a/", "404"), ("a/q", "404"), ("a/x", "a/x")],
            messages: ["Ingress default/main: no request reaches a/ (Exact): …(R15); write the path as a Prefix"]),
        Case(
            "another Ingress's", [.main("main", day: 1, "=a/ shop", annotations: regex), .main("second", day: 2, "a/ mall")],
            [("a/", "a/"), ("a/q", "a/")]),
        Case("the default backend's", [.main("main", "=a/ shop", defaultBackend: "mall", annotations: regex)], [("a/", "a/"), ("a/q", "a/")]),
        Case("of plain paths", [.main("main", "=a/ shop")], [("a/", "=a/"), ("a/q", "404")]),
        Case(
            "of a Service that is a canary's",
            [.canary("next", day: 1, "b/ next"), .main("old", day: 1, "b/ old"), .main("main", day: 2, "a/ next", "=a/ shop", annotations: regex)],
            [("a/", "404"), ("a/q", "404")], messages: ["a/ (Prefix) is no route…R16", "no request reaches a/ (Exact)"]),
    ])
    func initialRoot(_ test: Case) { check(test, "ingress-nginx", showsServices: false) }

    @Test(arguments: [("scoped", nil), ("ingress-nginx", "no request reaches a/ (Exact), the `/` that the host begins with comes first (R15, R35)")])
    func aCanaryBehindTheInitialRoot(_ compatibility: String, _ inactive: String?) {
        let loaded = Loaded(
            [.main("main", "=a/ shop", annotations: Self.regex), .canary("next", "=a/ next")], empty: [], settings: "compatibility: \(compatibility)")
        #expect(loaded.canaries.map(\.inactive) == [inactive])
    }

    private static let regex = ["use-regex": "true"]

    @Test(arguments: defaultBackends, ["scoped", "ingress-nginx"]) func standIns(_ test: Case, _ compatibility: String) {
        check(test, compatibility, showsServices: true)
    }

    private func check(_ test: Case, _ compatibility: String, showsServices: Bool) {
        // Refused whole: `AdmissionTests`.
        if compatibility == "ingress-nginx", test.name == "R38 what is no Service" { return }
        let loaded = Loaded(test.ingresses, empty: test.empty, settings: "compatibility: \(compatibility)")
        for (url, expected) in test.requests {
            #expect(answer(url, loaded, showsServices: showsServices) == expected, "\(url)")
        }
        let messages = loaded.messages.filter { !$0.contains("no Ingress sends requests") }
        for expected in test.messages { #expect(messages.contains { PlanCase.fits($0, expected) }, "\(expected): \(messages)") }
        #expect(messages.count == test.messages.count, "\(messages)")
    }

    private func answer(_ url: String, _ loaded: Loaded, showsServices: Bool) -> String {
        let slash = url.firstIndex(of: "/") ?? url.endIndex
        let host = Array(url[..<slash].utf8), path = Array(url[slash...].utf8)
        let routes = loaded.snapshot.routes
        var match = routes.match(host: host.span, path: path.span)
        let values = RequestValues()
        if case .patterns(let extra) = match { match = routes.search(extra, path: path.span, with: values) }
        switch match {
        case .noHost, .noPath, .patterns: return "404"
        case .addSlash: return "301"
        case .appRoot(let extra): return "302 " + String(decoding: routes.appRoot(extra), as: UTF8.self)
        case .route(let route):
            var text = (route.pathType == .exact ? "=" : "") + (route.host.isEmpty ? "*" : route.host) + route.path
            if showsServices {
                text += " to " + ([route.stable] + route.canaries.map(\.backend)).map { loaded.snapshot.backends[$0].name }.joined(separator: " + ")
            }
            var output: [UInt8] = []
            if case .rewritten = route.rewrite?.apply(to: path.span, with: values, into: &output) {
                text += " as " + String(decoding: output, as: UTF8.self)
            }
            return text
        }
    }
}
