import Exchange
import Foundation
import Routing
import Testing
import TestSupport
@testable import Configuration

/// `serin check --migrating`: what it says of manifests, kept in `*.expected` files, a rule each.
@Suite struct MigrationTests {
    @Test(arguments: Golden.names(in: "migrating"))
    func report(_ name: String) throws {
        let path = "migrating/\(name)"
        var log = DiagnosticLog()
        var loader = ManifestLoader()
        loader.add(YAMLFile(name: "\(name).yaml", text: try Golden.text(path + ".yaml")), log: &log)
        #expect(!log.hasErrors, "\(log.entries)")
        let report = MigrationCheck.report(loader.manifests, settings: Settings())
        try Golden.expect(report.description + "\n", at: path + ".expected")
    }

    /// Where the planners agree on a fixture in which no manifest asks for more, nothing is reported.
    @Test func agreementIsNoDifference() throws {
        let report = try Self.report("nothing")
        #expect(report.differences.isEmpty)
        #expect(report.ingressCount == 2 && report.canaryCount == 1 && report.skippedCount == 0)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let fixture: String
        let rules: [String]
        var testDescription: String { fixture }
    }

    /// The rules in the order of the manifests.
    @Test(arguments: [
        Case(fixture: "leak", rules: ["R20"]),
        Case(fixture: "second-canary", rules: ["R21.2"]),
        Case(fixture: "stray-path", rules: ["R18"]),
        Case(fixture: "service-of-both", rules: ["R13", "R16"]),
        Case(fixture: "service-of-canary-first", rules: ["R16"]),
        Case(fixture: "catch-all", rules: ["R19"]),
        Case(fixture: "namespaces", rules: ["R17"]),
        Case(fixture: "same-age", rules: ["R11"]),
        Case(fixture: "main-without-endpoints", rules: ["R21.0"]),
        Case(fixture: "weight-total", rules: ["R21.7"]),
        Case(fixture: "annotations", rules: ["annotation", "annotation", "annotation", "R36"]),
        Case(fixture: "paths-and-tls", rules: ["tls", "R40"]),
        Case(fixture: "balancing", rules: ["R32", "R32", "R39"]),
        Case(fixture: "affinity", rules: ["R28", "R20"]),
        Case(fixture: "live-list", rules: ["R20"]),
        Case(fixture: "vendors", rules: ["R2", "R2"]),
        Case(fixture: "list", rules: ["R6"]),
    ])
    func rules(_ test: Case) throws {
        let report = try Self.report(test.fixture)
        #expect(report.differences.map(\.rule) == test.rules)
        for difference in report.differences {
            #expect(difference.line > 1 && !difference.ingressNginx.isEmpty && !difference.serin.isEmpty && !difference.remedy.isEmpty)
        }
        let counted = report.counts.reduce(0) { $0 + $1.count }
        #expect(counted == report.differences.count)
    }

    private static func report(_ fixture: String) throws -> MigrationReport {
        let path = Golden.fixtures.appendingPathComponent("migrating/\(fixture).yaml").path
        let result = ConfigurationLoader.migration(manifests: [path])
        return try #require(result.report, "\(result.diagnostics)")
    }

    @Test func whatIsNotThereIsAnError() {
        let result = ConfigurationLoader.migration(manifests: ["/nowhere/at/all"])
        #expect(result.report == nil)
        #expect(result.diagnostics.map(\.description) == ["/nowhere/at/all:1: error: manifests: there is no such file or folder"])
    }

    @Test(arguments: [
        ("R9", "R16"), ("R21.0", "R21.2"), ("R21.7", "R40"), ("R40", "annotation"), ("annotation", "class"),
    ])
    func rulesAreCountedInTheirOrder(_ first: String, _ second: String) {
        func difference(_ rule: String) -> MigrationReport.Difference {
            MigrationReport.Difference(
                file: "f", line: 2, object: "o", rule: rule, places: [], ingressNginx: "a", serin: "b", modes: .both, remedy: "c")
        }
        var report = MigrationReport()
        report.differences = [difference(second), difference(first), difference(second)]
        #expect(report.counts.map(\.rule) == [first, second])
        #expect(report.counts.map(\.count) == [1, 2])
    }

    // MARK: Honesty

    /// A place that the modes serve differently is reported, and no other one: on tables made by chance.
    @Test(arguments: 0..<40) func reportsWhatDiffersAndNothingElse(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<4 {
            let ingresses = ExactParityModelTests.ingresses(&random).map { Self.annotated($0, &random) }
            let yaml = (ingresses.map(\.yaml) + Self.services).joined(separator: "\n---\n")
            let loaded = ["ingress-nginx", "scoped"].map { Loaded(yaml, settings: "canary: {compatibility: \($0)}") }
            let (there, here) = (Self.served(loaded[0]), Self.served(loaded[1]))
            var differing = Set(there.keys).union(here.keys).filter { there[$0] != here[$0] }
            let (answersThere, answersHere) = (Self.answers(loaded[0]), Self.answers(loaded[1]))
            for (place, one) in answersThere {
                // What only one of the two has is told of that place.
                guard let other = answersHere[place], [one, other].allSatisfy({ $0 == "404" || (there[$0] != nil && here[$0] != nil) })
                else { continue }
                if one != other { differing.insert(place) }
            }
            let report = try Self.report(yaml, .scoped)
            let routing = report.differences.filter { !["R6", "R21.0", "R40", "annotation", "tls"].contains($0.rule) }
            #expect(Set(routing.flatMap(\.places)) == Set(differing), "\(there)\n\(here)\n\(report)\n\(yaml)")
        }
    }

    /// Half of them with what says how its Services' endpoints are chosen, what its paths are and how much a canary gets.
    private static func annotated(_ ingress: Ingress, _ random: inout SeededGenerator) -> Ingress {
        var ingress = ingress
        if Bool.random(using: &random) { return ingress }
        for (name, values) in [
            ("load-balance", ["ewma"]), ("affinity", ["cookie"]), ("session-cookie-name", ["A", "B"]), ("affinity-canary-behavior", ["legacy"]),
            ("service-upstream", ["true"]), ("use-regex", ["true"]), ("rewrite-target", ["/x"]), ("canary-weight-total", ["2", "10", "200"]),
            ("canary-weight", ["0", "-1", "100"]),
        ] where Int.random(in: 0...3, using: &random) == 0 {
            ingress.annotations[name] = values.randomElement(using: &random)
        }
        return ingress
    }

    /// Those that the tables name: an address of each one's own, and of its endpoint.
    private static let services = ["n", "m"].enumerated().flatMap { first, namespace in
        ["a", "b", "c", "d"].enumerated().map { second, name in
            """
            {apiVersion: v1, kind: Service, metadata: {name: \(name), namespace: \(namespace)},
              spec: {clusterIP: 10.96.\(first).\(second), ports: [{name: http, port: 80}]}}
            ---
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, ports: [{name: http, port: 80}],
              metadata: {name: \(name), namespace: \(namespace), labels: {kubernetes.io/service-name: \(name)}},
              endpoints: [{addresses: [10.0.\(first).\(second)]}]}
            """
        }
    }

    /// By place whose path is a regular expression: the place that answers a path that begins with it, or `404`.
    private static func answers(_ loaded: Loaded) -> [String: String] {
        let routes = loaded.snapshot.routes
        func place(_ route: Route) -> String { RoutePlace(host: route.host, path: route.path, type: route.pathType).description }
        var answers: [String: String] = [:]
        for route in routes.routes where route.isPattern {
            let host = Array((route.host.isEmpty ? "nowhere" : route.host.replacing("*", with: "some")).utf8)
            let path = Array((route.path + (route.path.hasSuffix("/") ? "q" : "/q")).utf8)
            var match = routes.match(host: host.span, path: path.span)
            if case .patterns(let extra) = match { match = routes.search(extra, path: path.span, with: RequestValues()) }
            if case .route(let answer) = match { answers[place(route)] = place(answer) } else { answers[place(route)] = "404" }
        }
        return answers
    }

    /// By place: whose route it is, where its requests go and how, and the same of its canaries that any can reach.
    private static func served(_ loaded: Loaded) -> [String: String] {
        func version(_ name: String, _ backend: Int, _ affinity: SessionAffinity?) -> String {
            let backend = loaded.snapshot.backends[backend]
            let session = affinity.map { "\($0.cookie) \($0.setsCookie ? "set" : "kept") \($0.changesOnFailure)" } ?? "-"
            return "\(name) > \(backend.endpoints.map(\.address.description)) by \(backend.balancing), \(session)"
        }
        var served: [String: String] = [:]
        for route in loaded.snapshot.routes.routes {
            let place = RoutePlace(host: route.host, path: route.path, type: route.pathType).description
            let canaries = route.canaries.enumerated().compactMap { index, canary -> String? in
                if route.obstacles(of: index, passesUnusual: false) != nil { return nil }
                let (weight, total) = route.effectiveWeight(of: index)
                return version(canary.name, canary.backend, route.affinity?.affinity(of: .canary(index))) + ", \(Double(weight) / Double(total))"
            }
            let stable = version(route.label + (route.isPattern ? " ~" : ""), route.stable, route.affinity?.affinity(of: .stable))
            served[place] = ([stable] + canaries).joined(separator: " + ")
        }
        return served
    }
}
