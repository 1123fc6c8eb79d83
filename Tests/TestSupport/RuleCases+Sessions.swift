extension RuleCases {
    private static let sticky = ["affinity": "cookie"]

    private static func shop(_ annotations: [String: String] = sticky, canary: [String: String]) -> [Ingress] {
        [.main("main", "a/ shop", annotations: annotations), .canary("canary", "a/ next", annotations: canary)]
    }

    // MARK: R28 to R31: session affinity

    static let sessions: [RuleCase] = [
        RuleCase(
            "R28 a cookie is set once", [.main("main", "a/ shop", annotations: sticky)],
            Ask(takesCookie: true, is: .shop()), Ask(takesCookie: false, sendsCookie: true, is: .shop())),
        RuleCase("R28 not without the annotation", [.main("main", "a/ shop")], Ask(takesCookie: false, is: .shop())),
        RuleCase(
            "R28 what is no such cookie says nothing", shop(canary: ["canary-weight": "100"]),
            Ask("Cookie: INGRESSCOOKIE=abc", is: .next("weight")), Ask("Cookie: INGRESSCOOKIE=a|0123456789abcdef0123456789abcdef", is: .next("weight"))),
        RuleCase(
            "R29 main's cookie beats the weight", shop(canary: ["canary-weight": "100", "canary-by-header": "X"]),
            Ask("X: never", takesCookie: true, is: .shop("header-never")), Ask(sendsCookie: true, is: .shop("affinity"))),
        RuleCase(
            "R29 and the header", shop(canary: ["canary-by-header": "X"]),
            Ask(takesCookie: true, is: .shop("no-rule")), Ask("X: always", sendsCookie: true, is: .shop("affinity"), scoped: .next("header"))),
        RuleCase(
            "R29 as does the canary's", shop(canary: ["canary-by-header": "X"]),
            Ask("X: always", takesCookie: true, is: .next("header")), Ask(sendsCookie: true, is: .next("affinity")),
            Ask("X: never", sendsCookie: true, is: .next("affinity"), scoped: .shop("header-never"))),
        RuleCase(
            "R21.4 the canary's counts even where R13 leaves it no rules", [
                .main("other", day: 1, "a/o next", annotations: ["affinity": "cookie", "session-cookie-path": "/"]),
                .main("main", day: 2, "a/ shop", annotations: ["affinity": "cookie", "session-cookie-path": "/"]),
                .canary("canary", day: 3, "a/ next", annotations: ["canary-by-header": "X", "affinity-canary-behavior": "legacy"]),
            ],
            Ask("X: always", is: .shop("no-rule"), scoped: .next("header")), Ask("/o", takesCookie: true, is: .next()),
            Ask(sendsCookie: true, is: .next("affinity"), scoped: .shop("no-rule"))),
        RuleCase(
            "R30 legacy: the canary sets no cookie", shop(canary: ["canary-by-header": "X", "affinity-canary-behavior": "legacy"]),
            Ask("X: always", takesCookie: false, is: .next("header"))),
        RuleCase(
            "R30 legacy: main's counts all the same", shop(canary: ["canary-by-header": "X", "affinity-canary-behavior": "legacy"]),
            Ask(takesCookie: true, is: .shop("no-rule")), Ask("X: always", sendsCookie: true, is: .shop("affinity"), scoped: .next("header"))),
        RuleCase(
            "R31 the canary's own affinity does nothing", shop([:], canary: ["canary-by-header": "X", "affinity": "cookie"]),
            Ask("X: always", takesCookie: false, is: .next("header"))),
    ]

    // MARK: R33 to R38: hosts and paths

    private static let byHeader = ["canary-by-header": "X"]

    static let hostsAndPaths: [RuleCase] = [
        RuleCase("R33 neither case nor port matter", [.main("main", "a/ shop")], Ask("Host: {HOST}:8080", is: .shop()), Ask(is: .shop())),
        RuleCase(
            "R33 a wildcard is one label", [.main("main", "*.x/ shop", "b.x/ mall")],
            Ask(host: "q.x", is: .shop()), Ask(host: "b.x", is: .from("mall", nil)), Ask(host: "q.q.x", is: .notFound), Ask(host: "x", is: .notFound)),
        RuleCase(
            "R33 what no other host has", [.main("main", "a/ shop"), .main("all", "*/ mall")], isAlone: true,
            Ask(is: .shop()), Ask(host: "b", is: .from("mall", nil))),
        RuleCase(
            "R34 a prefix ends at a slash", [.main("main", "a/app shop")], Ask("/app", is: .shop()), Ask("/app/x", is: .shop()), Ask("/apps", is: .notFound),
            Ask("/APP", is: .notFound), Ask("/%61pp//x", is: .asking("shop", "/%61pp//x"))),
        RuleCase(
            "R34 the longest, and Exact before that", [.main("main", "a/ shop", "a/x/y next", "a/x mall", "=a/x rest")],
            Ask("/x", is: .from("rest", nil)), Ask("/x/", is: .from("mall", nil)), Ask("/x/y/z", is: .next()), Ask("/y", is: .shop())),
        RuleCase(
            "R34 the slash that is missing", [.main("main", "a/dir/ shop", "=a/file/ mall")],
            Ask("/dir?q=1", is: .status(301, "/dir/?q=1")), Ask("/dir/x", is: .shop()), Ask("/file", is: .status(301, "/file/"), scoped: .notFound)),
        RuleCase(
            "R35 one pattern makes patterns of all paths of the host",
            [.main("main", "a/foo shop", "=a/bar mall"), .main("regex", "~a/[a-z]+/end next", annotations: ["use-regex": "true"])],
            Ask("/FOObar", is: .shop()), Ask("/barfoo", is: .from("mall", nil)), Ask("/foo/end", is: .next()), Ask("/", is: .notFound)),
        RuleCase(
            "R35 the path strings are compared", [
                .main("main", "~a/v[12] shop", annotations: ["use-regex": "true"]), .canary("canary", "a/v[12] next", annotations: byHeader),
            ],
            Ask("/v1", "X: always", is: .next("header")), Ask("/v3", "X: always", is: .notFound)),
        RuleCase(
            "R36 the canary is asked for what its main Ingress says", [
                .main("main", "~a/api(/|$)(.*) shop", annotations: ["rewrite-target": "/$2"]),
                .canary("canary", "a/api(/|$)(.*) next", annotations: byHeader.merging(["rewrite-target": "/other"]) { one, _ in one }),
            ],
            Ask("/api/v1?q=1", "X: always", is: .asking("next", "/v1?q=1")), Ask("/api/v1", is: .asking("shop", "/v1"))),
        RuleCase(
            "R36 also where it leads nowhere",
            [.main("main", "a/ shop", annotations: ["app-root": "/start"]), .canary("canary", "a/ next", annotations: byHeader)],
            Ask("/", "X: always", is: .status(302, "/start")), Ask("/x", "X: always", is: .next("header"))),
        RuleCase(
            "R38 a default-backend stands in, the canary stays",
            [.main("main", "a/ shop", "a/x rest", annotations: ["default-backend": "rest"]), .canary("canary", "a/ next", annotations: byHeader)],
            empty: ["shop"], Ask("X: always", is: .next("header")), Ask(is: .from("rest", "no-rule"))),
    ]

    // MARK: R32, R37 and R40

    /// Which of a Service's endpoints it is, `BalancingTests` say.
    static let versions: [RuleCase] = [
        RuleCase(
            "R32 balancing is within a version", [
                .main("main", "a/ shop", annotations: ["upstream-hash-by": "$arg_u", "load-balance": "ewma"]),
                .canary("canary", "a/ next", annotations: byHeader),
            ],
            Ask("/?u=1", "X: always", is: .next("header")), Ask("/?u=1", "X: never", is: .shop("header-never")), Ask("/?u=1", is: .shop("no-rule"))),
        RuleCase(
            "R37 the rule's header and cookie pass as they came", canary: ["canary-by-header": "X", "canary-by-cookie": "c"],
            Ask("/p?c=always&x=%41", "X: always", "Cookie: c=never", is: .asking("next", "/p?c=always&x=%41"))),
        RuleCase(
            "R40 of two ordinary Ingresses the first has the path", [.main("main", "a/ shop"), .main("next", day: 2, "a/ next", "a/new next")],
            Ask(is: .shop("no-canary")), Ask("/new", is: .next("no-canary"))),
        RuleCase(
            "R40 also if one says that it is no canary",
            [.main("main", "a/ shop"), .main("next", day: 2, "a/ next", "a/new next", annotations: ["canary": "false"])],
            Ask(is: .shop("no-canary")), Ask("/new", is: .next("no-canary"))),
    ]

    // MARK: What ingress-nginx does not know

    private static let list = ["canary-by-header": "Region", "serin.dev/canary-by-header-value": "cd||sz"]
    private static let number = ["canary-by-cookie": "uid", "serin.dev/canary-by-cookie-mod": "100 < 10"]
    private static let query = ["serin.dev/canary-by-query": "v", "serin.dev/canary-by-query-pattern": "^2[.]"]
    private static let source = ["serin.dev/canary-by-source-range": "203.0.113.0/24, 2001:db8::/32"]
    private static let group = list.merging(source) { one, _ in one }.merging(["serin.dev/canary-match": "all"]) { one, _ in one }
    private static let tengine = [
        "canary-by-cookie": "uid", "canary-mod-divisor": "100", "canary-mod-relational-operator": ">", "canary-mod-remainder": "5",
    ]
    private static let higress = ["higress.ingress.kubernetes.io/canary-by-query": "v", "higress.ingress.kubernetes.io/canary-by-query-value": "2"]

    /// The proxy before Serin is believed.
    static let beyond: [RuleCase] = [
        RuleCase(
            "Tengine's list, which ingress-nginx drops (R6)", canary: ["canary-by-header": "Region", "canary-by-header-value": "cd||sz"],
            Ask("Region: sz", is: .shop("no-rule"), scoped: .next("header")), Ask("Region: always", is: .next("header"), scoped: .shop("no-rule"))),
        RuleCase(
            "Tengine's numbers", canary: tengine, Ask("Cookie: uid=1006", is: .shop("no-rule"), scoped: .next("cookie")),
            Ask("Cookie: uid=always", is: .next("cookie"), scoped: .shop("no-rule")), Ask("Cookie: uid=1005", is: .shop("no-rule"))),
        RuleCase("Tengine's query", canary: ["canary-by-query": "q"], Ask("/?q=always", is: .shop("no-rule"), scoped: .next("query"))),
        RuleCase(
            "Tengine's cookie values", canary: ["canary-by-cookie": "q", "canary-by-cookie-value": "z"],
            Ask("Cookie: q=always", is: .next("cookie"), scoped: .shop("no-rule")), Ask("Cookie: q=z", is: .shop("no-rule"), scoped: .next("cookie"))),
        RuleCase(
            "Tengine's numbers in part do no harm", canary: ["canary-by-header": "X", "canary-mod-divisor": "5"], modes: [.ingressNginx],
            Ask("X: always", is: .next("header"))),
        RuleCase("Higress's query", canary: higress, Ask("/?v=2", is: .shop("no-rule"), scoped: .next("query")), Ask("/?v=22", is: .shop("no-rule"))),
        RuleCase(
            "Higress's prefix", canary: ["higress.io/canary-by-header": "X"], Ask("X: always", is: .shop("no-rule"), scoped: .next("header"))),
        RuleCase(
            "Higress's canary is an ordinary Ingress to ingress-nginx",
            [.main("main", "a/ shop"), .main("next", day: 2, "a/new next", annotations: ["higress.io/canary": "true", "higress.io/canary-weight": "100"])],
            Ask("/new", is: .next("no-canary"), scoped: .shop("no-canary"))),
        RuleCase(
            "ALB's prefix", canary: ["alb.ingress.kubernetes.io/canary-by-cookie": "c"],
            Ask("Cookie: c=always", is: .shop("no-rule"), scoped: .next("cookie"))),
        RuleCase("one of a list", canary: list, Ask("region: sz", is: .next("header")), Ask("region: bj", is: .shop("no-rule"))),
        RuleCase("a cookie's values", canary: ["canary-by-cookie": "plan", "serin.dev/canary-by-cookie-value": "gold||a=b"],
            Ask("Cookie: plan=gold", is: .next("cookie")), Ask("Cookie: plan=a=b", is: .next("cookie")), Ask("Cookie: plan=always", is: .shop("no-rule"))),
        RuleCase("a cookie's pattern", canary: ["canary-by-cookie": "plan", "serin.dev/canary-by-cookie-pattern": "^go{1,2}ld, "],
            Ask("Cookie: plan=goold, x", is: .next("cookie")), Ask("Cookie: plan=gooold, x", is: .shop("no-rule"))),
        RuleCase("a numbered user", canary: number, Ask("Cookie: uid=20260907", is: .next("cookie")), Ask("Cookie: uid=20260917", is: .shop("no-rule"))),
        RuleCase("a query's words", canary: ["serin.dev/canary-by-query": "v"], Ask("/?a&V=always", is: .next("query")), Ask("/?v=never", is: .shop("query-never"))),
        RuleCase("a query's pattern", canary: query, Ask("/?a=1&v=2.7", is: .next("query")), Ask("/?v=1.2.", is: .shop("no-rule"))),
        RuleCase(
            "an address", canary: source, Ask("X-Forwarded-For: 203.0.113.9", is: .next("source-range")), Ask("X-Forwarded-For: 2001:db8::9", is: .next("source-range")),
            Ask(is: .shop("no-rule"))),
        RuleCase(
            "all of several", canary: group, Ask("Region: cd", "X-Forwarded-For: 203.0.113.9", is: .next("match")), Ask("Region: cd", is: .shop("no-match"))),
        RuleCase(
            "two headers, either", canary: ["canary-by-header": "X", "serin.dev/canary-by-headers": "Y = 1||2\n\n Z ~ ^a"],
            Ask("X: always", is: .next("header")), Ask("Y: 2", is: .next("header")), Ask("z: ab", is: .next("header")),
            Ask("Y: 3", "Z: ba", is: .shop("no-rule")), Ask("X: never", "Y: 1", is: .shop("header-never"))),
        RuleCase(
            "two headers, both",
            canary: list.merging(["serin.dev/canary-by-headers": "User-Agent ~ Firefox, the [^ ]+$", "serin.dev/canary-match": "all"]) { one, _ in one },
            Ask("Region: cd", "User-Agent: Firefox, the fox", is: .next("match")), Ask("Region: cd", is: .shop("no-match")),
            Ask("User-Agent: Firefox, the fox", is: .shop("no-match"))),
        RuleCase(
            "a header by itself, in the list", canary: ["serin.dev/canary-by-headers": "X"], Ask("X: always", is: .next("header")),
            Ask("X: never", is: .shop("header-never")), Ask(is: .shop("no-rule"))),
        RuleCase(
            "a share of a group", canary: list.merging(["serin.dev/canary-match": "all", "canary-weight": "20"]) { one, _ in one },
            Ask("Region: cd", count: 200, is: .share("next", 36...44)), Ask(count: 20, is: .share("shop", 20...20))),
        RuleCase("decimals", canary: ["serin.dev/canary-weight": "12.5"], Ask(count: 200, is: .share("next", 21...29))),
        RuleCase("parts per million", canary: ["serin.dev/canary-weight": "50000ppm"], Ask(count: 200, is: .share("next", 6...14))),
    ]
}
