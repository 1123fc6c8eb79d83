/// All of them, in the order of the rules.
public enum RuleCases {
    typealias Ask = RuleCase.Ask

    public static let all: [RuleCase] = annotations + tables + decisions + headersAndCookies + sessions + hostsAndPaths + versions
        + beyond + releases

    /// The tests of rules whose cases need more than requests and answers; `DutyTests` looks whether they are there.
    public static let elsewhere: [String: String] = [
        "R32": "`BalancingTests`: which endpoint of a Service", "R39": "`RetryTests`: what is tried again",
        "R40": "`AdmissionTests`: what is said of an Ingress that would be refused",
    ]

    // MARK: R1 to R9: reading

    static let annotations: [RuleCase] = [
        RuleCase(
            "R1 another prefix says nothing", [.main("main", "a/ shop"), .main("next", day: 2, "a/ next", "a/new next", annotations: [
                "nginx.org/canary": "true", "nginx.org/canary-weight": "100",
            ])],
            Ask(is: .shop("no-canary")), Ask("/new", is: .next("no-canary"))),
        RuleCase(
            "R2 all seven at once",
            canary: [
                "canary-by-header": "X", "canary-by-header-value": "bar", "canary-by-header-pattern": "z", "canary-by-cookie": "c",
                "canary-weight": "0", "canary-weight-total": "1000",
            ],
            Ask("X: bar", is: .next("header")), Ask("X: z", is: .shop("no-rule")), Ask("Cookie: c=always", is: .next("cookie")),
            Ask("Cookie: c=never", is: .shop("cookie-never"))),
        RuleCase("R3 T is true", canary: ["canary": "T", "canary-weight": "100"], Ask(is: .next("weight"))),
        RuleCase(
            "R3 yes is not", [.main("main", "a/ shop"), .main("next", day: 2, "a/ next", "a/new next", annotations: ["canary": "yes", "canary-weight": "100"])],
            Ask(is: .shop("no-canary")), Ask("/new", is: .next("no-canary"))),
        RuleCase("R4 a sign", canary: ["canary-weight": "+100"], Ask(is: .next("weight"))),
        RuleCase("R4 a negative weight is never", canary: ["canary-weight": "-5", "canary-by-cookie": "c"], Ask(is: .shop("no-rule"))),
        RuleCase("R4 no number is 0", canary: ["canary-weight": "100%"], Ask(is: .shop("no-rule"))),
        RuleCase("R4 a total that is none is 100", canary: ["canary-weight": "100", "canary-weight-total": "1e3"], Ask(is: .next("weight"))),
        RuleCase("R5 trimmed", canary: ["canary-by-header": "  X  "], Ask("X: always", is: .next("header"))),
        RuleCase("R5 empty is not set", canary: ["canary-by-header": "X", "canary-by-header-value": "  "], Ask("X: always", is: .next("header"))),
        RuleCase(
            "R6 a sign that is not allowed", canary: ["canary-by-header": "X", "canary-by-header-value": "a=b", "canary-by-cookie": "c;d"],
            Ask("X: a=b", is: .shop("no-rule")), Ask("X: always", is: .next("header")), Ask("Cookie: c;d=always", is: .shop("no-rule"))),
        RuleCase(
            "R6 nor in a pattern", canary: ["canary-by-header": "X", "canary-by-header-pattern": "^a{1,2}$"],
            Ask("X: aa", is: .shop("no-rule")), Ask("X: always", is: .next("header"))),
        RuleCase(
            "R7 what is wrong is dropped by itself", canary: ["canary-by-header": "X", "canary-by-header-value": "a!", "canary-by-cookie": "c", "canary-weight": "x"],
            Ask("X: never", is: .shop("header-never")), Ask("Cookie: c=always", is: .next("cookie")), Ask(is: .shop("no-rule"))),
        RuleCase(
            "R8 rules without canary are an ordinary Ingress",
            [.main("main", "a/ shop"), .main("next", day: 2, "a/ next", "a/new next", annotations: ["canary-weight": "100", "canary-by-header": "X"])],
            Ask("X: always", is: .shop("no-canary")), Ask("/new", is: .next("no-canary"))),
        RuleCase(
            "R9 a wrong annotation of another kind refuses the Ingress",
            [.main("main", "a/ shop"), .main("bad", "b/ next", annotations: ["load-balance": "best"])],
            Ask(is: .shop()), Ask(host: "b", is: .notFound, scoped: .next())),
        RuleCase(
            "R9 so does one that is too risky", [.main("main", "a/ shop", annotations: ["configuration-snippet": "return 418;"])],
            Ask(is: .notFound, scoped: .shop())),
        RuleCase(
            "R9 also a canary, whose path is then none",
            [.main("main", "a/ shop"), .canary("canary", "a/ next", annotations: ["canary-weight": "100", "upstream-vhost": "a b"])],
            Ask(is: .shop("no-canary"), scoped: .next("weight"))),
    ]

    // MARK: R10 to R20: the table

    private static let byHeader = ["canary-by-header": "X"]
    private static let main = Ingress.main("main", "a/ shop")

    static let tables: [RuleCase] = [
        RuleCase(
            "R10 an empty path is /, ImplementationSpecific is Prefix",
            [.main("main", "a shop", "~a/x mall"), .canary("canary", "a/ next", "a/x next", annotations: byHeader)],
            Ask("/any", is: .shop()), Ask("/x/y", is: .from("mall", nil)), Ask("/x", "X: always", is: .next("header")), Ask("X: always", is: .next("header"))),
        RuleCase("R11 the oldest wins", [.main("new", day: 2, "a/ mall"), .main("old", day: 1, "a/ shop")], Ask(is: .shop())),
        RuleCase("R11 ties go to the last name", [.main("a", "a/ mall"), .main("z", "a/ shop")], Ask(is: .shop(), scoped: .from("mall", nil))),
        RuleCase(
            "R12 a port's number and its name are two backends",
            [.main("main", "a/ shop:80", "b/ shop:http"), .canary("canary", "a/ next", annotations: byHeader)],
            Ask("X: always", is: .next("header")), Ask("X: always", host: "b", is: .shop("no-canary"))),
        RuleCase(
            "R13 an ordinary Ingress named the canary's Service first",
            [.main("main", day: 1, "a/ shop"), .main("preview", day: 2, "b/ next"), .canary("canary", day: 3, "a/ next", annotations: byHeader)],
            Ask("X: always", is: .shop("no-canary"), scoped: .next("header")), Ask(host: "b", is: .next())),
        RuleCase(
            "R13 two canaries of one Service: the rules of the first",
            [main, .canary("one", day: 2, "a/ next", annotations: byHeader), .canary("two", day: 3, "a/ next", annotations: ["canary-by-cookie": "c"])],
            Ask("X: always", is: .next("header")), Ask("Cookie: c=always", is: .shop("no-rule"), scoped: .next("cookie"))),
        RuleCase("R14 a canary alone is no route", [.canary("canary", "a/ next", annotations: ["canary-weight": "100"])], Ask(is: .notFound)),
        RuleCase(
            "R14 nor does it make an alias",
            [main, .canary("canary", "a/ next", annotations: ["canary-weight": "100", "server-alias": "b"])], Ask(is: .next("weight")), Ask(host: "b", is: .notFound)),
        RuleCase(
            "R15 the default backend is / of the hosts", [.main("main", "a/x shop", defaultBackend: "rest")],
            Ask("/x", is: .shop()), Ask("/", is: .from("rest", nil)), Ask("/y", is: .from("rest", nil))),
        RuleCase("R15 without one it is 404", [.main("main", "a/x shop")], Ask("/x", is: .shop()), Ask("/", is: .notFound)),
        RuleCase(
            "R15 of an Ingress without rules it is that of every host", [.main("main", "a/x shop"), .main("all", defaultBackend: "rest")], isAlone: true,
            Ask("/x", is: .shop()), Ask("/", is: .notFound), Ask(host: "b", is: .from("rest", nil))),
        RuleCase(
            "R16 the same path of another type is another location", [.main("main", "a/x shop", "=a/x mall")],
            Ask("/x", is: .from("mall", nil)), Ask("/x/y", is: .shop())),
        RuleCase(
            "R16 a path whose Service a canary named first is none",
            [.main("main", day: 1, "a/ shop"), .canary("canary", day: 2, "a/ next", annotations: byHeader), .main("preview", day: 3, "b/ next")],
            Ask("X: always", is: .next("header")), Ask(host: "b", is: .notFound, scoped: .next())),
        RuleCase(
            "R16 the default host has the paths of unknown ones (oddity 17)",
            [.main("main", day: 1, "a/ shop", "b/ next"), .canary("canary", day: 2, "nowhere/new next")], isAlone: true,
            Ask("/new", host: "elsewhere", is: .next(), scoped: .notFound)),
        RuleCase(
            "R17 the namespace is not compared", [main, .canary("canary", "a/ next", namespace: "team", annotations: byHeader)],
            Ask("X: always", is: .next("header"), scoped: .shop("no-canary"))),
        RuleCase(
            "R17 an unknown host is skipped", [main, .canary("canary", "a/ next", "b/ next", annotations: byHeader)],
            Ask("X: always", is: .next("header")), Ask("X: always", host: "b", is: .notFound)),
        RuleCase(
            "R17 a wildcard is its own host",
            [.main("main", "*.x/ shop"), .canary("one", "b.x/ mall", annotations: byHeader), .canary("two", "*.x/ next", annotations: byHeader)],
            Ask("X: always", host: "b.x", is: .next("header"))),
        RuleCase(
            "R17 an alias is none", [.main("main", "a/ shop", annotations: ["server-alias": "b"]), .canary("canary", "b/ next", annotations: byHeader)],
            Ask("X: always", is: .shop("no-canary")), Ask("X: always", host: "b", is: .shop("no-canary"))),
        RuleCase(
            "R17 only if there is an ordinary Ingress", [.canary("canary", "a/ next", annotations: byHeader)], isAlone: true,
            Ask("X: always", is: .notFound)),
        RuleCase(
            "R18 a path without a location takes its Service out of effect", [main, .canary("canary", "a/ next", "a/stray next", annotations: byHeader)],
            Ask("X: always", is: .shop("no-canary"), scoped: .next("header")), Ask("/stray", "X: always", is: .shop("no-canary"), scoped: .next("header"))),
        RuleCase(
            "R18 of another type as well", [main, .canary("canary", "=a/ next", annotations: byHeader)], Ask("X: always", is: .shop("no-canary"))),
        RuleCase(
            "R19 a default backend joins every path of the default host",
            [.main("main", "*/ shop", "*/x mall"), .canary("canary", defaultBackend: "next", annotations: byHeader)], isAlone: true,
            Ask("X: always", is: .next("header")), Ask("/x", "X: always", is: .next("header"), scoped: .from("mall", "no-canary"))),
        RuleCase(
            "R20 a canary is attached to every path of its main Service",
            [.main("main", "a/ shop", "a/x shop", "b/ shop"), .canary("canary", "a/ next", annotations: byHeader)],
            Ask("X: always", is: .next("header")), Ask("/x", "X: always", is: .next("header"), scoped: .shop("no-canary")),
            Ask("X: always", host: "b", is: .next("header"), scoped: .shop("no-canary"))),
    ]
}
