import Exchange
import Routing
import Testing
@testable import Configuration

/// An Ingress in short.
struct Ingress: Sendable {
    var name: String
    /// The day of January 2026 it was created on; nil is no timestamp.
    var day: Int?
    /// With `canary` and the like without their prefix.
    var annotations: [String: String] = [:]
    /// `host/path service:port`, a leading `=` for Exact, `~` for ImplementationSpecific. `*` is no host,
    /// no port is 80.
    var paths: [String] = []
    var defaultBackend: String?
    var namespace = "default"

    /// An ordinary Ingress.
    static func main(
        _ name: String, day: Int? = 1, _ paths: String..., defaultBackend: String? = nil, namespace: String = "default",
        annotations: [String: String] = [:]
    ) -> Ingress {
        Ingress(
            name: name, day: day, annotations: annotations, paths: paths, defaultBackend: defaultBackend, namespace: namespace)
    }

    /// A canary, by weight 10 if nothing else is said.
    static func canary(
        _ name: String, day: Int? = 2, _ paths: String..., defaultBackend: String? = nil, namespace: String = "default",
        annotations: [String: String] = ["canary-weight": "10"]
    ) -> Ingress {
        Ingress(
            name: name, day: day, annotations: annotations.merging(["canary": "true"]) { $1 }, paths: paths,
            defaultBackend: defaultBackend, namespace: namespace)
    }

    /// One line of YAML.
    var yaml: String {
        var metadata = ["name: \(name)", "namespace: \(namespace)"]
        if let day { metadata.append("creationTimestamp: \"2026-01-\(day < 10 ? "0" : "")\(day)T00:00:00Z\"") }
        let pairs = annotations.sorted { $0.key < $1.key }.map { key, value in
            "\(key.contains("/") ? key : CanaryAnnotations.prefix + key): '\(value)'"
        }
        if !pairs.isEmpty { metadata.append("annotations: {\(pairs.joined(separator: ", "))}") }
        var spec = paths.isEmpty ? [] : ["rules: [\(paths.map(Self.rule).joined(separator: ", "))]"]
        if let defaultBackend { spec.append("defaultBackend: \(Self.backend(defaultBackend))") }
        return "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {\(metadata.joined(separator: ", "))}, "
            + "spec: {\(spec.joined(separator: ", "))}}"
    }

    private static func rule(_ text: String) -> String {
        let words = text.split(separator: " ")
        let type = words[0].hasPrefix("=") ? "Exact" : words[0].hasPrefix("~") ? "ImplementationSpecific" : "Prefix"
        let place = type == "Prefix" ? words[0] : words[0].dropFirst()
        let slash = place.firstIndex(of: "/") ?? place.endIndex
        let host = place[..<slash] == "*" ? "" : "host: \"\(place[..<slash])\", "
        return "{\(host)http: {paths: [{path: '\(place[slash...])', pathType: \(type), "
            + "backend: \(backend(String(words[1])))}]}}"
    }

    private static func backend(_ text: String) -> String {
        let parts = text.split(separator: ":")
        let port = parts.count > 1 ? String(parts[1]) : "80"
        return "{service: {name: \(parts[0]), port: {\(port.allSatisfy(\.isNumber) ? "number" : "name"): \(port)}}}"
    }

    /// `namespace/service` of every backend.
    var services: [String] {
        (paths.map { String($0.split(separator: " ")[1]) } + [defaultBackend].compactMap { $0 }).map { backend in
            "\(namespace)/\(backend.split(separator: ":")[0])"
        }
    }
}

/// Ingresses and the route table they make.
struct PlanCase: Sendable, CustomTestStringConvertible {
    let name: String
    let ingresses: [Ingress]
    /// Services (`namespace/name`) without endpoints; all others have one.
    var empty: [String] = []
    /// Further keys of `canary:`.
    var settings = ""
    /// `place > stable`, then ` + ` and each canary with its rules; ` (503)` marks a Service without endpoints. In any order.
    let routes: [String]
    /// `canary Ingress place: ` and a part of why it is not in effect.
    var inactive: [String] = []
    /// What is said besides, a part of each line.
    var messages: [String] = []
    var testDescription: String { name }

    init(
        _ name: String, _ ingresses: [Ingress], empty: [String] = [], settings: String = "", routes: [String],
        inactive: [String] = [], messages: [String] = []
    ) {
        (self.name, self.ingresses, self.empty, self.settings) = (name, ingresses, empty, settings)
        (self.routes, self.inactive, self.messages) = (routes, inactive, messages)
    }

    func check(_ compatibility: String) {
        let loaded = Loaded(ingresses, empty: empty, settings: "compatibility: \(compatibility)\(settings)")
        #expect(loaded.snapshot.routes.routes.map { Self.text($0, loaded) }.sorted() == routes.sorted())
        let unused = loaded.canaries.filter { $0.inactive != nil }
        for (report, expected) in zip(unused, inactive) {
            let text = "\(report.object) \(report.host.isEmpty ? "*" : report.host)\(report.path): \(report.inactive ?? "")"
            #expect(Self.fits(text, expected), "\(text)")
        }
        #expect(unused.count == inactive.count, "\(unused.map(\.inactive))")
        // What takes a canary out of effect is a warning too.
        let others = loaded.messages.filter { message in
            !["the canary is not in effect on", "no endpoint is known", "no Ingress sends requests"].contains { message.contains($0) }
        }
        for (message, expected) in zip(others, messages) { #expect(Self.fits(message, expected), "\(message)") }
        #expect(others.count == messages.count, "\(others)")
    }

    /// Whether the parts of `pattern` between `…` stand in `text` one after the other.
    static func fits(_ text: String, _ pattern: String) -> Bool {
        var rest = Substring(text)
        for part in pattern.split(separator: "…") {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }

    private static func text(_ route: Route, _ loaded: Loaded) -> String {
        let backends = loaded.snapshot.backends
        func name(_ index: Int) -> String { backends[index].name + (backends[index].endpoints.isEmpty ? " (503)" : "") }
        let place = (route.pathType == .exact ? "=" : "") + (route.host.isEmpty ? "*" : route.host) + route.path
        let canaries = route.canaries.map { canary in
            " + \(name(canary.backend)) \(canary.ruleTexts(keys: route.keys).joined(separator: ", "))"
        }
        return "\(place) > \(name(route.stable))" + canaries.joined()
    }
}

extension Loaded {
    /// Ingresses whose Services have one endpoint each, but for those of `empty`. `settings` are keys of `canary:`.
    init(_ ingresses: [Ingress], empty: [String], settings: String) {
        let services = Set(ingresses.flatMap(\.services)).union(empty).sorted().map { service in
            "\(service): [\(empty.contains(service) ? "" : "\"10.0.0.1:80\"")]"
        }
        self.init(
            ingresses.map(\.yaml).joined(separator: "\n---\n"),
            settings: "canary: {\(settings)}\nservices: {\(services.joined(separator: ", "))}")
    }
}
