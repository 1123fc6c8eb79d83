import Foundation
import TestSupport
import Testing
@testable import Configuration

/// The catalogue, its text in `docs/annotations.md`, and what the survey says by it.
@Suite struct AnnotationCatalogueTests {
    /// The document from its first section on is the catalogue, line by line.
    @Test func theDocumentIsTheCatalogue() throws {
        let path = "docs/annotations.md"
        let written = try Golden.repositoryText(path)
        let start = try #require(written.range(of: "\n## "), "the tables begin with the first section")
        let introduction = String(written[..<start.lowerBound]) + "\n"
        try Golden.expect(introduction + Self.tables, inRepository: path)
    }

    private static var tables: String {
        AnnotationCatalogue.sections.map { section in
            let rows = section.rows.map { "| `\($0.name)` | \($0.state.rawValue) | \($0.text) |\n" }
            let prefix = section.prefix == AnnotationCatalogue.ingressNginx ? "" : "Prefix `\(section.prefix)`.\n\n"
            return "## \(section.title)\n\n\(prefix)| annotation | state | |\n| --- | --- | --- |\n" + rows.joined()
        }.joined(separator: "\n")
    }

    @Test func keysAreUniqueAndInOrder() {
        let keys = AnnotationCatalogue.sections.flatMap { section in section.rows.map { section.prefix + $0.name } }
        #expect(Set(keys).count == keys.count)
        for key in keys { #expect(AnnotationCatalogue.owner(of: key) != nil && AnnotationCatalogue.row(key) != nil, "\(key)") }
    }

    @Test func everyRowSaysSomethingThatFitsATable() {
        for row in AnnotationCatalogue.sections.flatMap(\.rows) {
            #expect(!row.text.isEmpty && !row.text.contains("|") && !row.text.contains("\n"), "\(row.name)")
        }
    }

    static let read =
        (CanaryAnnotations.names + RouteAnnotations.names + CanaryAnnotations.tengineNames + ServiceRelease.names)
        .map { AnnotationCatalogue.ingressNginx + $0 }
        + (CanaryAnnotations.ownNames + RouteAnnotations.ownNames).map { AnnotationCatalogue.serin + $0 }
        + AnnotationReader.canaryPrefixes.flatMap { prefix in ["canary", "canary-by-cookie", "canary-weight"].map { prefix + $0 } }
        + AnnotationCatalogue.higressOnly.map { AnnotationCatalogue.higress + $0.name }

    @Test(arguments: read)
    func whatIsReadIsSupported(_ key: String) {
        #expect(AnnotationCatalogue.row(key)?.state == .supported)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let key: String
        /// What the one warning says; nil for none.
        let says: String?
        var severity = Diagnostic.Severity.warning
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "supported", key: "nginx.ingress.kubernetes.io/canary-weight", says: nil),
        Case(name: "someone else's", key: "cert-manager.io/cluster-issuer", says: nil),
        Case(name: "planned", key: "nginx.ingress.kubernetes.io/enable-cors", says: "enable-cors is not supported yet (planned), ignored"),
        Case(name: "not planned", key: "nginx.ingress.kubernetes.io/server-snippet", says: "server-snippet is not supported, ignored: it is nginx configuration"),
        Case(name: "dropped by ingress-nginx", key: "nginx.ingress.kubernetes.io/secure-backends", says: "ingress-nginx itself has dropped it"),
        Case(name: "misspelt", key: "nginx.ingress.kubernetes.io/canary-wieght", says: "is unknown, ignored; did you mean `canary-weight`?"),
        Case(name: "misspelt, another group", key: "nginx.ingress.kubernetes.io/rewrite_target", says: "did you mean `rewrite-target`?"),
        Case(name: "made up", key: "nginx.ingress.kubernetes.io/xyzzy-plugh", says: "xyzzy-plugh is unknown, ignored"),
        Case(name: "without a name", key: "nginx.ingress.kubernetes.io/", says: "is unknown, ignored"),
        Case(name: "Serin's, misspelt", key: "serin.dev/canary-hashby", says: "did you mean `canary-hash-by`?"),
        Case(name: "Serin's", key: "serin.dev/canary-mirror-percent", says: nil),
        Case(name: "ACK's", key: "nginx.ingress.kubernetes.io/service-match", says: nil),
        Case(name: "Tengine's", key: "nginx.ingress.kubernetes.io/canary-mod-divisor", says: nil),
        Case(name: "Higress's", key: "higress.ingress.kubernetes.io/canary-by-query", says: nil),
        Case(name: "Higress's own", key: "higress.ingress.kubernetes.io/destination",
             says: "destination is none of the vendor's annotations that are read, ignored", severity: .note),
        Case(name: "Higress's, the wrong one of its prefixes", key: "higress.ingress.kubernetes.io/canary",
             says: "is unknown, ignored; did you mean `nginx.ingress.kubernetes.io/canary`?"),
        Case(name: "Higress's, made up", key: "higress.io/canary-by-moonlight", says: "is unknown, ignored"),
        Case(name: "ALB's, misspelt", key: "alb.ingress.kubernetes.io/canaryy", says: "is unknown, ignored; did you mean `canary`?"),
        Case(name: "ALB's, not about canaries", key: "alb.ingress.kubernetes.io/listen-ports", says: "ignored", severity: .note),
        Case(name: "a misspelt prefix", key: "nginx.ingress.kuberntes.io/canary", says: "did you mean `nginx.ingress.kubernetes.io/canary`?"),
        Case(name: "a prefix in another case", key: "Nginx.Ingress.kubernetes.io/canary", says: "did you mean `nginx.ingress.kubernetes.io/canary`?"),
        Case(name: "the old prefix", key: "ingress.kubernetes.io/canary", says: "did you mean `nginx.ingress.kubernetes.io/canary`?"),
        Case(name: "the old prefix, not about canaries", key: "ingress.kubernetes.io/ssl-redirect",
             says: "is unknown, ignored; did you mean `nginx.ingress.kubernetes.io/ssl-redirect`?", severity: .note),
        Case(name: "the old prefix, a name of others", key: "ingress.kubernetes.io/config-backend", says: nil),
        Case(name: "Serin's at another place", key: "serin.io/canary-weight", says: "did you mean `serin.dev/canary-weight`?"),
        Case(name: "Serin's in another case", key: "Serin.dev/canary-weight", says: "did you mean `serin.dev/canary-weight`?"),
        Case(name: "Serin's at another place, a name of ingress-nginx", key: "serin.io/canary", says: "did you mean `nginx.ingress.kubernetes.io/canary`?"),
        Case(name: "ALB's in another case", key: "ALB.ingress.kubernetes.io/canary", says: "did you mean `alb.ingress.kubernetes.io/canary`?"),
        Case(name: "a misspelt prefix of what nobody has", key: "nginx.ingress.kuberntes.io/xyzzy", says: nil),
        Case(name: "another balancer's", key: "nlb.ingress.kubernetes.io/canary", says: nil),
        Case(name: "HAProxy's", key: "haproxy.org/ssl-redirect", says: nil),
        Case(name: "HAProxy's, the other prefix", key: "haproxy-ingress.github.io/app-root", says: nil),
        Case(name: "NGINX Inc.'s", key: "nginx.org/rewrites", says: nil),
        Case(name: "Traefik's", key: "traefik.ingress.kubernetes.io/affinity", says: nil),
        Case(name: "Kubernetes' own", key: "kubernetes.io/ingress.class", says: nil),
        Case(name: "without a prefix", key: "canary", says: nil),
        Case(name: "the other prefix", key: "nginx.ingress.kubernetes.io/canary-hash-by", says: "did you mean `serin.dev/canary-hash-by`?"),
        Case(name: "the other prefix, the other way", key: "serin.dev/canary-by-header", says: "did you mean `nginx.ingress.kubernetes.io/canary-by-header`?"),
    ])
    func survey(_ test: Case) throws {
        let manifest = Manifest(
            kind: "Ingress", namespace: "default", name: "test", place: Place(file: "test.yaml", line: 1), created: nil,
            labels: [:], annotations: [Annotation(key: test.key, value: "x", line: 7)], body: .ingress(IngressManifest()))
        var log = DiagnosticLog()
        AnnotationSurvey.report([manifest], log: &log)
        guard let says = test.says else {
            #expect(log.entries.isEmpty)
            return
        }
        let warning = try #require(log.entries.first)
        #expect(log.entries.count == 1 && warning.severity == test.severity && warning.line == 7)
        #expect(warning.message.contains(says), "\(warning)")
    }

    /// Once for the configuration, where it is first met.
    @Test(arguments: [(1, ""), (2, " (so it is in 1 other Ingress)"), (300, " (so it is in 299 other Ingresses)")])
    func once(_ count: Int, _ others: String) throws {
        let loaded = Loaded(
            (0..<count).map { Ingress.main("i\($0)", "h\($0)/ shop", annotations: ["enable-cors": "true", "made-up": "x"]) }, empty: [], settings: "")
        #expect(loaded.messages == ["enable-cors is not supported yet (planned), ignored", "made-up is unknown, ignored"].map {
            "test.yaml:1: warning: Ingress default/i0: nginx.ingress.kubernetes.io/\($0)\(others)"
        })
    }
}
