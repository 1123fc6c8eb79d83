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
        return problem(in: text, compile)
    }

    /// The values reach the annotations whatever is in them: as quoted YAML, every byte but letters and digits escaped.
    static func annotations(_ input: [UInt8]) -> String? {
        let names = CanaryAnnotations.names.map { CanaryAnnotations.prefix + $0 }
            + CanaryAnnotations.ownNames.map { AnnotationReader.prefix + $0 }
            + ServiceRelease.names.map { CanaryAnnotations.prefix + $0 }
        var yaml = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  annotations:\n"
        for (name, value) in zip(names, input.split(separator: 10, omittingEmptySubsequences: false)) {
            yaml += "    \(name): \"\(value.map(escaped).joined())\"\n"
        }
        yaml += "spec:\n  rules: [{http: {paths: ["
            + ["app", "new"].map { "{path: /, pathType: Prefix, backend: {service: {name: \($0), port: {number: 80}}}}" }.joined(separator: ", ")
            + "]}}]\n"
        return problem(in: yaml, compile)
    }

    private static func compile(_ file: YAMLFile, log: inout DiagnosticLog) {
        var unused = DiagnosticLog()
        let settings = SettingsReader.read(YAMLFile(name: "serin.yaml", text: ""), log: &unused)
        var loader = ManifestLoader()
        loader.add(file, log: &log)
        let compiled = SnapshotCompiler.compile(
            loader.manifests, settings: settings, config: Place(file: file.name, line: 1), log: &log)
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
        let lines = text.utf8.count { $0 == 10 } + 1
        for diagnostic in listings[0] where !(1...lines + 1).contains(diagnostic.line) {
            return "line \(diagnostic.line) of \(lines): \(diagnostic.message)"
        }
        return nil
    }

    /// What `YAMLFile` lets pass when it reads a file.
    private static func text(of input: [UInt8]) -> String? {
        var log = DiagnosticLog()
        guard let start = YAMLFile.textStart(input, Place(file: "input.yaml", line: 1), log: &log) else { return nil }
        return String(decoding: input[start...], as: UTF8.self)
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case 48...57, 65...90, 97...122: String(Unicode.Scalar(byte))
        default: "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
    }
}
