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
        Case(fixture: "annotations", rules: ["annotation", "annotation", "annotation"]),
        Case(fixture: "paths-and-tls", rules: ["tls", "R40"]),
        Case(fixture: "balancing", rules: ["R32", "R32", "R39"]),
        Case(fixture: "affinity", rules: ["R28", "R20"]),
        Case(fixture: "live-list", rules: ["R20"]),
        Case(fixture: "vendors", rules: ["R19"]),
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
    @Test(arguments: 0..<40) func reportsWhatDiffersAndNothingElse(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<4 {
            let ingresses = ExactParityModelTests.ingresses(&random)
            let yaml = ingresses.map(\.yaml).joined(separator: "\n---\n")
            let there = Self.served(Loaded(ingresses, empty: [], settings: "compatibility: ingress-nginx"))
            let here = Self.served(Loaded(ingresses, empty: [], settings: "compatibility: scoped"))
            let differing = Set(there.keys).union(here.keys).filter { there[$0] != here[$0] }
            var log = DiagnosticLog()
            var loader = ManifestLoader()
            loader.add(YAMLFile(name: "test.yaml", text: yaml), log: &log)
            let report = MigrationCheck.report(loader.manifests, settings: Settings())
            let routing = report.differences.filter { !["R6", "R21.0", "R21.7", "R40", "annotation", "tls"].contains($0.rule) }
            #expect(Set(routing.flatMap(\.places)) == Set(differing), "\(there)\n\(here)\n\(report)\n\(yaml)")
        }
    }

    /// By place: whose route it is, whether it answers, and its canaries.
    private static func served(_ loaded: Loaded) -> [String: String] {
        var served: [String: String] = [:]
        for route in loaded.snapshot.routes.routes {
            let place = RoutePlace(host: route.host, path: route.path, type: route.pathType).description
            let answers = loaded.snapshot.backends[route.stable].endpoints.isEmpty ? "503" : "answers"
            served[place] = ([route.label, answers] + route.canaries.map(\.name)).joined(separator: " ")
        }
        return served
    }
}
