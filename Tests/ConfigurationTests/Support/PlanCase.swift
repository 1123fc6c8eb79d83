import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

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
        let canaries = route.canaries.enumerated().map { index, canary in
            " + \(name(canary.backend)) \(route.ruleTexts(of: index).joined(separator: ", "))"
        }
        return "\(place) > \(name(route.stable))" + canaries.joined()
    }
}

extension Loaded {
    /// Ingresses whose Services have one endpoint each, but for those of `empty`. `settings` are keys of `canary:`, `top` is what
    /// stands beside it.
    init(_ ingresses: [Ingress], empty: [String], settings: String, top: String = "") {
        let services = Set(ingresses.flatMap(\.services)).union(empty).sorted().map { service in
            "\(service): [\(empty.contains(service) ? "" : "\"10.0.0.1:80\"")]"
        }
        self.init(
            ingresses.map(\.yaml).joined(separator: "\n---\n"),
            settings: "\(top)\ncanary: {\(settings)}\nservices: {\(services.joined(separator: ", "))}")
    }
}
