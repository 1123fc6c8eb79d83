import Exchange
import Testing
import TestSupport
@testable import Configuration

/// No summary says "No difference" where `check` has warned of an annotation that means something else in ingress-nginx.
extension MigrationTests {
    /// What `check` says of annotations that ingress-nginx treats in the same way, by words of the message.
    private static let shared = [
        // Read alike, and what can't be used is dropped there as well.
        "(R1)", "(R2)", "(R3)", "(R4)", "(R5)", "(R6)", "(R7)", "(R8)", "(R9)", "(R21)", "(R21.7)", "(R22)", "(R27)", "(R30)", "(R31)", "(R33)", "is empty:",
        "is not a boolean", "as in ingress-nginx", "does nothing without", "does nothing, as requests go to the upstream by HTTP",
        "which ingress-nginx does not allow", "that ingress-nginx does not allow", "is no protocol", "is neither on nor off", "is not \"cookie\"",
        "is neither sticky", "is neither balanced", "is none of Strict", "is none of on, off", "is not a list of", "is not an absolute path",
        "is never looked at beside upstream-hash-by", "holds no variable", "error and timeout count", "has no CN=", "which counts", "has no endpoint", "to which browsers hardly send it", "in an Ingress that is no canary",
        // Of what no cluster has.
        "but kubectl would refuse it",
        // R36.
        "does nothing in a canary", "counts for its whole host",
        // What nobody knows, and what the last ingress-nginx does not.
        "is unknown, ignored", "ingress-nginx itself has dropped it", "Tengine-Ingress",
    ]

    /// Whether a message is about what is the same there.
    private static func isShared(_ warning: Diagnostic, _ annotation: Annotation, in manifest: Manifest) -> Bool {
        let name = annotation.canonical.split(separator: "/").last.map(String.init) ?? ""
        let value = annotation.value
        if value.isEmpty || shared.contains(where: warning.message.contains) { return true }
        let isCanary = manifest.annotations.contains { $0.canonical.hasSuffix("/canary") && $0.value == "true" }
        if !AnnotationCatalogue.isIngressNginx(annotation.canonical) {
            // Serin's own names, and those of vendors where it makes nothing of them, as ingress-nginx.
            return !AnnotationCatalogue.isVendors(annotation.canonical) || !isCanary || name.hasPrefix("service-")
        }
        // R36.
        if isCanary, !["canary", "upstream-hash-by", "load-balance"].contains(where: name.hasPrefix) { return true }
        if name == "load-balance" { return manifest.annotation(AnnotationCatalogue.ingressNginx + "upstream-hash-by") != nil }
        // Neither takes other signs in them.
        let others = value.filter { !$0.isLetter && !$0.isNumber && !"-._~/:".contains($0) }
        switch name {
        case "session-cookie-name", "session-cookie-domain": return !others.isEmpty
        case "session-cookie-path": return others.contains { !"?&=".contains($0) }
        case "proxy-ssl-name": return others.contains { !"^$[](){}*+?|&=".contains($0) }
        case "ssl-ciphers": return !others.isEmpty || value.contains { "/.~".contains($0) }
        default: break
        }
        if name.hasPrefix("session-cookie-") { return !value.contains(where: \.isNumber) }
        if warning.message.contains("number") { return Int(value) == nil }
        return asksForWhatIs[name] == value
    }

    private static let asksForWhatIs = ["proxy-request-buffering": "off", "ssl-passthrough": "false"]

    /// The warnings about annotations of Ingresses that the report says nothing of.
    private static func unsaid(_ yaml: String, _ mode: Compatibility) throws -> [String] {
        var log = DiagnosticLog()
        var loader = ManifestLoader()
        loader.add(YAMLFile(name: "test.yaml", text: yaml), log: &log)
        if log.hasErrors { return [] }
        let loaded = Loaded(yaml, settings: "canary: {compatibility: \(mode.rawValue)}")
        let said = Set(try report(yaml, mode).differences.map { "\($0.object) \($0.line)" })
        var ingresses: [String: Manifest] = [:]
        for manifest in loader.manifests { if case .ingress = manifest.body { ingresses[manifest.object] = manifest } }
        return loaded.diagnostics.filter { warning in
            guard warning.severity == .warning, !said.contains("\(warning.object) \(warning.line)") else { return false }
            let there = ingresses[warning.object]?.annotations.filter { $0.line == warning.line } ?? []
            guard let annotation = there.first(where: { warning.message.contains($0.key) }) ?? there.first else { return false }
            return ingresses[warning.object].map { !isShared(warning, annotation, in: $0) } ?? false
        }.map(\.description)
    }

    @Test(arguments: ["manifests", "migrating", "founding"], Compatibility.allCases)
    func whatIsWarnedOfIsSaid(_ folder: String, _ mode: Compatibility) throws {
        for name in Golden.names(in: folder) {
            let unsaid = try Self.unsaid(Golden.text("\(folder)/\(name).yaml"), mode)
            #expect(unsaid.isEmpty, "\(name): \(unsaid)")
        }
    }

    private static let values = [
        "", "x", "-1", "101", "true", "a/b", "$nothing", "x$1", "https://x.y/$1", "*.w", "~^x$", "GRPC", "chash", "TLSv1",
    ]

    /// What the annotation says nothing without.
    private static func companions(of name: String) -> [String: String] {
        if name.hasPrefix("session-cookie-") || name.hasPrefix("affinity-") { return ["affinity": "cookie"] }
        if name.hasPrefix("upstream-hash-by-subset") { return ["upstream-hash-by": "$host", "upstream-hash-by-subset": "true"] }
        if name.hasPrefix("auth-tls-") { return ["auth-tls-secret": "default/ca"] }
        if name.hasPrefix("proxy-ssl-") { return ["backend-protocol": "HTTPS", "proxy-ssl-secret": "default/tls"] }
        return [:]
    }

    /// Each annotation that Serin obeys and ingress-nginx or a fork of it knows, with values that it may have and others.
    @Test(arguments: AnnotationCatalogue.sections.filter { $0.prefix == AnnotationCatalogue.ingressNginx }.flatMap { section in
        section.rows.filter { $0.state == .supported }.map { section.prefix + $0.name }
    })
    func whatIsWarnedOfIsSaid(ofAnnotation key: String) throws {
        let name = key.droppingPrefix(AnnotationCatalogue.ingressNginx) ?? key
        let roles = [[:], ["canary": "true", "canary-by-header": "x"]]
        var documents: [String] = []
        for value in Self.values {
            for role in roles {
                documents += Self.ingresses(documents.count, Self.companions(of: name).merging(role) { $1 }.merging([name: value]) { $1 })
            }
        }
        let unsaid = try Self.unsaid(documents.joined(separator: "\n---\n"), .scoped)
        #expect(unsaid.isEmpty, "\(unsaid.joined(separator: "\n"))")
    }

    /// An Ingress with annotations, before it the main one of a canary; a line each, by which a warning is told from others.
    private static func ingresses(_ number: Int, _ annotations: [String: String]) -> [String] {
        let lines = annotations.sorted { $0.key < $1.key }.map { key, value in
            "    \(key.contains("/") ? key : AnnotationCatalogue.ingressNginx + key): '\(value)'"
        }
        let path = "path: /p, pathType: Prefix, backend: {service: {name: b\(number), port: {number: 80}}}"
        let main = annotations["canary"] == nil ? [] : [Ingress.main("main-\(number)", "h\(number)/p a\(number)").yaml]
        return main + [
            """
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: other-\(number)
              annotations:
            \(lines.joined(separator: "\n"))
            spec: {rules: [{host: h\(number), http: {paths: [{\(path)}]}}]}
            """,
        ]
    }
}
