import Exchange
import Routing
import Testing
import TestSupport
@testable import Configuration

/// Compares `ExactPlanner` with the rules R11 to R21.2 written down naively, by scans over lists of text, on tables made
/// by chance: few hosts, paths and Services, so that they collide.
@Suite struct ExactParityModelTests {
    @Test(arguments: 0..<150) func agreesWithTheRules(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<8 {
            let ingresses = Self.ingresses(&random)
            let loaded = Loaded(ingresses, empty: [], settings: "compatibility: ingress-nginx")
            let table = loaded.snapshot.routes.routes.map { Self.text($0, loaded.snapshot) }.sorted()
            #expect(table == Model(ingresses).table.sorted(), "\(ingresses.map(\.yaml).joined(separator: "\n"))")
        }
    }

    /// `MigrationTests` compares the modes on them.
    static func ingresses(_ random: inout SeededGenerator) -> [Ingress] {
        func pick(_ words: [String]) -> String { words.randomElement(using: &random) ?? "" }
        return (0..<Int.random(in: 1...7, using: &random)).map { number in
            func service() -> String { pick(["a", "b", "c", "d:http", "a:http"]) }
            let paths = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                pick(["", "", "", "="]) + pick(["h", "h", "g", "*", "*.w"]) + pick(["/", "/", "/x", "/y"]) + " " + service()
            }
            // The weight says whose rules a canary has.
            let annotations = Bool.random(using: &random) ? ["canary": "true", "canary-weight": "\(number + 1)"] : [:]
            return Ingress(
                name: "i\(number)", day: Int.random(in: 1...3, using: &random), annotations: annotations, paths: paths,
                defaultBackend: Int.random(in: 0...3, using: &random) == 0 ? service() : nil, namespace: pick(["n", "n", "n", "m"]))
        }
    }

    private static func text(_ route: Route, _ snapshot: Snapshot) -> String {
        let place = "\(route.host.isEmpty ? "_" : route.host)\(route.path) \(route.pathType)"
        let stable = snapshot.backends[route.stable]
        let canary = route.canaries.first.map { " + \(snapshot.backends[$0.backend].name) \($0.weight)" } ?? ""
        return "\(place) > \(stable.endpoints.isEmpty ? "503" : stable.name)\(canary)"
    }
}

/// The rules, one after the other.
private struct Model {
    private struct Upstream { let creator: Ingress, isNoServer: Bool, alternatives: [String] }
    private struct Location { let path: String, type: String, upstream: String?, isInitial: Bool }
    private typealias Path = (host: String, path: String, type: String, upstream: String)

    private var upstreams: [String: Upstream] = [:]
    private var deleted: Set<String> = []
    private var servers: [String: [Location]] = ["_": [Location(path: "/", type: "prefix", upstream: nil, isInitial: true)]]

    init(_ unordered: [Ingress]) {
        // R11.
        let all = unordered.sorted { ($0.day ?? 0, Self.key($1)) < ($1.day ?? 0, Self.key($0)) }
        createUpstreams(all)
        createServers(all.filter { !Self.isCanary($0) })
        for ingress in all { addLocations(ingress) }
        guard all.contains(where: { !Self.isCanary($0) }) else { return }
        for ingress in all where Self.isCanary(ingress) { merge(ingress) }
    }

    var table: [String] {
        servers.flatMap { host, locations in
            locations.compactMap { location in
                guard let name = location.upstream, let upstream = upstreams[name] else { return nil }
                let place = "\(host)\(location.path) \(location.type) > "
                if deleted.contains(name) { return place + "503" }
                // R21.2, R13: an ordinary creator leaves no rules.
                guard let first = upstream.alternatives.first, !deleted.contains(first), let canary = upstreams[first],
                    let weight = canary.creator.annotations["canary-weight"] else { return place + name }
                return place + "\(name) + \(first) \(weight)"
            }
        }
    }

    private static func key(_ ingress: Ingress) -> String { "\(ingress.namespace)/\(ingress.name)" }
    private static func isCanary(_ ingress: Ingress) -> Bool { ingress.annotations["canary"] != nil }

    /// R12.
    private static func upstream(_ backend: String, _ ingress: Ingress) -> String {
        "\(ingress.namespace)/\(backend.contains(":") ? backend : backend + ":80")"
    }

    private static func paths(_ ingress: Ingress) -> [Path] {
        ingress.paths.map { text in
            let words = text.split(separator: " ")
            let place = words[0].drop { $0 == "=" }
            let slash = place.firstIndex(of: "/") ?? place.endIndex
            let host = String(place[..<slash])
            return (host == "*" ? "_" : host, String(place[slash...]), words[0].hasPrefix("=") ? "exact" : "prefix", upstream(String(words[1]), ingress))
        }
    }

    /// R13.
    private mutating func createUpstreams(_ all: [Ingress]) {
        for ingress in all {
            let new = Upstream(creator: ingress, isNoServer: Self.isCanary(ingress), alternatives: [])
            if let backend = ingress.defaultBackend { upstreams[Self.upstream(backend, ingress)] = new }
            for path in Self.paths(ingress) where upstreams[path.upstream] == nil { upstreams[path.upstream] = new }
        }
    }

    /// R14, R15.
    private mutating func createServers(_ mains: [Ingress]) {
        for ingress in mains {
            let fallback = ingress.defaultBackend.map { Self.upstream($0, ingress) }
            if ingress.paths.isEmpty, fallback != nil, servers["_"]?[0].isInitial == true {
                servers["_"]?[0] = Location(path: "/", type: "prefix", upstream: fallback, isInitial: false)
            }
            for path in Self.paths(ingress) where servers[path.host] == nil {
                servers[path.host] = [Location(path: "/", type: "prefix", upstream: fallback, isInitial: true)]
            }
        }
    }

    /// R16 and oddity 17.
    private mutating func addLocations(_ ingress: Ingress) {
        for path in Self.paths(ingress) where upstreams[path.upstream]?.isNoServer == false {
            let host = servers[path.host] == nil ? "_" : path.host
            let new = Location(path: path.path, type: path.type, upstream: path.upstream, isInitial: false)
            let same = servers[host]?.firstIndex { $0.path == path.path && $0.type == path.type }
            guard let same else { servers[host]?.append(new); continue }
            if servers[host]?[same].isInitial == true { servers[host]?[same] = new }
        }
    }

    /// R17, R18, R19.
    private mutating func merge(_ ingress: Ingress) {
        if let backend = ingress.defaultBackend { join(Self.upstream(backend, ingress), host: "_") { _ in true } }
        for path in Self.paths(ingress) { join(path.upstream, host: path.host) { $0.path == path.path && $0.type == path.type } }
    }

    private mutating func join(_ canary: String, host: String, where matches: (Location) -> Bool) {
        guard !deleted.contains(canary), let locations = servers[host] else { return }
        var isJoined = false
        for location in locations {
            guard let name = location.upstream, !deleted.contains(name), let main = upstreams[name] else { continue }
            if name == canary { return }
            guard !main.isNoServer, matches(location) else { continue }
            isJoined = true
            if main.alternatives.contains(canary) { continue }
            upstreams[name] = Upstream(creator: main.creator, isNoServer: false, alternatives: main.alternatives + [canary])
        }
        if !isJoined { deleted.insert(canary) }
    }
}
