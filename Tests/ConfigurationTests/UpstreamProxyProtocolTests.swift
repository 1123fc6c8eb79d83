import Addressing
import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// `serin.dev/upstream-proxy-protocol`: of a canary its own annotation counts, as it is about the Service.
@Suite struct UpstreamProxyProtocolTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let main: String?
        var canary: String?
        /// Of the stable version and of the canary; `-` for none.
        let versions: [String]
        var warning: String?
        var testDescription: String { name }
    }

    private static let name = "serin.dev/upstream-proxy-protocol"

    @Test(arguments: [
        Case(name: "without it", main: nil, versions: ["-", "-"]), Case(name: "version 1", main: "v1", versions: ["v1", "-"]),
        Case(name: "version 2", main: "v2", versions: ["v2", "-"]), Case(name: "off", main: "off", versions: ["-", "-"]),
        Case(name: "of the canary", main: nil, canary: "v2", versions: ["-", "v2"]),
        Case(name: "of both", main: "v1", canary: "v2", versions: ["v1", "v2"]),
        Case(name: "no version", main: "v3", versions: ["-", "-"], warning: "\"v3\" is none of `v1`, `v2` and `off`"),
    ], [Compatibility.scoped, .ingressNginx])
    func versions(_ test: Case, _ mode: Compatibility) {
        let main = Ingress.main("main", "a/ shop", annotations: test.main.map { [Self.name: $0] } ?? [:])
        let canary = Ingress.canary("next", "a/ next", annotations: ["canary-weight": "10"].merging(test.canary.map { [Self.name: $0] } ?? [:]) { one, _ in one })
        let loaded = Loaded(
            [main.yaml, canary.yaml].joined(separator: "\n---\n"),
            settings: "canary: {compatibility: \(mode.rawValue)}\nservices: {shop: [10.0.0.1:80], next: [10.0.0.2:80]}")
        let route = loaded.snapshot.routes.routes[0]
        let versions = ([route.stable] + route.canaries.map(\.backend)).map { loaded.snapshot.backends[$0].proxyProtocol?.rawValue ?? "-" }
        #expect(versions == test.versions)
        #expect(loaded.snapshot.announcesClients == versions.contains { $0 != "-" })
        let warnings = loaded.diagnostics.filter { $0.severity == .warning }.map(\.message)
        #expect(warnings.count == (test.warning == nil ? 0 : 1), "\(warnings)")
        if let warning = test.warning { #expect(warnings.first?.contains(warning) == true) }
    }

    /// A canary speaks TLS as its main does, and copies go to it so.
    @Test(arguments: [Compatibility.scoped, .ingressNginx]) func bothGoByTLS(_ mode: Compatibility) {
        let main = Ingress.main("main", "a/ shop", annotations: ["backend-protocol": "HTTPS", Self.name: "v2"])
        let canary = Ingress.canary("next", "a/ next", annotations: ["canary-by-header": "x", "serin.dev/canary-mirror-percent": "10"])
        let loaded = Loaded(
            [main.yaml, canary.yaml].joined(separator: "\n---\n"),
            settings: "canary: {compatibility: \(mode.rawValue)}\nservices: {shop: [10.0.0.1:80], next: [10.0.0.2:80]}")
        let route = loaded.snapshot.routes.routes[0]
        #expect(loaded.snapshot.backends.allSatisfy { $0.tls != nil })
        #expect(loaded.snapshot.backends[route.stable].proxyProtocol == .v2)
        #expect(route.canaries.count == 1 && route.canaries[0].mirror != nil)
        #expect(loaded.diagnostics.filter { $0.severity == .warning }.map(\.message) == [])
    }
}
