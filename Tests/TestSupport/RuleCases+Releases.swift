/// Alibaba ACK's releases: an old and a new Service on one path of one Ingress.
extension RuleCases {
    private static func release(_ annotations: [String: String], _ paths: [String] = ["a/ shop", "a/ next"]) -> [Ingress] {
        [Ingress(name: "shop", day: 1, annotations: annotations, paths: paths)]
    }

    private static func match(_ rule: String, _ paths: [String] = ["a/ shop", "a/ next"]) -> [Ingress] {
        release(["service-match": "next: \(rule)"], paths)
    }

    private static let tomcat = #"header("App", "tomcat")"#
    private static let halves = "next: 50, shop: 50"

    /// In `ingress-nginx` mode the first of the two paths has all requests.
    static let releases: [RuleCase] = inScoped.map { $0.only(in: .scoped) } + [
        RuleCase("ACK, which ingress-nginx does not know", match(tomcat), modes: [.ingressNginx], Ask("App: tomcat", is: .shop("no-canary"))),
        RuleCase(
            "ACK, nor its weights", release(["service-weight": "next: 100, shop: 0"]), modes: [.ingressNginx], Ask(is: .shop("no-canary"))),
    ]

    private static let inScoped: [RuleCase] = [
        RuleCase(
            "ACK, a field's pattern", match(#"header("Foo", /bar|rab/)"#), Ask("Foo: bar", is: .next("match")), Ask("Foo: xrab", is: .next("match")),
            Ask("Foo: baar", is: .shop("no-match"))),
        RuleCase(
            "ACK, which of the two paths is first does not matter", match(tomcat, ["a/ next", "a/ shop"]),
            Ask("App: tomcat", is: .next("match")), Ask(is: .shop("no-match"))),
        RuleCase(
            "ACK, - and _ are one", match(#"header("x_app-id", "1")"#), Ask("X-App-Id: 1", is: .next("match"))),
        RuleCase(
            "ACK, a cookie", match(#"cookie("Foo", /rab/)"#), Ask("Cookie: Foo=rab", is: .next("match")), Ask("Cookie: Foo=raab", is: .shop("no-match"))),
        RuleCase(
            "ACK, a query parameter", match(#"query("foo", /bar/)"#), Ask("/?foo=bar", is: .next("match")), Ask("/?foo=baar", is: .shop("no-match"))),
        RuleCase(
            "ACK, exactly this", match(tomcat), Ask("App: tomcat", is: .next("match")), Ask("App: Tomcat", is: .shop("no-match")),
            Ask("App: tomcat2", is: .shop("no-match")), Ask(is: .shop("no-match"))),
        RuleCase(
            "ACK, what is absent is searched as empty", match(#"header("Foo", /^$/)"#), Ask(is: .next("match")), Ask("Foo: x", is: .shop("no-match"))),
        RuleCase(
            "ACK, the last match of a Service counts", match(#"header("Foo", "1"), next: header("Bar", "2")"#),
            Ask("Foo: 1", is: .shop("no-match")), Ask("Bar: 2", is: .next("match"))),
        RuleCase(
            "ACK, a pattern that does not compile is no match", match(#"header("Foo", /(/)"#), Ask("Foo: (", is: .shop(nil)), Ask(is: .shop(nil))),
        RuleCase(
            "ACK, the new Service without endpoints", match(tomcat), empty: ["next"],
            Ask("App: tomcat", is: .shop("failover")), Ask(is: .shop("no-match"))),
        RuleCase(
            "ACK, the old one", match(tomcat), empty: ["shop"], Ask("App: tomcat", is: .next("match")), Ask(is: .next("failover"))),
        RuleCase("ACK, neither has any", match(tomcat), empty: ["shop", "next"], Ask("App: tomcat", is: .unavailable), Ask(is: .unavailable)),
        RuleCase("ACK, weights", release(["service-weight": "next: 20, shop: 60"]), Ask(count: 200, is: .share("next", 46...54))),
        RuleCase("ACK, one weight is against 100", release(["service-weight": "next: 300"]), Ask(count: 200, is: .share("next", 146...154))),
        RuleCase("ACK, all of the weight", release(["service-weight": "next: 100, shop: 0"]), Ask(count: 20, is: .share("next", 20...20))),
        RuleCase(
            "ACK, weights among those that match", release(["service-match": "next: \(tomcat)", "service-weight": halves]),
            Ask("App: tomcat", count: 100, is: .share("next", 46...54)), Ask(takesCookie: false, is: .shop("no-match"))),
        RuleCase(
            "ACK, the weight pins its clients", release(["service-weight": "next: 100, shop: 0"]),
            Ask(takesCookie: true, is: .next("weight")), Ask(takesCookie: false, sendsCookie: true, is: .next("release-cookie"))),
        RuleCase(
            "ACK, the cookie beats the match", release(["service-match": "next: \(tomcat)", "service-weight": "next: 100, shop: 0"]),
            Ask("App: tomcat", takesCookie: true, is: .next("weight")), Ask(takesCookie: false, sendsCookie: true, is: .next("release-cookie"))),
        RuleCase("ACK, without endpoints the cookie's Service has the other stand in", release(["service-weight": "next: 100, shop: 0"]), empty: ["next"],
            Ask(is: .shop("failover"))),
        RuleCase("ACK, a match alone sets no cookie", match(tomcat), Ask("App: tomcat", takesCookie: false, is: .next("match"))),
    ]
}
