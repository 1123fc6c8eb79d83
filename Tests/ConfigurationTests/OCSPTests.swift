import Exchange
import Foundation
import TestCertificates
import Testing
@testable import Configuration

/// Responses of authorities (OCSP) that come with certificates, in Secrets and in files.
@Suite struct OCSPTests {
    private static let listener = "listeners: [{address: 127.0.0.1:8443, tls: true}]\nservices: {app: [127.0.0.1:1]}\n"
    private static let day: Int64 = 86_400

    private static var today: Int64 { Int64(Date().timeIntervalSince1970) }

    /// A Secret of 9 lines, whose response is on line 8, and an Ingress that is served with it.
    private static func manifests(_ pair: TestAuthority.Pair, _ response: String?) -> String {
        func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
        return """
            apiVersion: v1
            kind: Secret
            metadata: {name: shop-tls}
            type: kubernetes.io/tls
            data:
              tls.crt: \(base64(pair.chain))
              tls.key: \(base64(pair.key))
              \(response.map { "tls.ocsp-staple: \($0)" } ?? "other: eA==")
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: shop}
            spec:
              tls: [{hosts: [shop.test], secretName: shop-tls}]
              rules:
              - host: shop.test
                http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app, port: {number: 80}}}}]}

            """
    }

    struct Case: Sendable, CustomTestStringConvertible {
        enum Response: Sendable { case none, good, revoked, unknown, ofAnother, forged, garbage }
        let name: String
        var response = Response.good
        var daysLater: Int64 = 0
        /// The chain has the issuer's certificate.
        var isIssuerKnown = true
        /// Whether the metric has a time.
        var hasTime = false
        /// The beginning of what is said; nil: nothing.
        let expect: String?
        var testDescription: String { name }
    }

    private static let warning = "test.yaml:8: warning: Secret default/shop-tls: `tls.ocsp-staple` "

    @Test(arguments: [
        Case(name: "none", response: .none, expect: nil),
        Case(name: "a good one", hasTime: true, expect: nil),
        Case(name: "whose signature can't be checked", isIssuerKnown: false, hasTime: true,
             expect: "test.yaml:8: note: Secret default/shop-tls: `tls.ocsp-staple`: who has signed the response is not checked"),
        Case(name: "out of date", daysLater: 8, hasTime: true, expect: warning + "is out of date since 20"),
        Case(name: "not yet", daysLater: -1, expect: warning + "does not count yet before 20"),
        Case(name: "revoked", response: .revoked, expect: warning + "says that the certificate is revoked"),
        Case(name: "unknown to its authority", response: .unknown, expect: warning + "says that the authority does not know the certificate"),
        Case(name: "another certificate's", response: .ofAnother, expect: warning + "is about another certificate"),
        Case(name: "by a stranger", response: .forged, expect: warning + "is not signed by the certificate's issuer"),
        Case(name: "nonsense", response: .garbage, expect: warning + "holds no OCSP response (DER)"),
    ])
    func ofASecret(_ test: Case) throws {
        let authority = try TestAuthority(), stranger = try TestAuthority()
        let pair = try authority.issue("shop.test")
        let bytes: [UInt8]? = switch test.response {
        case .none: nil
        case .good: try authority.respond(about: pair)
        case .revoked: try authority.respond(about: pair, .revoked)
        case .unknown: try authority.respond(about: pair, .unknown)
        case .ofAnother: try authority.respond(about: try authority.issue("shop.test"))
        case .forged: try authority.respond(about: pair, signedBy: stranger)
        case .garbage: Array("nonsense".utf8)
        }
        let chain = test.isIssuerKnown ? pair.chain + (try authority.certificate) : pair.chain
        let loaded = Loaded(
            Self.manifests(TestAuthority.Pair(chain: chain, key: pair.key), bytes.map { Data($0).base64EncodedString() }), settings: Self.listener,
            now: Self.today + test.daysLater * Self.day)
        let said = loaded.messages.filter { !$0.hasPrefix("serin.yaml") && !$0.contains("the certificate counts from") }
        #expect(said.count == (test.expect == nil ? 0 : 1), "\(said)")
        if let expect = test.expect { #expect(said.first?.hasPrefix(expect) == true, "\(said)") }
        #expect(loaded.hasTLS, "the certificate is served whatever is wrong")
        let end = loaded.snapshot.https.certificates.first?.responseEnd
        #expect((end != nil) == test.hasTime)
        if let end { #expect(abs(end - Self.today - 7 * Self.day) < 600) }
    }

    @Test func valuesThatAreNoBase64AreErrors() throws {
        let loaded = Loaded(Self.manifests(try TestAuthority().issue("shop.test"), "not!base64"), settings: Self.listener)
        #expect(loaded.messages.contains("test.yaml:8: error: Secret default/shop-tls: the value of `data.tls.ocsp-staple` is not base64"), "\(loaded.messages)")
    }

    @Test func aCertificateThatWantsOne() throws {
        let authority = try TestAuthority()
        let pair = try authority.selfSigned(
            ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-addext", "subjectAltName=DNS:shop.test", "-addext", "tlsfeature=status_request"],
            subject: "/CN=shop.test")
        let loaded = Loaded(Self.manifests(pair, nil), settings: Self.listener)
        let said = loaded.messages.filter { $0.contains("must-staple") }
        #expect(said.count == 1 && said[0].hasPrefix("test.yaml:6: warning: Secret default/shop-tls: "), "\(loaded.messages)")
    }

    @Test func ofAFile() throws {
        let authority = try TestAuthority()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("serin-ocsp-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ bytes: [UInt8], _ name: String) throws { try Data(bytes).write(to: folder.appendingPathComponent(name)) }
        let pair = try authority.issue("shop.test")
        try write(Array((pair.chain + authority.certificate).utf8), "shop.pem")
        try write(Array(pair.key.utf8), "shop.key")
        let settings = """
            watch: true
            tls:
              certificates:
              - {certificate: shop.pem, key: shop.key, ocsp: shop.ocsp}
              defaultCertificate: {certificate: shop.pem, key: shop.key, ocsp: shop.ocsp}
            """
        try write(Array((Self.listener + settings).utf8), "serin.yaml")
        let file = folder.appendingPathComponent("serin.yaml").path
        func load() -> LoadResult { ConfigurationLoader.load(file: file) }

        let missing = load()
        let warnings = missing.diagnostics.filter { $0.message.contains("shop.ocsp") }
        #expect(warnings.map(\.severity) == [.warning, .warning] && warnings.map(\.line) == [6, 7])
        #expect(warnings.allSatisfy { $0.message.hasSuffix("paths are relative to the configuration file") })
        #expect(missing.configuration != nil, "it may come later")
        #expect(missing.watched.contains { $0.hasSuffix("/shop.ocsp") }, "and is noticed then")

        try write(try authority.respond(about: pair), "shop.ocsp")
        let there = load()
        #expect(there.diagnostics.filter { $0.severity == .warning && !$0.message.contains("no route") }.map(\.description) == [])
        #expect(there.configuration?.snapshot.https.certificates.map { $0.responseEnd != nil } == [true], "a certificate is there once")

        try write(Array("nonsense".utf8), "shop.ocsp")
        #expect(load().diagnostics.contains { $0.line == 6 && $0.description.contains("shop.ocsp holds no OCSP response (DER): no OCSP response goes with the certificate") })
    }
}
