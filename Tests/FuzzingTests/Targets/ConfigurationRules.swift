import Exchange
import Routing
@testable import Configuration

/// What reading a configuration owes: an end, diagnostics that point into the file, and the same ones every time.
enum ConfigurationRules {
    static func settings(_ input: [UInt8]) -> String? {
        guard let text = text(of: input) else { return nil }
        return problem(in: text) { file, log in
            _ = SettingsReader.read(file, log: &log)
        }
    }

    static func manifest(_ input: [UInt8]) -> String? {
        guard let text = text(of: input) else { return nil }
        return problem(in: text) { file, log in
            var loader = ManifestLoader()
            loader.add(file, log: &log)
            compile(loader.manifests, .scoped, log: &log)
        }
    }

    /// The values reach the annotations whatever is in them, each on a line of its own; the canary's mode is `ingress-nginx` if there is an
    /// odd number of bytes.
    static func annotations(_ input: [UInt8]) -> String? {
        let values = input.split(separator: 10, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        let annotations = zip(names, values).enumerated().map { index, pair in
            Annotation(key: pair.0, value: pair.1, line: index + 1)
        }
        let manifest = Manifest(
            kind: "Ingress", namespace: "default", name: "web", place: Place(file: "input.yaml", line: 1), created: nil, labels: [:],
            annotations: annotations, body: .ingress(spec))
        var log = DiagnosticLog()
        compile([main, manifest], input.count.isMultiple(of: 2) ? .scoped : .ingressNginx, log: &log)
        return misplaced(log.entries, lines: max(1, names.count))
    }

    private static let names = CanaryAnnotations.names.map { CanaryAnnotations.prefix + $0 }
        + CanaryAnnotations.ownNames.map { AnnotationReader.prefix + $0 }
        + ServiceRelease.names.map { CanaryAnnotations.prefix + $0 }

    /// Two Services on one path, as a release has them.
    private static let spec = IngressManifest(rules: [
        IngressManifest.Rule(
            host: "", line: 1,
            paths: ["app", "new"].map { service in
                IngressManifest.Path(
                    path: "/", kind: .prefix, backend: BackendReference(service: service, port: .number(80), line: 1), line: 1)
            })
    ])

    /// What a canary can bind to.
    private static let main = Manifest(
        kind: "Ingress", namespace: "default", name: "main", place: Place(file: "input.yaml", line: 1), created: nil, labels: [:],
        annotations: [], body: .ingress(spec))

    private static func compile(_ manifests: [Manifest], _ compatibility: Compatibility, log: inout DiagnosticLog) {
        var settings = Settings()
        settings.compatibility = compatibility
        let config = Place(file: "input.yaml", line: 1)
        let compiled = SnapshotCompiler.compile(manifests, settings: settings, config: config, log: &log)
        for route in compiled.snapshot.routes.routes {
            assert(compiled.snapshot.backends.indices.contains(route.stable), "a route leads somewhere")
        }
    }

    private static func problem(in text: String, _ read: (YAMLFile, inout DiagnosticLog) -> Void) -> String? {
        let listings = (0..<2).map { _ in
            var log = DiagnosticLog()
            read(YAMLFile(name: "input.yaml", text: text), &log)
            return log.sorted
        }
        guard listings[0] == listings[1] else { return "other diagnostics the second time" }
        return misplaced(listings[0], lines: text.utf8.count { $0 == 10 } + 2)
    }

    private static func misplaced(_ diagnostics: [Diagnostic], lines: Int) -> String? {
        diagnostics.first { !(1...lines).contains($0.line) }.map { "line \($0.line) of \(lines): \($0.message)" }
    }

    /// What `YAMLFile` lets pass when it reads a file.
    private static func text(of input: [UInt8]) -> String? {
        var log = DiagnosticLog()
        guard let start = YAMLFile.textStart(input, Place(file: "input.yaml", line: 1), log: &log) else { return nil }
        return String(decoding: input[start...], as: UTF8.self)
    }
}
