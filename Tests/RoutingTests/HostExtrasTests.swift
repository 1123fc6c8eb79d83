import Routing
import Testing

/// What few hosts have: other names, a redirect of `/`, paths that are regular expressions.
@Suite struct HostExtrasTests {
    private static let aliased = {
        var builder = builder([Place("a.example", "/x"), Place("*.b", "/"), Place("", "/rest"), Place("own.example", "/")])
        builder.add(alias: "Other.Example.", ofHost: "a.example")
        builder.add(alias: "own.example", ofHost: "a.example")
        builder.add(alias: "twice.example", ofHost: "a.example")
        builder.add(alias: "twice.example", ofHost: "own.example")
        builder.add(alias: "*.c", ofHost: "*.b")
        builder.add(alias: "default.example", ofHost: "")
        builder.add(alias: "lost.example", ofHost: "nobody")
        return builder.build()
    }()

    @Test(arguments: [
        Lookup("other.example", "/x", .place(0)), Lookup("OTHER.example", "/x/y", .place(0)), Lookup("other.example", "/", .noPath),
        Lookup("own.example", "/x", .place(3)), Lookup("twice.example", "/x", .place(0)), Lookup("w.c", "/", .place(1)),
        Lookup("w.w.c", "/rest", .place(2)), Lookup("default.example", "/rest", .place(2)), Lookup("lost.example", "/rest", .place(2)),
    ])
    func aliases(_ lookup: Lookup) { #expect(Self.aliased.match(lookup.host, lookup.path) == lookup.expected) }

    @Test(arguments: [
        ("a.example", "a.example"), ("other.example", "a.example"), ("*.b", "w.b"), ("*.c", "w.b"), ("", "nobody.example"),
        ("own.example", "own.example"),
    ])
    func hostsByTheirNames(_ name: String, _ asked: String) {
        let expected = Self.aliased.host(of: Array(asked.utf8).span)
        #expect(expected != nil && Self.aliased.host(named: name) == expected)
    }

    @Test(arguments: ["nobody.example", "w.b", "*.example", "*."])
    func whatIsNoName(_ name: String) { #expect(Self.aliased.host(named: name) == nil) }

    private static let rooted = {
        var builder = builder([Place("a.example", "/"), Place("b.example", "/x")])
        builder.redirectRoot(ofHost: "a.example", to: "/app")
        builder.redirectRoot(ofHost: "new.example", to: "/start?x=1")
        builder.add(alias: "alias.example", ofHost: "a.example")
        return builder.build()
    }()

    @Test(arguments: [
        Lookup("a.example", "/", .appRoot(0)), Lookup("alias.example", "/", .appRoot(0)), Lookup("a.example", "/app", .place(0)),
        Lookup("a.example", "//", .place(0)), Lookup("a.example", "", .place(0)), Lookup("new.example", "/", .appRoot(1)),
        Lookup("new.example", "/x", .noPath), Lookup("b.example", "/", .noPath),
    ])
    func roots(_ lookup: Lookup) { #expect(Self.rooted.match(lookup.host, lookup.path) == lookup.expected) }

    @Test func rootTargets() {
        #expect(Self.rooted.appRoot(0) == utf8("/app"))
        #expect(Self.rooted.appRoot(1) == utf8("/start?x=1"))
    }

    @Test func patternsAreSearchedInOrder() throws {
        var builder = builder([Place("a", "/long(er)?/x"), Place("a", "/LONG"), Place("a", "/", .exact), Place("b", "/plain")])
        try builder.add(pattern: Pattern("^/long(er)?/x", ignoringCase: true), ofHost: "a", route: 0)
        try builder.add(pattern: Pattern("^/nowhere"), ofHost: "a", route: nil)
        try builder.add(pattern: Pattern("^/LONG", ignoringCase: true), ofHost: "a", route: 1)
        try builder.add(pattern: Pattern("^/q(x+x+)+$"), ofHost: "a", route: 3)
        try builder.add(pattern: Pattern("^/[qz]x*"), ofHost: "a", route: 2)
        builder.add(alias: "c", ofHost: "a")
        let routes = builder.build()
        #expect(routes.match("b", "/plain") == .place(3))
        let cases: [(path: String, expected: Expected)] = [
            ("/Longer/X/y", .place(0)), ("/long/xyz", .place(0)), ("/longest", .place(1)), ("/", .noPath), ("/nowhere/x", .noPath),
            ("/NOWHERE", .noPath), ("/qxx", .place(3)), ("/qxy", .place(2)),
            ("/zx", .place(2)),
            // A search that gives up leads nowhere, not to the next path.
            ("/q" + String(repeating: "x", count: 5000) + "y", .noPath),
        ]
        let values = RequestValues()
        for host in ["a", "c"] {
            #expect(routes.match(host, "/long/x") == .patterns(0))
            for test in cases {
                #expect(Expected(routes.search(0, path: utf8(test.path).span, with: values)) == test.expected, "\(test.path.prefix(40))")
            }
        }
    }

    struct RewriteCase: Sendable, CustomTestStringConvertible {
        let pattern: String
        let target: String
        let path: String
        /// Nil: the path goes on as it came.
        let expected: String?
        var testDescription: String { "\(pattern) to \(target): \(path.prefix(40))" }
        init(_ pattern: String, _ target: String, _ path: String, _ expected: String?) {
            (self.pattern, self.target, self.path, self.expected) = (pattern, target, path, expected)
        }
    }

    @Test(arguments: [
        RewriteCase("/api(/|$)(.*)", "/$2", "/api/v1/x", "/v1/x"), RewriteCase("/api(/|$)(.*)", "/$2", "/api", "/"),
        RewriteCase("/API(/|$)(.*)", "/$2", "/api/x", "/x"), RewriteCase("/a", "/b", "/a/c/d", "/b"), RewriteCase("/a", "/b", "/x/a", "/b"),
        RewriteCase("/a", "/b", "/c", nil), RewriteCase("/a(b)?(c)?", "/$2-$1-$9", "/ac", "/c--"), RewriteCase("/(.*)", "$1", "/x y", "/x%20y"),
        RewriteCase("/(.*)", "/$1$1", "/é%?#\"", "/%C3%A9%25%3F%23%22%C3%A9%25%3F%23%22"), RewriteCase("/(.*)", "$1", "/", "/"),
        RewriteCase("/(.*)", "$1", "//host", "/host"), RewriteCase("/(.*)", "/$1\u{24}", "/a", "/a$"),
        RewriteCase("(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)", "/$9", "/2345678901", "/9"), RewriteCase("/(.*)", "/a", "/\n", "/a"),
        // What an encoded line end is decoded to for the search never ends a line of the head.
        RewriteCase("(?s)/(.*)", "/x/$1", "/a\r\nX: y\r\n", "/x/a%0D%0AX:%20y%0D%0A"), RewriteCase("/(.*)", "/x/$1", "/a\r\nX: y", "/x/a%0D"),
    ])
    func rewrites(_ test: RewriteCase) throws {
        let rewrite = Rewrite(try Pattern(test.pattern, ignoringCase: true), target: test.target)
        var output = utf8("what was there before")
        let outcome = rewrite.apply(to: utf8(test.path).span, with: RequestValues(), into: &output)
        guard let expected = test.expected else {
            guard case .unchanged = outcome else { Issue.record("\(outcome)"); return }
            return
        }
        guard case .rewritten = outcome else { Issue.record("\(outcome)"); return }
        #expect(String(decoding: output, as: UTF8.self) == expected)
    }

    @Test func aPathThatGrowsBeyondMeasure() throws {
        let rewrite = Rewrite(try Pattern("/(.*)"), target: "/$1$1$1$1$1")
        var output: [UInt8] = []
        let outcome = rewrite.apply(to: utf8("/" + String(repeating: "x", count: 8000)).span, with: RequestValues(), into: &output)
        guard case .tooLong = outcome else { Issue.record("\(outcome)"); return }
    }
}
