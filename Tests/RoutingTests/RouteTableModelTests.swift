import Routing
import TestSupport
import Testing

/// Compares the table with the rules written down naively: a scan over all places.
@Suite struct RouteTableModelTests {
    @Test(arguments: 0..<40) func agreesWithTheScan(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let hosts = ["", "a.x", "b.x", "*.x", "*.a.x", "x"]
        let asked = ["", "a.x", "B.X", "c.x", "q.a.x", "q.q.a.x", "x", "y", "a.x."]
        func path() -> String {
            var path = "/"
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                path += ["a", "b", "ab"].randomElement(using: &random) ?? ""
                if Bool.random(using: &random) { path += "/" }
            }
            return path
        }
        var places: [Place] = []
        for _ in 0..<Int.random(in: 1...60, using: &random) {
            let place = Place(hosts.randomElement(using: &random) ?? "", path(), Bool.random(using: &random) ? .exact : .prefix)
            let taken = places.contains { $0.host == place.host && $0.path == place.path && $0.type == place.type }
            if !taken { places.append(place) }
        }
        let routes = table(places)
        for _ in 0..<400 {
            let host = asked.randomElement(using: &random) ?? ""
            let path = path()
            #expect(routes.match(host, path) == scan(places, host, path), "\(host) \(path) among \(places)")
        }
    }

    private func scan(_ places: [Place], _ host: String, _ path: String) -> Expected {
        var name = host.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let wildcard = labels.count > 1 ? "*." + labels.dropFirst().joined(separator: ".") : "none"
        guard let chosen = [name, wildcard, ""].first(where: { candidate in places.contains { $0.host == candidate } })
        else { return .noHost }
        let own = places.indices.filter { places[$0].host == chosen }
        if let exact = own.first(where: { places[$0].type == .exact && places[$0].path == path }) { return .place(exact) }
        let prefixes = own.filter { places[$0].type == .prefix }
        if let same = prefixes.first(where: { places[$0].path == path }) { return .place(same) }
        if prefixes.contains(where: { places[$0].path == path + "/" }) { return .addSlash }
        let covering = prefixes.filter { index in
            let prefix = places[index].path
            return path.hasPrefix(prefix.hasSuffix("/") ? prefix : prefix + "/")
        }
        let longest = covering.max { places[$0].path.utf8.count < places[$1].path.utf8.count }
        return longest.map { .place($0) } ?? .noPath
    }
}
