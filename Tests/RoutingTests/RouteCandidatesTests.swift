import Routing
import TestSupport
import Testing

/// What `explain` says of the routes there were to choose from.
@Suite struct RouteCandidatesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var host = "a.x"
        let path: String
        let rule: RouteCandidates.HostRule?
        var later: [RouteCandidates.HostRule] = []
        /// Paths of the candidates in their order, with outcome and reason.
        var candidates: [String] = []
        var testDescription: String { name }
    }

    private static let places = [
        Place("a.x", "/"), Place("a.x", "/shop"), Place("a.x", "/shop/cart", .exact), Place("a.x", "/Shop", .exact),
        Place("a.x", "/docs/"), Place("*.x", "/wild"), Place("", "/any", .exact),
    ]

    @Test(arguments: [
        Case(name: "the longest prefix", path: "/shop/help", rule: .name, later: [.wildcard, .defaultHost], candidates: [
            "/shop chosen: the longest that fits", "/ beaten: a longer path fits",
            "/shop/cart does not fit: it is another path", "/Shop does not fit: it is another path",
            "/docs/ does not fit: the path does not begin with it",
        ]),
        Case(name: "an exact path", path: "/shop/cart", rule: .name, later: [.wildcard, .defaultHost], candidates: [
            "/shop/cart chosen: it is exactly the path", "/shop beaten: an exact path comes before a prefix",
            "/ beaten: an exact path comes before a prefix", "/Shop does not fit: it is another path",
            "/docs/ does not fit: the path does not begin with it",
        ]),
        Case(name: "half a segment", path: "/shops", rule: .name, later: [.wildcard, .defaultHost], candidates: [
            "/ chosen: the longest that fits", "/shop does not fit: a prefix ends where a segment ends",
            "/shop/cart does not fit: it is another path", "/Shop does not fit: it is another path",
            "/docs/ does not fit: the path does not begin with it",
        ]),
        Case(name: "a slash is missing", path: "/docs", rule: .name, later: [.wildcard, .defaultHost], candidates: [
            "/ beaten: the path lacks the slash of a longer one", "/docs/ does not fit: the path lacks its slash",
            "/shop does not fit: the path does not begin with it", "/shop/cart does not fit: it is another path",
            "/Shop does not fit: it is another path",
        ]),
        Case(name: "a wildcard", host: "B.X.", path: "/wild/a", rule: .wildcard, later: [.defaultHost], candidates: ["/wild chosen: the longest that fits"]),
        Case(name: "no path of the host", host: "b.x", path: "/any", rule: .wildcard, later: [.defaultHost], candidates: ["/wild does not fit: the path does not begin with it"]),
        Case(name: "the default host", host: "a.b.x", path: "/any/more", rule: .defaultHost, candidates: ["/any does not fit: it is the whole path or nothing"]),
        Case(name: "no host at all", host: "", path: "/any", rule: .defaultHost, candidates: ["/any chosen: it is exactly the path"]),
        Case(name: "an alias", host: "alias.y", path: "/shop", rule: .name, later: [.defaultHost], candidates: [
            "/shop chosen: the longest that fits", "/ beaten: a longer path fits", "/Shop does not fit: letter case counts",
            "/shop/cart does not fit: it is another path", "/docs/ does not fit: the path does not begin with it",
        ]),
    ])
    func says(_ test: Case) {
        var builder = builder(Self.places)
        builder.add(alias: "alias.y", ofHost: "a.x")
        let table = builder.build()
        let found = table.candidates(host: utf8(test.host).span, path: utf8(test.path).span, with: RequestValues())
        #expect(found.hostRule == test.rule)
        #expect(found.laterHostRules == test.later)
        #expect(found.candidates.map { "\(table.routes[$0.route].path) \($0.outcome.rawValue): \($0.why)" } == test.candidates)
    }

    @Test func noHostIsNoCandidate() {
        let found = table([Place("a.x", "/")]).candidates(host: utf8("b.x").span, path: utf8("/").span, with: RequestValues())
        #expect(found.hostRule == nil && found.candidates.isEmpty)
    }

    @Test(arguments: [
        ("/foobar", ["/foo.+ chosen", "/foo not tried", "/ not tried"]), ("/foo", ["/foo chosen", "/foo.+ does not fit", "/ not tried"]),
        ("/x", ["/ chosen", "/foo.+ does not fit", "/foo does not fit"]),
    ])
    func expressions(_ path: String, _ expected: [String]) throws {
        let places = [Place("a.x", "/foo"), Place("a.x", "/foo.+"), Place("a.x", "/")]
        var builder = builder(places)
        for route in [1, 0, 2] { builder.add(pattern: try Pattern("^" + places[route].path), ofHost: "a.x", route: route) }
        let table = builder.build()
        let found = table.candidates(host: utf8("a.x").span, path: utf8(path).span, with: RequestValues())
        #expect(found.candidates.map { "\(table.routes[$0.route].path) \($0.outcome.rawValue)" } == expected)
    }

    /// The chosen one is the table's, every route of the host is there once, and what beats nothing fits nothing.
    @Test(arguments: 0..<40) func agreesWithTheTable(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let hosts = ["", "a.x", "*.x"]
        func path() -> String {
            var path = "/"
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                path += ["a", "b", "ab"].randomElement(using: &random) ?? ""
                if Bool.random(using: &random) { path += "/" }
            }
            return path
        }
        var places: [Place] = []
        for _ in 0..<Int.random(in: 1...20, using: &random) {
            places.append(Place(hosts.randomElement(using: &random) ?? "", path(), Bool.random(using: &random) ? .exact : .prefix))
        }
        let table = table(places)
        for _ in 0..<100 {
            let (host, path) = (["a.x", "b.x", "y"].randomElement(using: &random) ?? "", path())
            let found = table.candidates(host: utf8(host).span, path: utf8(path).span, with: RequestValues())
            let chosen = found.candidates.filter { $0.outcome == .chosen }.map(\.route)
            let isBeaten = found.candidates.contains { $0.outcome == .beaten }
            switch table.match(host, path) {
            case .place(let index): #expect(chosen == [index])
            case .addSlash: #expect(chosen.isEmpty && found.candidates.contains { $0.why == "the path lacks its slash" })
            default: #expect(chosen.isEmpty && !isBeaten)
            }
            #expect(Set(found.candidates.map(\.route)).count == found.candidates.count)
            let hostsOfCandidates = Set(found.candidates.map { table.routes[$0.route].host })
            let all = table.routes.filter { hostsOfCandidates.contains($0.host) }
            #expect(hostsOfCandidates.count <= 1 && all.count == found.candidates.count)
        }
    }
}
