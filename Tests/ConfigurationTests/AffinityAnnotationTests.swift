import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// Session affinity as it is read and planned (R28–R31), in both modes.
@Suite struct AffinityAnnotationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let annotations: [String: String]
        /// The cookie in short, empty if there is no affinity.
        let cookie: String
        /// A part of each warning.
        var warnings: [String] = []
        var testDescription: String { "R28 \(name)" }
    }

    static let cases: [Case] = [
        Case(name: "nothing", annotations: [:], cookie: ""),
        Case(name: "the defaults", annotations: ["affinity": "cookie"], cookie: "INGRESSCOOKIE /shop balanced"),
        Case(name: "another type", annotations: ["affinity": "ip"], cookie: "", warnings: ["\"ip\" is not \"cookie\": no session affinity (R28)"]),
        Case(
            name: "the cookie alone", annotations: ["session-cookie-name": "a"], cookie: "",
            warnings: ["session-cookie-name: \"a\" does nothing without affinity: cookie; add it"]),
        Case(
            name: "everything",
            annotations: [
                "affinity": "cookie", "affinity-mode": "persistent", "session-cookie-name": "sid", "session-cookie-path": "/x",
                "session-cookie-domain": ".example.com", "session-cookie-expires": "60", "session-cookie-max-age": "-1",
                "session-cookie-samesite": "none", "session-cookie-conditional-samesite-none": "true", "session-cookie-secure": "true",
                "session-cookie-partitioned": "true", "session-cookie-change-on-failure": "true",
            ],
            cookie: "sid /x persistent .example.com 60 -1 None conditional secure partitioned changes"),
        Case(
            name: "what is no value",
            annotations: [
                "affinity": "cookie", "affinity-mode": "sticky", "session-cookie-name": "a;b", "session-cookie-path": "x",
                "session-cookie-domain": "a b", "session-cookie-expires": "1h", "session-cookie-max-age": "",
                "session-cookie-samesite": "Maybe", "session-cookie-secure": "yes",
            ],
            cookie: "INGRESSCOOKIE /shop balanced",
            warnings: [
                "affinity-mode: \"sticky\" is neither balanced nor persistent: balanced", "session-cookie-domain: \"a b\" is not a domain",
                "session-cookie-expires: \"1h\" is not a number of seconds", "session-cookie-max-age: \"\" is not a number",
                "session-cookie-name: \"a;b\" is not the name of a cookie: INGRESSCOOKIE", "session-cookie-path: \"x\" is not a path",
                "session-cookie-samesite: \"Maybe\" is none of", "session-cookie-secure: \"yes\" is not a boolean",
            ]),
        Case(
            name: "a canary's behaviour", annotations: ["affinity": "cookie", "affinity-canary-behavior": "legacy"],
            cookie: "INGRESSCOOKIE /shop balanced", warnings: ["does nothing in an Ingress that is no canary"]),
    ]

    @Test(arguments: cases, Compatibility.allCases)
    func read(_ test: Case, _ mode: Compatibility) {
        let loaded = Loaded([.main("main", "a/shop shop", annotations: test.annotations)], empty: [], settings: "compatibility: \(mode.rawValue)")
        let route = loaded.snapshot.routes.routes[0]
        #expect(Self.text(route.affinity?.stable, loaded.snapshot.backends[route.stable]) == test.cookie)
        #expect(loaded.messages.count == test.warnings.count, "\(loaded.messages)")
        for part in test.warnings { #expect(loaded.messages.contains { $0.contains(part) }, "\(part)\n\(loaded.messages)") }
    }

    private static func text(_ affinity: SessionAffinity?, _ backend: Backend) -> String {
        guard let affinity else { return backend.balancing == .roundRobin ? "" : "\(backend.balancing)" }
        let cookie = affinity.cookie
        guard case .session(let isPersistent, let service) = backend.balancing else { return "no session: \(backend.balancing)" }
        #expect(affinity.serviceKey == SessionKey(service: service))
        var words = [cookie.name, cookie.path, isPersistent ? "persistent" : "balanced"]
        words += [cookie.domain, cookie.expires.map(String.init), cookie.maxAge.map(String.init), cookie.sameSite?.rawValue].compactMap(\.self)
        if cookie.isConditional { words.append("conditional") }
        if cookie.isAlwaysSecure { words.append("secure") }
        if cookie.isPartitioned { words.append("partitioned") }
        if affinity.changesOnFailure { words.append("changes") }
        if !affinity.setsCookie { words.append("unset") }
        return words.joined(separator: " ")
    }

    struct Plan: Sendable, CustomTestStringConvertible {
        let name: String
        let ingresses: [Ingress]
        /// `host/path`, then the cookie of stable and of each canary; scoped, then ingress-nginx.
        let scoped: [String]
        let exact: [String]
        var messages: [String] = []
        var testDescription: String { name }
    }

    private static let cookie = ["affinity": "cookie"]
    private static let legacy = ["canary-weight": "1", "affinity-canary-behavior": "legacy"]

    static let plans: [Plan] = [
        Plan(
            name: "R29 a canary has its main's", ingresses: [.main("main", "a/ shop", annotations: cookie), .canary("next", "a/ next")],
            scoped: ["a/ INGRESSCOOKIE, INGRESSCOOKIE"], exact: ["a/ INGRESSCOOKIE, INGRESSCOOKIE"]),
        Plan(
            name: "R30 legacy", ingresses: [.main("main", "a/ shop", annotations: cookie), .canary("next", "a/ next", annotations: legacy)],
            scoped: ["a/ INGRESSCOOKIE, -"], exact: ["a/ INGRESSCOOKIE, -"]),
        Plan(
            name: "R29 any other word is sticky",
            ingresses: [
                .main("main", "a/ shop", annotations: cookie),
                .canary("next", "a/ next", annotations: ["canary-weight": "1", "affinity-canary-behavior": "Legacy"]),
            ],
            scoped: ["a/ INGRESSCOOKIE, INGRESSCOOKIE"], exact: ["a/ INGRESSCOOKIE, INGRESSCOOKIE"],
            messages: ["affinity-canary-behavior: \"Legacy\" is neither sticky nor legacy: sticky (R29)"]),
        Plan(
            name: "R31 what the canary says itself",
            ingresses: [.main("main", "a/ shop"), .canary("next", "a/ next", annotations: ["canary-weight": "1", "affinity": "cookie"])],
            scoped: ["a/ -, -"], exact: ["a/ -, -"], messages: ["affinity: \"cookie\" does nothing in a canary…(R31)"]),
        Plan(
            name: "R28 all paths of the Service, set where it is said",
            ingresses: [.main("one", day: 1, "a/ shop", annotations: cookie), .main("two", day: 2, "b/ shop")],
            scoped: ["a/ INGRESSCOOKIE", "b/ -"], exact: ["a/ INGRESSCOOKIE", "b/ INGRESSCOOKIE unset"]),
        Plan(
            name: "R28 the last says how",
            ingresses: [
                .main("one", day: 1, "a/ shop", annotations: cookie),
                .main("two", day: 2, "b/ shop", annotations: ["affinity": "cookie", "session-cookie-name": "sid"]),
            ],
            scoped: ["a/ INGRESSCOOKIE", "b/ sid"], exact: ["a/ sid", "b/ sid"]),
        Plan(
            name: "R29 the last main that the canary joins",
            ingresses: [
                .main("one", day: 1, "a/ shop", annotations: cookie),
                .main("two", day: 2, "b/ mall", annotations: ["affinity": "cookie", "session-cookie-name": "sid"]),
                .canary("next", day: 3, "a/ next", "b/ next"),
            ],
            scoped: ["a/ INGRESSCOOKIE, INGRESSCOOKIE", "b/ sid, sid"], exact: ["a/ INGRESSCOOKIE, sid unset", "b/ sid, sid"]),
        Plan(
            name: "R29 also if that has none",
            ingresses: [
                .main("one", day: 1, "a/ shop", annotations: cookie), .main("two", day: 2, "b/ mall"), .canary("next", day: 3, "a/ next", "b/ next"),
            ],
            scoped: ["a/ INGRESSCOOKIE, INGRESSCOOKIE", "b/ -, -"], exact: ["a/ INGRESSCOOKIE, -", "b/ -, -"]),
        Plan(
            name: "R13 a canary whose Service an ordinary Ingress named first",
            ingresses: [
                .main("other", day: 1, "b/ next", annotations: cookie), .main("main", day: 2, "a/ shop", annotations: cookie),
                .canary("next", day: 3, "a/ next"),
            ],
            scoped: ["a/ INGRESSCOOKIE, INGRESSCOOKIE", "b/ INGRESSCOOKIE"], exact: ["a/ INGRESSCOOKIE, INGRESSCOOKIE", "b/ INGRESSCOOKIE unset"]),
        Plan(
            name: "R32 affinity beats a hash",
            ingresses: [.main("main", "a/ shop", annotations: ["affinity": "cookie", "upstream-hash-by": "$host", "load-balance": "ewma"])],
            scoped: ["a/ INGRESSCOOKIE"], exact: ["a/ INGRESSCOOKIE"], messages: ["load-balance: \"ewma\" is never looked at"]),
    ]

    @Test(arguments: plans, Compatibility.allCases)
    func planned(_ test: Plan, _ mode: Compatibility) {
        let loaded = Loaded(test.ingresses, empty: [], settings: "compatibility: \(mode.rawValue)")
        let backends = loaded.snapshot.backends
        let found = loaded.snapshot.routes.routes.map { route in
            let versions = [(route.affinity?.stable, route.stable)] + route.canaries.indices.map { index in
                (route.affinity?.affinity(of: .canary(index)), route.canaries[index].backend)
            }
            return "\(route.host)\(route.path) " + versions.map { affinity, backend in
                guard let affinity else { return "-" }
                if case .session = backends[backend].balancing {} else { Issue.record("\(backends[backend].balancing)") }
                return affinity.cookie.name + (affinity.setsCookie ? "" : " unset")
            }.joined(separator: ", ")
        }
        #expect(found.sorted() == (mode == .scoped ? test.scoped : test.exact))
        for route in loaded.snapshot.routes.routes {
            guard let affinity = route.affinity else { continue }
            let sticks = affinity.canaries.contains { $0 != nil }
            #expect(affinity.precedence == (mode == .ingressNginx ? .first : sticks ? .beforeWeight : .never))
        }
        let others = loaded.messages.filter { !$0.contains("the canary takes requests") && !$0.contains("(R13)") }
        #expect(others.count == test.messages.count, "\(others)")
        for (message, part) in zip(others, test.messages) { #expect(PlanCase.fits(message, part), "\(message)") }
    }

    /// R12: the port as the Ingress writes it; a cookie that ingress-nginx has set counts here.
    @Test(arguments: Compatibility.allCases) func r12Name(_ mode: Compatibility) {
        let loaded = Loaded([.main("main", "a/ shop:web", annotations: Self.cookie)], empty: [], settings: "compatibility: \(mode.rawValue)")
        #expect(loaded.snapshot.backends.map(\.balancing) == [.session(isPersistent: false, service: "default-shop-web")])
    }

    @Test(arguments: Compatibility.allCases) func r28ExpressionsNeedAPath(_ mode: Compatibility) {
        let annotations = ["affinity": "cookie", "use-regex": "true"]
        let loaded = Loaded(
            [.main("main", "~a/x/(.*) shop", annotations: annotations), .main("two", "b/y mall", annotations: annotations.merging(["session-cookie-path": "/y"]) { $1 })],
            empty: [], settings: "compatibility: \(mode.rawValue)")
        let paths = loaded.snapshot.routes.routes.compactMap { $0.affinity?.stable?.cookie.path }
        #expect(paths.sorted() == (mode == .scoped ? ["/", "/y"] : ["/x/(.*)", "/y"]))
        #expect(loaded.messages.count == 1 && loaded.messages[0].contains("write session-cookie-path"), "\(loaded.messages)")
    }
}
