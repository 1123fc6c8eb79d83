import Exchange
import Routing
import TLS
@testable import Configuration

/// What became of some manifests: diagnostics and compiled table.
struct Loaded {
    let diagnostics: [Diagnostic]
    let snapshot: Snapshot
    let canaries: [CanaryReport]
    let obstacles: [[String?]]
    let tls: TLSContexts

    /// Compiles one file's text with the settings of `settings`.
    init(_ manifests: String, settings: String = "", file: String = "test.yaml", now: Int64? = nil) {
        var log = DiagnosticLog()
        let read = SettingsReader.read(YAMLFile(name: "serin.yaml", text: settings), log: &log)
        var loader = ManifestLoader()
        loader.add(YAMLFile(name: file, text: manifests), log: &log)
        let manifests = read.annotationPrefix.apply(to: loader.manifests, log: &log)
        let config = Place(file: "serin.yaml", line: 1)
        let compiled = now.map {
            SnapshotCompiler.compile(manifests, settings: read, config: config, now: $0, log: &log)
        } ?? SnapshotCompiler.compile(manifests, settings: read, config: config, log: &log)
        diagnostics = log.sorted
        snapshot = compiled.snapshot
        canaries = compiled.canaries
        obstacles = compiled.obstacles
        tls = compiled.tls
    }

    var hasTLS: Bool { tls.clients != nil }

    var messages: [String] { diagnostics.map(\.description) }

    /// Diagnostics, then routes, as the expectation files have them.
    var listing: String {
        (messages + Listing.routes(snapshot) + Listing.inactive(canaries)).map { $0 + "\n" }.joined()
    }
}

/// A compiled table as text.
enum Listing {
    static func routes(_ snapshot: Snapshot) -> [String] {
        snapshot.routes.routes.flatMap { route in
            let place = "\(route.host.isEmpty ? "*" : route.host)\(route.path) \(route.pathType)"
            let head = "route \(place) -> \(backend(route.stable, snapshot)) by \(route.label)"
            return [head] + route.canaries.enumerated().map { index, canary in
                let rules = route.ruleTexts(of: index).joined(separator: ", ")
                return "  canary \(canary.name) -> \(backend(canary.backend, snapshot)): \(rules)"
            }
        }
    }

    static func inactive(_ canaries: [CanaryReport]) -> [String] {
        canaries.compactMap { report in
            report.inactive.map { "inactive \(report.object) \(report.file):\(report.line) \(report.host)\(report.path): \($0)" }
        }
    }

    static func backend(_ index: Int, _ snapshot: Snapshot) -> String {
        let backend = snapshot.backends[index]
        let endpoints = backend.endpoints.map { endpoint in
            endpoint.address.description + (endpoint.weight == 1 ? "" : "*\(endpoint.weight)")
        }
        return "\(backend.name) [\(endpoints.joined(separator: ", "))]"
    }
}
