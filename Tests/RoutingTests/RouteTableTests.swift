import Routing
import Testing

/// A configured place, and what a request gets.
struct Place: Sendable {
    let host: String
    let path: String
    let type: PathType
    init(_ host: String, _ path: String, _ type: PathType = .prefix) { (self.host, self.path, self.type) = (host, path, type) }
}

enum Expected: Equatable, Sendable, CustomStringConvertible {
    case place(Int), addSlash, appRoot(Int), patterns(Int), noPath, noHost

    init(_ match: RouteMatch) {
        switch match {
        case .route(let route): self = .place(route.index)
        case .addSlash: self = .addSlash
        case .appRoot(let extra): self = .appRoot(extra)
        case .patterns(let extra): self = .patterns(extra)
        case .noPath: self = .noPath
        case .noHost: self = .noHost
        }
    }

    var description: String {
        switch self {
        case .place(let index): "place \(index)"
        case .addSlash: "add a slash"
        case .appRoot(let extra): "app root \(extra)"
        case .patterns(let extra): "patterns \(extra)"
        case .noPath: "no path"
        case .noHost: "no host"
        }
    }
}

func builder(_ places: [Place]) -> RouteTableBuilder {
    var builder = RouteTableBuilder()
    for place in places {
        _ = builder.add(host: place.host, path: place.path, type: place.type) { index in
            Route(index: index, label: "n/i", host: place.host, path: place.path, pathType: place.type, stable: 0)
        }
    }
    return builder
}

func table(_ places: [Place]) -> RouteTable { builder(places).build() }

extension RouteTable {
    func match(_ host: String, _ path: String) -> Expected {
        Expected(match(host: utf8(host).span, path: utf8(path).span))
    }
}

struct Lookup: Sendable, CustomTestStringConvertible {
    let host: String
    let path: String
    let expected: Expected
    var testDescription: String { "\(host.prefix(40))\(path.prefix(40))" }

    init(_ host: String, _ path: String, _ expected: Expected) {
        (self.host, self.path, self.expected) = (host, path, expected)
    }
}

@Suite struct RouteTableTests {
    private static let hosts = table([
        Place("a.example", "/"), Place("*.example", "/"), Place("*.Sub.Example", "/x"), Place("b.example", "/only"),
    ])

    private static let hostLookups: [Lookup] = [
        Lookup("a.example", "/", .place(0)), Lookup("A.EXAMPLE", "/", .place(0)), Lookup("a.example.", "/", .place(0)),
        Lookup("c.example", "/", .place(1)), Lookup("C-1_x.example", "/", .place(1)),
        Lookup("x.y.example", "/", .noHost), Lookup("example", "/", .noHost), Lookup(".example", "/", .noHost), Lookup("*.example", "/", .noHost),
        Lookup("a!.example", "/", .noHost), Lookup("w.sub.example", "/x", .place(2)), Lookup("w.SUB.example", "/y", .noPath),
        Lookup("b.example", "/only", .place(3)), Lookup("b.example", "/other", .noPath), Lookup("", "/", .noHost), Lookup("_", "/", .noHost),
        Lookup("a.example..", "/", .noHost), Lookup(".", "/", .noHost), Lookup(String(repeating: "a", count: 5000) + ".example", "/", .place(1)),
    ]

    @Test(arguments: hostLookups) func host(_ lookup: Lookup) {
        #expect(Self.hosts.match(lookup.host, lookup.path) == lookup.expected)
    }

    @Test(arguments: ["", "_"]) func defaultHost(configured: String) {
        let routes = table([Place("a.example", "/a"), Place(configured, "/")])
        #expect(routes.match("other", "/") == .place(1))
        #expect(routes.match("", "/x") == .place(1))
        // A known host without the path does not fall through.
        #expect(routes.match("a.example", "/x") == .noPath)
    }

    private static let paths = table([
        Place("", "/a"), Place("", "/a", .exact), Place("", "/a/b"), Place("", "/c/"), Place("", "/d", .exact),
        Place("", "/e/", .exact), Place("", "/f"), Place("", "/f/"), Place("", "/g/h/i"), Place("", "/long/" + String(repeating: "x", count: 100)),
    ])

    private static let pathLookups: [Lookup] = [
        Lookup("any", "/a", .place(1)), Lookup("any", "/a/", .place(0)), Lookup("any", "/a/x", .place(0)), Lookup("any", "/ab", .noPath), Lookup("any", "/A", .noPath),
        Lookup("any", "/a/b", .place(2)), Lookup("any", "/a/b/", .place(2)), Lookup("any", "/a/b/c/d", .place(2)), Lookup("any", "/a/bc", .place(0)),
        Lookup("any", "/c", .addSlash), Lookup("any", "/c/", .place(3)), Lookup("any", "/c/x", .place(3)), Lookup("any", "/cx", .noPath),
        Lookup("any", "/d", .place(4)), Lookup("any", "/d/", .noPath), Lookup("any", "/d/x", .noPath),
        Lookup("any", "/e", .noPath), Lookup("any", "/e/", .place(5)), Lookup("any", "/e/x", .noPath),
        Lookup("any", "/f", .place(6)), Lookup("any", "/f/", .place(7)), Lookup("any", "/f/x", .place(7)),
        Lookup("any", "/g", .noPath), Lookup("any", "/g/h", .noPath), Lookup("any", "/g/h/i/j", .place(8)), Lookup("any", "/", .noPath), Lookup("any", "", .noPath), Lookup("any", "*", .noPath), Lookup("any", "a/b", .noPath),
        Lookup("any", "/long/" + String(repeating: "x", count: 100), .place(9)), Lookup("any", "/long/" + String(repeating: "x", count: 101), .noPath),
        Lookup("any", "/long/" + String(repeating: "x", count: 100) + "/y", .place(9)),
    ]

    @Test(arguments: pathLookups) func path(_ lookup: Lookup) {
        #expect(Self.paths.match(lookup.host, lookup.path) == lookup.expected)
    }

    private static let rootLookups: [Lookup] = [
        Lookup("any", "/", .place(1)), Lookup("any", "/x", .place(0)), Lookup("any", "/c", .addSlash), Lookup("any", "/c/x", .place(2)), Lookup("any", "", .place(1)),
    ]

    @Test(arguments: rootLookups) func root(_ lookup: Lookup) {
        let routes = table([Place("", ""), Place("", "/", .exact), Place("", "/c/")])
        #expect(routes.match(lookup.host, lookup.path) == lookup.expected)
    }

    @Test func theFirstOfAPlaceStays() {
        var builder = RouteTableBuilder()
        func add(_ host: String, _ path: String, _ type: PathType) -> RouteTableBuilder.Addition {
            builder.add(host: host, path: path, type: type) { index in
                Route(index: index, label: "n/i", host: host, path: path, pathType: type, stable: 0)
            }
        }
        #expect(add("a.example", "/", .prefix) == .added(0))
        #expect(add("A.example.", "", .prefix) == .duplicate(of: 0))
        #expect(add("a.example", "/", .exact) == .added(1))
        #expect(add("", "/", .prefix) == .added(2))
        #expect(add("_", "/", .prefix) == .duplicate(of: 2))
        #expect(add("a.example", "/x", .prefix) == .added(3))
        #expect(add("a.example", "/x/", .prefix) == .added(4))
        #expect(builder.build().routes.map(\.index) == [0, 1, 2, 3, 4])
    }

    @Test func anEmptyTable() {
        #expect(table([]).match("a", "/") == .noHost)
    }

    @Test func deepPathsAreLinear() {
        let routes = table([Place("", "/a/a/a"), Place("", "/" + String(repeating: "a/", count: 2000) + "b")])
        #expect(routes.match("", String(repeating: "/a", count: 100_000)) == .place(0))
    }

    @Test func manyRoutesOfOneHost() {
        let routes = table((0..<3000).map { Place($0 % 2 == 0 ? "a" : "b", "/service-\($0)") })
        for index in 0..<3000 {
            #expect(routes.match(index % 2 == 0 ? "a" : "b", "/service-\(index)/x") == .place(index))
            #expect(routes.match(index % 2 == 0 ? "b" : "a", "/service-\(index)/x") == .noPath)
        }
    }
}
