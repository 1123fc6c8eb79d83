import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// Texts that go into heads have a bound, in both modes: one that is longer is no better than any other that can't be used.
@Suite struct TextBoundTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let annotation: String
        /// The annotations beside it.
        var beside: [String: String] = [:]
        /// What the text begins with.
        var start = ""
        let most: Int
        /// Of the warning about a longer one.
        let warning: String
        /// Bytes of what came of the annotation; nil if nothing did.
        let bytes: @Sendable (Snapshot) -> Int?
        var testDescription: String { annotation }
    }

    private static let cookie = ["affinity": "cookie"]
    private static let hashed = ["canary-weight": "5"]

    static let cases: [Case] = [
        Case(annotation: "app-root", start: "/", most: 2048, warning: "is longer than 2048 bytes: `/` is not redirected") { snapshot in
            guard case .appRoot(let extra) = snapshot.routes.match(host: [UInt8(ascii: "a")].span, path: [UInt8(ascii: "/")].span) else { return nil }
            return snapshot.routes.appRoot(extra).count
        },
        Case(annotation: "rewrite-target", start: "/", most: 2048, warning: "is longer than 2048 bytes: paths go on as they came") {
            $0.routes.routes[0].rewrite?.target.utf8.count
        },
        Case(annotation: "session-cookie-name", beside: cookie, most: 256, warning: "is longer than 256 bytes: INGRESSCOOKIE (R28)") {
            name(session($0)?.cookie.name)
        },
        Case(
            annotation: "session-cookie-path", beside: cookie, start: "/", most: 2048,
            warning: "is longer than 2048 bytes: that of the Ingress is used instead (R28)"
        ) { session($0).flatMap { $0.cookie.path == "/shop" ? nil : $0.cookie.path.utf8.count } },
        Case(
            annotation: "upstream-hash-by", start: "$uri-", most: 1024,
            warning: "is dropped, requests are spread without it: it is longer than 1024 bytes (R32)"
        ) { $0.backends[$0.routes.routes[0].stable].balancing.template?.text.utf8.count },
        Case(
            annotation: "serin.dev/canary-hash-cookie", beside: hashed, most: 256,
            warning: "is dropped, no cookie is set; expected the name of a cookie, at most 256 bytes"
        ) { $0.routes.routes[0].hashCookie?.name.utf8.count },
        Case(
            annotation: "serin.dev/canary-rewrite-target", beside: hashed, start: "/", most: 2048,
            warning: "is longer than 2048 bytes: the canary's paths go on as its main Ingress says"
        ) { $0.routes.routes[0].canaries[0].rewrite?.target.utf8.count },
        Case(
            annotation: "serin.dev/canary-response-set-header", beside: hashed, start: "a:", most: 1024,
            warning: "is dropped, no field is changed"
        ) { ($0.routes.routes[0].canaries[0].edits.response.set.first?.value.utf8.count).map { $0 + 2 } },
        Case(
            annotation: "serin.dev/canary-response-cookie", beside: hashed, start: "a=", most: 256, warning: "is dropped, no cookie is set"
        ) { ($0.routes.routes[0].canaries[0].marks.responseCookie?.value?.utf8.count).map { $0 + 2 } },
    ]

    private static func session(_ snapshot: Snapshot) -> SessionAffinity? {
        snapshot.routes.routes.first { $0.path != "/" }?.affinity?.stable
    }

    private static func name(_ name: String?) -> Int? { name == SessionCookie.defaultName ? nil : name?.utf8.count }

    @Test(arguments: cases, Compatibility.allCases)
    func isDroppedBeyond(_ test: Case, _ mode: Compatibility) {
        for count in [test.most, test.most + 1, 250_000] {
            let text = test.start + String(repeating: "x", count: count - test.start.utf8.count)
            let annotations = test.beside.merging([test.annotation: text]) { $1 }
            let isCanary = test.annotation.contains("canary")
            let loaded = Loaded(
                [
                    .main("main", "a/shop shop", "a/ shop", annotations: isCanary ? [:] : annotations),
                    .canary("next", "a/shop next", annotations: isCanary ? annotations : ["canary-weight": "5"]),
                ], empty: [], settings: "compatibility: \(mode.rawValue)")
            let isKept = count == test.most
            #expect(test.bytes(loaded.snapshot) == (isKept ? count : nil), "\(count)")
            let said = loaded.messages.filter { $0.contains(test.annotation) && $0.contains("/\(test.annotation.split(separator: "/").last ?? ""): ") }
            #expect(isKept ? said.isEmpty : said.count == 1 && said[0].contains(test.warning), "\(count): \(said)")
        }
    }

    /// A cookie has the path of its Ingress, if that is none that no head has room for.
    @Test(arguments: [(2048, 2048), (2049, 1), (250_000, 1)], Compatibility.allCases)
    func pathOfTheIngress(_ lengths: (path: Int, cookie: Int), _ mode: Compatibility) {
        let path = "/" + String(repeating: "x", count: lengths.path - 1)
        let loaded = Loaded([.main("main", "a\(path) shop", annotations: Self.cookie)], empty: [], settings: "compatibility: \(mode.rawValue)")
        #expect(Self.session(loaded.snapshot)?.cookie.path.utf8.count == lengths.cookie)
        let said = loaded.messages.filter { $0.contains("which no cookie can have, has the path `/` (R28); write session-cookie-path") }
        #expect(said.count == (lengths.cookie == lengths.path ? 0 : 1), "\(loaded.messages.map(\.utf8.count))")
    }

    /// The cookie of a release, too.
    @Test(arguments: [(2048, 2048), (2049, 1)]) func pathOfARelease(_ lengths: (path: Int, cookie: Int)) {
        let path = "/" + String(repeating: "x", count: lengths.path - 1)
        let loaded = Loaded(
            [.main("main", "a\(path) next", "a\(path) shop", annotations: ["service-weight": "next: 10, shop: 90"])], empty: [], settings: "")
        #expect(loaded.snapshot.routes.routes.first?.canaries.first?.pin?.path.utf8.count == lengths.cookie, "\(loaded.messages.count)")
    }
}
