import Exchange
import Testing
import TestSupport
@testable import Configuration

/// What the README, `docs/` and `check` say is not as in ingress-nginx, `check --migrating` says, too.
extension MigrationTests {
    struct Stated: Sendable, CustomTestStringConvertible {
        let name: String
        /// In the order of the manifests.
        let rules: [String]
        /// Those of `rules` that `ingress-nginx` mode does not have, one after the other.
        var onlyScoped: [String] = []
        let ingresses: [Ingress]
        var testDescription: String { name }

        /// One Ingress with annotations.
        static func one(
            _ name: String, _ rules: [String], onlyScoped: [String] = [], _ annotations: [String: String], path: String = "h/p"
        ) -> Stated {
            Stated(name: name, rules: rules, onlyScoped: onlyScoped, ingresses: [.main("shop", "\(path) a", annotations: annotations)])
        }

        /// A canary with annotations, and its main Ingress with others.
        static func canary(
            _ name: String, _ rules: [String], onlyScoped: [String] = [], _ annotations: [String: String], main: [String: String] = [:]
        ) -> Stated {
            let weight = ["canary": "true", "canary-weight": "10"].merging(annotations) { $1 }
            return Stated(
                name: name, rules: rules, onlyScoped: onlyScoped,
                ingresses: [.main("shop", "h/p a", annotations: main), Ingress(name: "new", day: 2, annotations: weight, paths: ["h/p b"])])
        }
    }

    private static let hostsAndPaths: [Stated] = [
        .one("exact path with a slash", ["R34"], onlyScoped: ["R34"], [:], path: "=h/p/"),
        Stated(name: "exact path with a slash beside the one without", rules: [], ingresses: [.main("shop", "=h/p/ a", "=h/p b")]),
        Stated(name: "exact path with a slash beside the prefix", rules: [], ingresses: [.main("shop", "=h/p/ a", "h/p b")]),
        Stated(name: "exact path with a slash beside the prefix with it", rules: [], ingresses: [.main("shop", "=h/p/ a", "h/p/ b")]),
        Stated(
            name: "exact path with a slash beside the one of another host", rules: ["R34"], onlyScoped: ["R34"],
            ingresses: [.main("shop", "=h/p/ a", "=g/p b")]),
        .one("exact root", [], [:], path: "=h/"),
        .one("exact path with a slash among expressions", [], ["use-regex": "true"], path: "=h/p/"),
        .one("alias of any number of labels", ["R33"], ["server-alias": "a.b, *.w"]),
        .one("alias that is an expression", ["R33"], ["server-alias": "~^x[0-9]+$"]),
        .one("alias", [], ["server-alias": "a.b"]),
        .one("rewrite to a URL", ["R35"], ["rewrite-target": "https://x.y/$1"]),
        .one("rewrite with a variable", ["R35"], ["rewrite-target": "/x$request_uri"]),
        .one("rewrite without a slash", ["R35"], ["rewrite-target": "x$1"]),
        .one("rewrite", [], ["rewrite-target": "/x/$1"]),
        .one("rewrite that neither takes", [], ["rewrite-target": "/x y"]),
        .one("rewrite with a line break behind it", ["R35", "R35"], onlyScoped: ["R35", "R35"], ["rewrite-target": "/x/$1\n"]),
        .one("rewrite with spaces around it, on expressions", ["R35"], onlyScoped: ["R35"], ["rewrite-target": " /x/$1 ", "use-regex": "true"]),
        .one("rewrite with a line break that neither takes", [], ["rewrite-target": "/x y\n"]),
        .one("rewrite with a line break and a variable", [], ["rewrite-target": "/x$request_uri\n"]),
        .one("no expression", ["R35"], ["use-regex": "true"], path: "~h/p("),
        .one("no expression, on a host of plain paths", [], [:], path: "~h/p("),
        .one("app-root with a variable", ["annotation"], ["app-root": "/$host"]),
        .one("app-root with a space behind it", ["annotation"], onlyScoped: ["annotation"], ["app-root": "/x "]),
        .one("app-root that ingress-nginx does not take", ["annotation"], onlyScoped: ["annotation"], ["app-root": "/x?y"]),
        .one("app-root", [], ["app-root": "/x"]),
        .one("app-root of any length", ["annotation"], ["app-root": "/" + String(repeating: "x", count: 3000)]),
        .one("rewrite of any length", ["annotation"], ["rewrite-target": "/" + String(repeating: "x", count: 3000)]),
        .one("hash of any length", ["R32"], ["upstream-hash-by": "$uri-" + String(repeating: "x", count: 3000)]),
        .one("cookie of any length", ["R28"], ["affinity": "cookie", "session-cookie-name": String(repeating: "x", count: 300)]),
        .one("cookie's path of any length", ["R28"], ["affinity": "cookie", "session-cookie-path": "/" + String(repeating: "x", count: 3000)]),
        .one("a boolean that is none, as there", [], ["preserve-trailing-slash": "maybe", "force-ssl-redirect": "true"]),
        .canary("what a canary has from its main", [], ["rewrite-target": "x$1", "server-alias": "*.w", "backend-protocol": "GRPC", "affinity": "cookie"]),
    ]

    private static let upstreams: [Stated] = [
        .one("gRPC", ["annotation"], ["backend-protocol": "GRPC"]), .one("gRPC over TLS", ["annotation"], ["backend-protocol": "grpcs"]),
        .one("FastCGI", ["annotation"], ["backend-protocol": "FCGI"]), .one("the client's scheme", ["annotation"], ["backend-protocol": "AUTO_HTTP"]),
        .one("HTTPS", [], ["backend-protocol": "HTTPS"]), .one("no protocol", [], ["backend-protocol": "SPDY"]),
        .one("chash", ["R32"], ["load-balance": "chash"]), .one("sticky", ["R32"], ["load-balance": "sticky_persistent"]),
        .one("ewma", [], ["load-balance": "ewma"]), .one("chash beside a hash", [], ["load-balance": "chash", "upstream-hash-by": "$host"]),
        .canary("chash of a canary", ["R32"], ["load-balance": "chashsubset"]),
        .one("conditions with white space", ["R39"], onlyScoped: ["R39"], ["proxy-next-upstream": " error http_503"]),
        .one("conditions with a line break behind them", [], ["proxy-next-upstream": "error http_503\n"]),
        .one("conditions that are the usual ones anyway", [], ["proxy-next-upstream": "error  timeout"]),
        .one("attempts that nginx does not take", ["R39"], ["proxy-next-upstream-tries": "-1"]),
        .one("attempts that are no number", [], ["proxy-next-upstream-tries": "x"]),
        .one("cookie's name", ["R28"], ["affinity": "cookie", "session-cookie-name": "a/b"]),
        .one("cookie's name that neither takes", [], ["affinity": "cookie", "session-cookie-name": "a;b"]),
        .one("cookie's path", ["R28"], ["affinity": "cookie", "session-cookie-path": "x"]),
        .one("cookie's path without affinity", [], ["session-cookie-path": "x"]),
        .one("cookie on an expression", ["R28"], onlyScoped: ["R28"], ["affinity": "cookie", "use-regex": "true"], path: "~h/p.*"),
        .one("cookie on an expression, with a path", [], ["affinity": "cookie", "use-regex": "true", "session-cookie-path": "/"]),
    ]

    private static let secret = ["backend-protocol": "HTTPS", "proxy-ssl-secret": "default/tls"]

    private static let tls: [Stated] = [
        .canary("client certificates of a canary", ["R36"], onlyScoped: ["R36"], ["auth-tls-secret": "default/ca"]),
        .canary("client certificates of a canary after its main's", [], ["auth-tls-secret": "default/ca"], main: ["auth-tls-secret": "default/ca"]),
        .canary("client certificates of a canary, without a Secret", [], ["auth-tls-verify-client": "on"]),
        .canary("TLS to upstreams of a canary", ["R36"], onlyScoped: ["R36"], ["proxy-ssl-secret": "default/tls"], main: ["backend-protocol": "HTTPS"]),
        .canary("TLS to upstreams of a canary, by HTTP", [], ["proxy-ssl-secret": "default/tls"]),
        .canary("TLS to upstreams of a canary after its main's", [], ["proxy-ssl-secret": "default/tls"], main: secret),
        Stated(
            name: "TLS to upstreams of another Ingress", rules: ["R36"], onlyScoped: ["R36"],
            ingresses: [.main("shop", "h/p a", annotations: secret), .main("cart", day: 2, "h/q b", annotations: ["backend-protocol": "HTTPS"])]),
        .one(
            "checks upstreams without a Secret", ["annotation"], onlyScoped: ["annotation"],
            ["backend-protocol": "HTTPS", "proxy-ssl-verify": "on", "proxy-ssl-name": "a.b"]),
        .one("does not check upstreams, without a Secret", [], ["backend-protocol": "HTTPS", "proxy-ssl-verify": "off"]),
        .one("checks upstreams without a name", ["annotation"], secret.merging(["proxy-ssl-verify": "on"]) { $1 }),
        .one("checks upstreams", [], secret.merging(["proxy-ssl-verify": "on", "proxy-ssl-name": "a.b"]) { $1 }),
        .one("old TLS to upstreams", ["annotation"], secret.merging(["proxy-ssl-protocols": "TLSv1 TLSv1.2"]) { $1 }),
        .one("TLS to upstreams", [], secret.merging(["proxy-ssl-protocols": "TLSv1.2"]) { $1 }),
        .one("long chains of upstreams", ["annotation"], secret.merging(["proxy-ssl-verify-depth": "101"]) { $1 }),
        .one("long chains of clients", ["annotation"], ["auth-tls-secret": "default/ca", "auth-tls-verify-depth": "101"]),
        .one("long chains of nobody", [], ["auth-tls-verify-depth": "101"]),
        .one("page of one's own", ["annotation"], ["auth-tls-secret": "default/ca", "auth-tls-error-page": "/sorry"]),
        .one("page elsewhere", [], ["auth-tls-secret": "default/ca", "auth-tls-error-page": "https://x.y/sorry"]),
    ]

    private static let canaries: [Stated] = [
        .canary("a value with a line break", ["R6"], onlyScoped: ["R6"], ["canary-by-header": "x", "canary-by-header-value": "v1\n"]),
        .canary("a pattern with spaces around it", ["R6"], onlyScoped: ["R6"], ["canary-by-header": "x", "canary-by-header-pattern": " ^v1$ "]),
        .canary(
            "a field and a cookie with other white space", ["R6", "R6"], onlyScoped: ["R6", "R6"],
            ["canary-by-header": "x\u{A0}", "canary-by-cookie": "c\t"]),
        .canary("spaces around a field and a cookie", [], ["canary-by-header": " x ", "canary-by-header-value": "v ", "canary-by-cookie": " c"]),
        .canary("a value with a line break, of no field", [], ["canary-by-header-value": "v1\n"]),
        .canary(
            "a pattern with spaces around it, beside a value", [],
            ["canary-by-header": "x", "canary-by-header-value": "v", "canary-by-header-pattern": " ^v1$ "]),
        .canary("white space alone", [], ["canary-by-header": "\n"]),
        .canary("a value that neither takes", [], ["canary-by-header": "x", "canary-by-header-value": "a=b\n"]),
        .one("what ingress-nginx does not let in", ["R9"], onlyScoped: ["R9"], ["upstream-vhost": "bad host!"]),
        .one("what else such an Ingress says", ["R9"], onlyScoped: ["R9"], [
            "upstream-vhost": "bad host!", "limit-rps": "5", "proxy-next-upstream-tries": "50", "affinity": "cookie", "session-cookie-path": "x",
        ], path: "h/p,"),
        .canary("what else such a canary says", ["R9"], onlyScoped: ["R9"], [
            "load-balance": "none of these", "canary-weight-total": "10", "upstream-hash-by": "$nothing", "canary-by-query": "version",
        ]),
        .canary("text for nginx in a canary", ["R9"], onlyScoped: ["R9"], ["configuration-snippet": "x", "load-balance": "chash"]),
        .canary("a weight of Serin's", ["annotation"], ["serin.dev/canary-weight": "0.5"]),
        .canary("a rewrite that a canary has from its main, and Serin's", [], ["rewrite-target": "/x", "serin.dev/canary-rewrite-target": "/v2$1"]),
        .canary("Tengine's query", ["R2"], onlyScoped: ["R2"], ["canary-by-query": "version", "canary-by-query-value": "2"]),
        .canary("Tengine's fields", ["R2"], onlyScoped: ["R2"], ["canary-request-add-header": "x:y"]),
        .canary("Tengine's remainder", ["R2"], onlyScoped: ["R2"], ["canary-by-cookie": "uid", "canary-mod-divisor": "100"]),
        .canary("Higress' query", ["R2"], onlyScoped: ["R2"], ["higress.ingress.kubernetes.io/canary-by-query": "version"]),
        .canary("ALB's header", ["R2"], onlyScoped: ["R2"], ["alb.ingress.kubernetes.io/canary-by-header": "x"]),
        .canary("ALB's weight beside ingress-nginx's", [], ["alb.ingress.kubernetes.io/canary-weight": "20"]),
        .canary("what Tengine uses nowhere", [], ["canary-priority-list": "x"]),
        Stated(
            name: "Higress' canary", rules: ["R2"], onlyScoped: ["R2"],
            ingresses: [
                .main("shop", "h/p a"),
                Ingress(name: "new", day: 2, annotations: ["higress.io/canary": "true", "higress.io/canary-weight": "10"], paths: ["h/p b"]),
            ]),
        Stated(
            name: "Higress' canary with a path of its own", rules: ["R2", "R2"], onlyScoped: ["R2", "R2"],
            ingresses: [
                .main("shop", "h/p a"),
                Ingress(name: "new", day: 2, annotations: ["higress.io/canary": "true", "higress.io/canary-weight": "10"], paths: ["h/q b"]),
            ]),
        Stated(
            name: "ACK's release", rules: ["R2"], onlyScoped: ["R2"],
            ingresses: [.main("shop", "h/p old", "h/p new", annotations: ["service-weight": "new: 20, old: 80"])]),
        Stated(
            name: "ACK's release of nothing", rules: [],
            ingresses: [.main("shop", "h/p old", "h/p new", annotations: ["service-weight": "new: 0, old: 0"])]),
        Stated(
            name: "ACK's release of nothing, the new Service first", rules: ["R2"], onlyScoped: ["R2"],
            ingresses: [.main("shop", "h/p new", "h/p old", annotations: ["service-weight": "new: 0, old: 0"])]),
        Stated(
            name: "ACK's release, the new Service first", rules: ["R2"], onlyScoped: ["R2"],
            ingresses: [.main("shop", "h/p new", "h/p old", annotations: ["service-weight": "new: 20, old: 80"])]),
        .one("ACK's release of one Service", [], ["service-weight": "new: 20, old: 80"]),
        .one("Tengine's query in an ordinary Ingress", [], ["canary-by-query": "version"]),
    ]

    @Test(arguments: hostsAndPaths + upstreams + tls + canaries)
    func stated(_ test: Stated) throws {
        let yaml = test.ingresses.map(\.yaml).joined(separator: "\n---\n")
        let here = try Self.report(yaml, .scoped)
        #expect(here.differences.map(\.rule) == test.rules, "\(here)")
        #expect(here.others.isEmpty)
        #expect(here.description.contains("No difference from ingress-nginx.") == test.rules.isEmpty)
        var shared = test.rules
        for rule in test.onlyScoped { try shared.remove(at: #require(shared.firstIndex(of: rule))) }
        let exact = try Self.report(yaml, .ingressNginx)
        #expect(exact.differences.map(\.rule) == shared, "\(exact)")
        #expect(exact.others.filter { other in !here.conditions.contains { $0.rule == other.rule && $0.serin == other.serin } }.map(\.rule) == test.onlyScoped, "\(exact)")
        // Whoever has it configured is not told to.
        #expect(!exact.description.contains("set `canary.compatibility: ingress-nginx`"), "\(exact)")
        #expect(exact.description.contains("No difference from ingress-nginx.") == shared.isEmpty)
        #expect((exact.differences + exact.conditions).allSatisfy { $0.modes == .both } && exact.others.allSatisfy { $0.modes == .scoped })
    }

    /// No claim about a refused Ingress but that it is.
    @Test(arguments: ["shop", "new"]) func nothingOfARefusedIngressIsObeyed(_ refused: String) throws {
        let more = [
            "upstream-vhost": "bad host!", "limit-rps": "5", "force-ssl-redirect": "true", "affinity": "cookie", "load-balance": "ewma", "rewrite-target": "x$1",
        ]
        let main = Ingress.main("shop", "h/p a", annotations: refused == "shop" ? more : [:])
        let rules = ["canary": "true", "canary-by-header": "x", "canary-weight": "1"].merging(refused == "new" ? more : [:]) { $1 }
        let canary = Ingress(name: "new", day: 2, annotations: rules, paths: ["h/p b"])
        // Only the canary has an endpoint.
        let service = """
            {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {ports: [{port: 80}]}}
            ---
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, ports: [{port: 80}], endpoints: [{addresses: [10.0.0.1]}],
              metadata: {name: b, labels: {kubernetes.io/service-name: b}}}
            """
        let report = try Self.report([main.yaml, canary.yaml, service].joined(separator: "\n---\n"), .scoped)
        #expect(report.differences.map(\.rule) == ["R9"], "\(report)")
        #expect(!report.conditions.contains { $0.object == "Ingress default/\(refused)" }, "\(report)")
    }

    struct SlashCase: Sendable, CustomTestStringConvertible {
        let name: String
        let annotations: [String: String]
        let isTold: Bool
        var testDescription: String { name }
    }

    /// Which redirects lose a slash there.
    @Test(arguments: [
        SlashCase(name: "no redirect", annotations: [:], isTold: false),
        SlashCase(name: "a redirect", annotations: ["force-ssl-redirect": "true"], isTold: true),
        SlashCase(name: "with its slash", annotations: ["force-ssl-redirect": "true", "preserve-trailing-slash": "true"], isTold: false),
        SlashCase(name: "a value that does not count", annotations: ["force-ssl-redirect": "true", "preserve-trailing-slash": "maybe"], isTold: true),
    ])
    func slashesOfRedirects(_ test: SlashCase) throws {
        for mode in Compatibility.allCases {
            let report = try Self.report(Ingress.main("shop", "h/p a", annotations: test.annotations).yaml, mode)
            func told(_ differences: [MigrationReport.Difference]) -> Bool { differences.contains { $0.rule == "tls" && $0.serin == "the slash stays" } }
            #expect(told(report.conditions) == (test.isTold && mode == .scoped))
            #expect(told(report.others) == (test.isTold && mode == .ingressNginx))
        }
    }

    struct SearchCase: Sendable, CustomTestStringConvertible {
        let name: String
        var canary: [String: String] = [:]
        var main: [String: String] = [:]
        var path = "h/p"
        var rules: [String] = []
        var testDescription: String { name }
    }

    /// Which searches may be given up here and not there.
    @Test(arguments: [
        SearchCase(name: "a pattern", canary: ["canary-by-header": "x", "canary-by-header-pattern": "^([a-z0-9]+-?)+$"], rules: ["R21"]),
        SearchCase(name: "a pattern of plain characters", canary: ["canary-by-header": "x", "canary-by-header-pattern": "^v1$"]),
        SearchCase(
            name: "a pattern beside a value",
            canary: ["canary-by-header": "x", "canary-by-header-value": "v", "canary-by-header-pattern": "(a+)+"]),
        SearchCase(name: "a pattern that is none", canary: ["canary-by-header": "x", "canary-by-header-pattern": "(a+"]),
        SearchCase(name: "a path", main: ["use-regex": "true"], path: "~h/p(/|$)(.*)", rules: ["R35"]),
        SearchCase(name: "a path of plain characters", main: ["use-regex": "true"]),
        SearchCase(name: "a path that is no expression", path: "~h/p(/|$)(.*)"),
    ])
    func searches(_ test: SearchCase) throws {
        let canary = ["canary": "true", "canary-weight": "10"].merging(test.canary) { $1 }
        let ingresses: [Ingress] = [
            .main("shop", "\(test.path) a", annotations: test.main), Ingress(name: "new", day: 2, annotations: canary, paths: ["\(test.path) b"]),
        ]
        for mode in Compatibility.allCases {
            let report = try Self.report(ingresses.map(\.yaml).joined(separator: "\n---\n"), mode)
            #expect(report.conditions.filter { $0.serin.contains("100 000") }.map(\.rule) == test.rules, "\(report)")
        }
    }

    static func report(_ yaml: String, _ mode: Compatibility) throws -> MigrationReport {
        var log = DiagnosticLog()
        var loader = ManifestLoader()
        loader.add(YAMLFile(name: "test.yaml", text: yaml), log: &log)
        try #require(!log.hasErrors, "\(log.entries)")
        var settings = Settings()
        settings.compatibility = mode
        return MigrationCheck.report(loader.manifests, settings: settings)
    }
}
