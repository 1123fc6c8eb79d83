import Exchange
import Testing
import TestSupport
@testable import Configuration

/// What one Ingress, or one canary, has in both, but with another Service or in another manner.
extension MigrationTests {
    struct Told: Sendable, CustomTestStringConvertible {
        let name: String
        let ingresses: [Ingress]
        /// `rule object places | ingress-nginx | Serin`, parts of each, see `PlanCase.fits`; of all routing that differs.
        let differences: [String]
        var testDescription: String { name }

        init(_ name: String, _ ingresses: [Ingress], _ differences: [String]) {
            (self.name, self.ingresses, self.differences) = (name, ingresses, differences)
        }
    }

    private static let services: [Told] = [
        Told(
            "R21.2 a canary with two Services", [.main("shop", "a/ main", "a/api main"), .canary("new", "a/ can", "a/api can2")],
            ["R21.2 Ingress default/new a/api (Prefix) |…default/can:80…R21.2… |…default/can2:80"]),
        Told(
            "R20 a canary whose default backend is another Service",
            [.main("shop", "d/x main", defaultBackend: "main"), .canary("new", "d/x can", defaultBackend: "can2")],
            ["R20 Ingress default/new d/ (Prefix) |…default/can:80…R20… |…default/can2:80"]),
        Told(
            "a canary with one Service", [.main("shop", "a/ main", "a/api main"), .canary("new", "a/ can", "a/api can")], []),
        Told(
            "R16 a Service that was a canary's, and a default backend",
            [.canary("new", day: 1, "a/ can"), .main("shop", day: 2, "a/ can", defaultBackend: "main")],
            ["R16 Ingress default/shop a/ (Prefix) |…default/main:80…default/can:80 was first named by the canary Ingress default/new… |…default/can:80"]),
        Told(
            "R16 a Service that was a canary's, and the next line",
            [.canary("new", day: 1, "b/ can"), .main("old", day: 1, "b/ x"), .main("shop", day: 2, "a/ can", "a/ main")],
            ["R16 Ingress default/shop a/ (Prefix) |…default/main:80…(R13)… |…default/can:80"]),
        Told(
            "R16 a canary that counts as a main one",
            [.main("old", "b/ can"), .canary("new", "a/ can"), .main("shop", day: 3, "a/ main")],
            [
                "R13 Ingress default/new a/ (Prefix) |…not in effect… | it is in effect",
                "R16 Ingress default/shop a/ (Prefix) | Ingress default/new…default/can:80, of a canary…R13… | Ingress default/shop…default/main:80",
            ]),
        Told(
            "R15 a default backend behind the first Ingress with the host", [.main("one", "a/x s"), .main("two", day: 2, "a/y s", defaultBackend: "t")],
            ["R15 Ingress default/two a/ (Prefix) | no route: …Ingress default/one…R15… |…answers"]),
        Told(
            "R15 a default backend alone", [.main("one", "*/ s"), .main("two", day: 2, defaultBackend: "t")],
            ["R15 Ingress default/one */ (Prefix) | Ingress default/two…default/t:80…R15… | Ingress default/one…default/s:80"]),
    ]

    private static let sticky = ["affinity": "cookie"]

    private static let manners: [Told] = [
        Told(
            "R29 a canary of a sticky main Service and of another one",
            [.main("one", "a/ main", annotations: sticky), .main("two", "b/ other"), .canary("new", "a/ can", "b/ can")],
            ["R29 Ingress default/new a/ (Prefix) |…do not stay… |…INGRESSCOOKIE"]),
        Told(
            "R29 the other way round",
            [.main("one", "a/ main"), .main("two", "b/ other", annotations: sticky), .canary("new", "a/ can", "b/ can")],
            ["R29 Ingress default/new a/ (Prefix) |…INGRESSCOOKIE… |…do not stay"]),
        Told(
            "R29 a canary of two sticky main Services",
            [
                .main("one", "a/ main", annotations: sticky.merging(["session-cookie-name": "A"]) { $1 }),
                .main("two", "b/ other", annotations: sticky.merging(["session-cookie-name": "B"]) { $1 }), .canary("new", "a/ can", "b/ can"),
            ],
            ["R29 Ingress default/new a/ (Prefix) |…by B… |…by A"]),
        Told(
            "R30 a canary of a sticky main Service and of another one, legacy",
            [
                .main("one", "a/ main", annotations: sticky), .main("two", "b/ other"),
                .canary("new", "a/ can", "b/ can", annotations: ["canary-weight": "10", "affinity-canary-behavior": "legacy"]),
            ], []),
        Told(
            "R28 is the reason of a canary's, too",
            [.main("one", "a/ main", annotations: sticky), .main("two", "b/ main"), .canary("new", "a/ can", "b/ can")],
            ["R28 Ingress default/two b/ (Prefix) |…|…"]),
        Told(
            "R13 service-upstream of the first", [.main("one", "a/ main", annotations: ["service-upstream": "true"]), .main("two", day: 2, "b/ main")],
            ["R13 Ingress default/two b/ (Prefix) |…the Service's own address… |…its endpoints"]),
        Told(
            "R13 service-upstream of the second", [.main("one", "a/ main"), .main("two", day: 2, "b/ main", annotations: ["service-upstream": "true"])],
            ["R13 Ingress default/two b/ (Prefix) |…its endpoints… |…the Service's own address"]),
        Told(
            "R36 service-upstream of a canary is not its main's",
            [.main("one", "a/ main", annotations: ["service-upstream": "true"]), .canary("new", "a/ can")], []),
        Told(
            "R32 beside a session cookie", [.main("one", "a/ main", annotations: ["load-balance": "ewma"]), .main("two", day: 2, "b/ main", annotations: sticky)],
            ["R28 Ingress default/one a/ (Prefix) |…|…"]),
    ]

    private static let expressions: [Told] = [
        Told(
            "R35 what makes expressions is no route there",
            [
                .canary("new", day: 1, "b/ can"), .main("old", day: 1, "b/ main"),
                .main("api", day: 2, "~a/api(/|$)(.*) can", annotations: ["rewrite-target": "/$2"]), .main("web", day: 3, "a/foo other", "a/bar other"),
            ],
            [
                "R16 Ingress default/api a/api(/|$)(.*) (Prefix) | no route: …|…",
                "R35 Ingress default/api a/foo (Prefix), a/bar (Prefix) |…plain…a/api(/|$)(.*) (Prefix)… |…regular expressions",
            ]),
        Told(
            "R35 what makes expressions is no route here",
            [
                .main("web", "a/foo s", "a/bar s"), .main("old", "b/ can"),
                .canary("api", day: 2, "a/bar.* can", annotations: ["canary-weight": "10", "use-regex": "true"]),
            ],
            [
                "R16 Ingress default/api a/bar.* (Prefix) |…|…",
                "R35 Ingress default/api a/foo (Prefix), a/bar (Prefix) |…regular expressions…a/bar.* (Prefix)… |…plain",
            ]),
        Told(
            "R35 what is no expression, and plain here",
            [
                .main("web", "~a/p( s"), .main("old", "b/ can"),
                .canary("api", day: 2, "a/x can", annotations: ["canary-weight": "10", "use-regex": "true"]),
            ],
            [
                "R35 Ingress default/web a/p( (Prefix) | refuses the whole configuration…|…", "R16 Ingress default/api a/x (Prefix) |…|…",
                "R35 Ingress default/api a/p( (Prefix) |…regular expressions… |…plain",
            ]),
        Told(
            "R35 what is no expression, and plain there",
            [
                .canary("new", day: 1, "b/ can"), .main("old", day: 1, "b/ main"), .main("web", day: 2, "~a/p( s", "=a/q/ s"),
                .main("api", day: 3, "a/x can", annotations: ["use-regex": "true"]),
            ],
            [
                "R16 Ingress default/api a/x (Prefix) | no route: …|…", "R35 Ingress default/api a/p( (Prefix), a/q/ (Exact) |…plain… |…regular expressions",
            ]),
    ]

    private static let regex = ["use-regex": "true"]

    private static let orders: [Told] = [
        Told(
            "R35 the `/` that a host begins with", [.main("main", "=a/ old", "a/x old", annotations: regex)],
            ["R35 Ingress default/main a/ (Exact) | no request reaches it…404…(R15) | the Service answers"]),
        Told(
            "R35 a younger Ingress has the `/` that a host begins with",
            [.main("main", day: 1, "=a/ old", "a/x old", "a/y old", annotations: regex), .main("second", day: 2, "a/ new")],
            [
                "R35 Ingress default/main a/ (Prefix), a/ (Exact) |…a/ (Prefix) of Ingress default/second…default/new:80 | a/ (Exact) of Ingress "
                    + "default/main…default/old:80",
            ]),
        Told(
            "R35 twins of Ingresses of the same age", [.main("one", day: 1, "=a/x old", "a/ old", annotations: regex), .main("two", day: 1, "a/x new")],
            [
                "R35 Ingress default/one a/x (Prefix), a/x (Exact) |…a/x (Prefix) of Ingress default/two… | a/x (Exact) of Ingress default/one",
            ]),
        Told("R35 twins of one Ingress", [.main("one", "=a/x old", "a/x new", "a/ old", annotations: regex)], []),
        Told("R35 twins of plain paths", [.main("one", day: 1, "=a/ old"), .main("two", day: 2, "a/ new")], []),
    ]

    private static func total(_ weight: Int, _ total: Int) -> [String: String] {
        ["canary-weight": "\(weight)", "canary-weight-total": "\(total)"]
    }

    private static let shares: [Told] = [
        Told(
            "R21.7 a total below 100", [.main("shop", "a/ s", "b/ t"), .canary("new", "a/ can", "b/ can", annotations: total(1, 3))],
            ["R21.7 Ingress default/new a/ (Prefix), b/ (Prefix) | 1 of 100… | 1 of 3"]),
        Told("R21.7 of nobody's canary", [.canary("new", "a/ can", annotations: total(5, 10))], []),
        Told("R21.7 of a path that there is not", [.main("shop", "a/ s"), .canary("new", "b/ can", annotations: total(5, 10))], []),
        Told("R21.7 of never", [.main("shop", "a/ s"), .canary("new", "a/ can", annotations: total(0, 10))], []),
        Told("R21.7 of a whole", [.main("shop", "a/ s"), .canary("new", "a/ can", annotations: total(100, 10))], []),
        Told(
            "R21.7 of a second canary",
            [.main("shop", "a/ s"), .canary("one", "a/ can", annotations: ["canary-weight": "10"]), .canary("two", day: 3, "a/ can2", annotations: total(10, 7))],
            ["R21.2 Ingress default/two a/ (Prefix) |…not in effect… | it is in effect"]),
        Told(
            "R21.2 of a canary that a younger one precedes here",
            [.main("shop", "a/ s"), .canary("one", "a/ can", annotations: ["canary-weight": "70"]), .canary("two", "a/ can2", annotations: ["canary-weight": "50"])],
            [
                "R21.2 Ingress default/one a/ (Prefix) |…not in effect… | it is in effect",
                "R21.2 Ingress default/two a/ (Prefix) | 50 of 100 | 30 of 100…",
            ]),
        Told(
            "R21.2 of a canary that the older one leaves nothing",
            [.main("shop", "a/ s"), .canary("one", "a/ can", annotations: ["canary-weight": "100"]), .canary("two", day: 3, "a/ can2")], []),
        Told(
            "R20 beside a canary of the path",
            [.main("shop", "a/ s", "b/ s", "c/ s"), .canary("one", "a/ can"), .canary("two", day: 3, "b/ can2")],
            [
                "R20 Ingress default/one b/ (Prefix) |…the main Service is the same |…Ingress default/two…",
                "R20 Ingress default/one c/ (Prefix) |…the main Service is the same |…stable…",
                "R21.2 Ingress default/two b/ (Prefix) |…not in effect… | it is in effect",
            ]),
        Told(
            "R19 and R20", [.main("shop", "*/ s", "a/ s"), .canary("new", defaultBackend: "can")],
            [
                "R20 Ingress default/new a/ (Prefix) |…the main Service is the same |…stable…",
            ]),
    ]

    /// What is said of routing, and nothing else.
    @Test(arguments: services + manners + expressions + orders + shares)
    func told(_ test: Told) throws {
        let report = try Self.report(test.ingresses.map(\.yaml).joined(separator: "\n---\n"), .scoped)
        let said = report.differences.filter { $0.rule != "R40" }.map { difference in
            "\(difference.rule) \(difference.object) \(difference.places.joined(separator: ", ")) | \(difference.ingressNginx) | \(difference.serin)"
        }
        #expect(said.count == test.differences.count, "\(said.joined(separator: "\n"))")
        for (text, expected) in zip(said, test.differences) { #expect(PlanCase.fits(text, expected), "\(text)") }
        // `ingress-nginx` mode does as there.
        let exact = try Self.report(test.ingresses.map(\.yaml).joined(separator: "\n---\n"), .ingressNginx)
        #expect(exact.differences.filter { $0.modes == .scoped }.isEmpty, "\(exact)")
    }
}
