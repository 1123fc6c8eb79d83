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
        // An alias is looked up as its host (R33), unless there is none or the alias is one itself.
        let original = hosts.randomElement(using: &random) ?? "", alias = asked.randomElement(using: &random)?.lowercased() ?? ""
        var builder = builder(places)
        builder.add(alias: alias, ofHost: original)
        let isAlias = places.contains { $0.host == original } && !places.contains { $0.host == bare(alias) }
        let slashes = Bool.random(using: &random)
        let routes = builder.build(addsSlashToExact: slashes)
        for _ in 0..<400 {
            let host = asked.randomElement(using: &random) ?? ""
            let path = path()
            let answering = isAlias && bare(host) == bare(alias) ? original : host
            let expected = scan(places, answering, path, isHost: answering != host, addsSlashToExact: slashes)
            #expect(routes.match(host, path) == expected, "\(host) \(path) among \(places), \(alias) for \(original)")
        }
    }

    private func bare(_ host: String) -> String {
        let name = host.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    /// With `isHost`, `host` is as configured and not what a request says.
    private func scan(_ places: [Place], _ host: String, _ path: String, isHost: Bool, addsSlashToExact: Bool) -> Expected {
        let name = bare(host)
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let wildcard = labels.count > 1 && !isHost ? "*." + labels.dropFirst().joined(separator: ".") : "none"
        guard let chosen = [name, wildcard, ""].first(where: { candidate in places.contains { $0.host == candidate } })
        else { return .noHost }
        let own = places.indices.filter { places[$0].host == chosen }
        if let exact = own.first(where: { places[$0].type == .exact && places[$0].path == path }) { return .place(exact) }
        let prefixes = own.filter { places[$0].type == .prefix }
        if let same = prefixes.first(where: { places[$0].path == path }) { return .place(same) }
        let slashed = addsSlashToExact ? own : prefixes
        if slashed.contains(where: { places[$0].path == path + "/" }) { return .addSlash }
        let covering = prefixes.filter { index in
            let prefix = places[index].path
            return path.hasPrefix(prefix.hasSuffix("/") ? prefix : prefix + "/")
        }
        let longest = covering.max { places[$0].path.utf8.count < places[$1].path.utf8.count }
        return longest.map { .place($0) } ?? .noPath
    }
}
