extension RuleCases {
    private static let value = ["canary-by-header": "foo", "canary-by-header-value": "bar"]
    private static let words = ["canary-by-header": "X-Canary", "canary-weight": "0"]
    private static let pattern = ["canary-by-header": "Region", "canary-by-header-pattern": "cd|sz"]
    private static let cookie = ["canary-by-cookie": "canary"]
    private static let everything = ["canary-by-header": "X-Canary", "canary-by-cookie": "canary", "canary-weight": "100"]
    private static let broken = ["canary-by-header": "X", "canary-by-header-pattern": "(", "canary-by-cookie": "canary", "canary-weight": "100"]
    private static let twice = [
        Ingress.main("main", "a/ shop"), .canary("one", day: 2, "a/ next", annotations: ["canary-by-cookie": "one"]),
        .canary("two", day: 3, "a/ mall", annotations: ["canary-by-header": "X", "canary-by-cookie": "two"]),
    ]

    // MARK: R21: the order

    static let decisions: [RuleCase] = [
        RuleCase(
            "R21.0 a main Service without endpoints",
            [.main("main", "a/ shop"), .canary("canary", "a/ next", annotations: ["canary-by-header": "X"])], empty: ["shop"],
            Ask("X: always", is: .unavailable, scoped: .next("header")), Ask(is: .unavailable)),
        RuleCase(
            "R21.2 only the first canary", twice,
            Ask("Cookie: one=always", is: .next("cookie")), Ask("X: always", is: .shop("no-rule"), scoped: .from("mall", "header")),
            // Header rules of all come before cookies of any.
            Ask("X: always", "Cookie: one=always", is: .next("cookie"), scoped: .from("mall", "header"))),
        RuleCase(
            "R21.2 several weights add up, or do not",
            [
                .main("main", "a/ shop"), .canary("one", day: 2, "a/ next", annotations: ["canary-weight": "30"]),
                .canary("two", day: 3, "a/ mall", annotations: ["canary-weight": "70"]),
            ],
            Ask(count: 100, is: .share("next", 26...34)), Ask(count: 100, is: .share("mall", 0...0), scoped: .share("mall", 66...74))),
        RuleCase(
            "R21.3 a canary without endpoints",
            [.main("main", "a/ shop"), .canary("canary", "a/ next", annotations: ["canary-by-header": "X", "canary-weight": "100"])], empty: ["next"],
            Ask("X: always", is: .shop("failover")), Ask(is: .shop("failover"))),
        RuleCase("R21.5 the header's value", canary: value, Ask("foo: bar", is: .next("header")), Ask(is: .shop("no-rule"))),
        RuleCase("R21.5 another value", canary: value, Ask("foo: BAR", is: .shop("no-rule")), Ask("foo: bars", is: .shop("no-rule"))),
        RuleCase("R21.5 always is no word beside a value", canary: value, Ask("foo: always", is: .shop("no-rule"))),
        RuleCase(
            "R21.5 nor is never", canary: value.merging(["canary-weight": "100"]) { one, _ in one }, Ask("foo: never", is: .next("weight"))),
        RuleCase(
            "R21.5 a pattern", canary: pattern, Ask("Region: cd", is: .next("header")), Ask("Region: xszx", is: .next("header")),
            Ask("Region: bj", is: .shop("no-rule")), Ask("Region: CD", is: .shop("no-rule"))),
        RuleCase(
            "R21.5 a pattern that does not compile ends it", canary: broken, Ask("X: a", "Cookie: canary=always", is: .shop("header-pattern-error")),
            Ask("Cookie: canary=always", is: .next("cookie"))),
        RuleCase("R21.5 always", canary: words, Ask("X-Canary: always", is: .next("header"))),
        RuleCase("R21.5 never", canary: everything, Ask("X-Canary: never", is: .shop("header-never"))),
        RuleCase(
            "R21.5 another word is left to the next rule", canary: everything, Ask("X-Canary: maybe", is: .next("weight")),
            Ask("X-Canary: Always", is: .next("weight")), Ask("X-Canary:", is: .next("weight"))),
        RuleCase("R21.5 the header comes before the cookie", canary: everything, Ask("X-Canary: never", "Cookie: canary=always", is: .shop("header-never"))),
        RuleCase(
            "R21.6 the cookie", canary: cookie, Ask("Cookie: a=b; canary=always", is: .next("cookie")), Ask("Cookie: canary=yes", is: .shop("no-rule")),
            Ask("Cookie: canary=Always", is: .shop("no-rule"))),
        RuleCase("R21.6 the cookie comes before the weight", canary: everything, Ask("Cookie: canary=never", is: .shop("cookie-never"))),
        RuleCase("R21.7 all of the weight", canary: everything, Ask(is: .next("weight"))),
        RuleCase("R21.7 none of it", canary: words, Ask(is: .shop("no-rule"))),
        RuleCase("R21.7 more than all", canary: ["canary-weight": "150"], Ask(is: .next("weight"))),
        RuleCase("R21.7 a share", canary: ["canary-weight": "40"], Ask(count: 200, is: .share("next", 76...84))),
        RuleCase(
            "R21.7 a share of a thousand", canary: ["canary-weight": "250", "canary-weight-total": "1000"], Ask(count: 200, is: .share("next", 46...54))),
        RuleCase(
            "R21.7 a total below 100 is ignored", canary: ["canary-weight": "10", "canary-weight-total": "10"],
            Ask(count: 100, is: .share("next", 6...14), scoped: .share("next", 100...100))),
    ]

    // MARK: R22 to R27: fields

    static let headersAndCookies: [RuleCase] = [
        RuleCase(
            "R22 neither case nor - and _ matter", canary: ["canary-by-header": "x_canary-id"], Ask("X-Canary-Id: always", is: .next("header")),
            Ask("X-CANARY-ID: always", is: .next("header"))),
        RuleCase("R22 a field with _ is dropped", canary: ["canary-by-header": "x-canary"], Ask("x_canary: always", is: .shop("no-rule"))),
        RuleCase("R23 blanks around the value are not its own", canary: ["canary-by-header": "X"], Ask("X:    always  ", is: .next("header"))),
        RuleCase(
            "R23 lines are joined", canary: ["canary-by-header": "X"], Ask("X: always", "X: always", is: .shop("no-rule")), Ask("X: never", "X: never", is: .shop("no-rule"))),
        RuleCase(
            "R23 with a comma and a blank", canary: ["canary-by-header": "X", "canary-by-header-pattern": "^a..b$"], Ask("X: a", "X: b", is: .next("header"))),
        RuleCase(
            "R23 those of Cookie with a semicolon", canary: ["canary-by-header": "Cookie", "canary-by-header-pattern": "^a=1..b=2$"],
            Ask("Cookie: a=1", "Cookie: b=2", is: .next("header"))),
        RuleCase("R24 User-Agent", canary: ["canary-by-header": "User-Agent", "canary-by-header-value": "curl/8"], Ask("User-Agent: curl/8", is: .next("header"))),
        RuleCase("R24 Host", canary: ["canary-by-header": "Host", "canary-by-header-pattern": "^a[.]"], Ask(is: .next("header"))),
        RuleCase(
            "R25 neither does case matter in a cookie's name", canary: ["canary-by-cookie": "canary-id"], Ask("Cookie: CANARY-id=always", is: .next("cookie")),
            Ask("Cookie: canary_id=always", is: .shop("no-rule"))),
        RuleCase("R25 but all of it does", canary: cookie, Ask("Cookie: xcanary=always", is: .shop("no-rule")), Ask("Cookie: canaryx=always", is: .shop("no-rule"))),
        RuleCase(
            "R26 a value runs to the semicolon", canary: cookie, Ask("Cookie: canary=always ;a=b", is: .shop("no-rule")),
            Ask("Cookie: canary=always,a=b", is: .shop("no-rule")), Ask("Cookie: canary=\"always\"", is: .shop("no-rule")),
            Ask("Cookie: canary=%61lways", is: .shop("no-rule"))),
        RuleCase(
            "R26 what separates", canary: cookie, Ask("Cookie: a=b,canary=always", is: .next("cookie")), Ask("Cookie: canary = always", is: .next("cookie")),
            Ask("Cookie: a=b", "Cookie: canary=always", is: .next("cookie"))),
        RuleCase(
            "R26 the first counts", canary: cookie, Ask("Cookie: canary=no; canary=always", is: .shop("no-rule")),
            Ask("Cookie: canary=no", "Cookie: canary=always", is: .shop("no-rule"))),
        RuleCase(
            "R27 a value without a header does nothing", canary: ["canary-by-header-value": "always", "canary-by-header-pattern": "a"], Ask("X: always", is: .shop("no-rule"))),
        RuleCase("R27 a canary without a rule gets nothing", canary: [:], Ask(is: .shop("no-rule"))),
    ]
}
