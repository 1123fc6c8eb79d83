import COpenSSL
import TestCertificates
import Testing
@testable import TLS

/// What becomes of sessions when a reload brings other settings: resuming them would go on with what is no longer allowed.
@Suite struct SettingsResumptionTests {
    struct Change: Sendable, CustomTestStringConvertible {
        let name: String
        var version = TLS1_2_VERSION
        let change: @Sendable (inout TLSSettings) -> Void
        let resumes: Bool
        var testDescription: String { name }
    }

    @Test(arguments: [
        Change(name: "none", change: { _ in }, resumes: true),
        Change(name: "none, 1.3", version: TLS1_3_VERSION, change: { _ in }, resumes: true),
        Change(name: "its cipher is gone", change: { $0.ciphers = ["ECDHE-ECDSA-AES128-GCM-SHA256"] }, resumes: false),
        Change(name: "its curve is gone", change: { $0.curves = ["P-384"] }, resumes: false),
        Change(name: "its curve is gone, 1.3", version: TLS1_3_VERSION, change: { $0.curves = ["P-384"] }, resumes: false),
        Change(name: "only 1.3 is spoken", version: TLS1_3_VERSION, change: { $0.minimumVersion = .tls13 }, resumes: false),
        Change(name: "other suites of 1.3", change: { $0.cipherSuites = ["TLS_AES_256_GCM_SHA384"] }, resumes: true),
    ])
    func sessionsGoOnByTheSameSettings(_ change: Change) throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test")
        var settings = TLSSettings()
        settings.ciphers = ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"]
        settings.curves = ["P-256", "P-384"]
        var options = TestClient.Options()
        options.maximumVersion = change.version
        let first = Duet(try TLSContext.of([("a", ["shop.test"], [pair])], settings: settings), options)
        #expect(first.handshake() == .bytes(0))
        options.session = first.client.session
        first.client.sayGoodbye()
        first.carry()
        _ = first.read()

        change.change(&settings)
        let next = Duet(try TLSContext.of([("a", ["shop.test"], [pair])], settings: settings), options)
        #expect(next.handshake() == .bytes(0))
        #expect(next.server.isResumed == change.resumes)
        if change.version == TLS1_2_VERSION { #expect(settings.ciphers.contains(next.client.cipher ?? "none")) }
        #expect(next.server.identity == first.server.identity, "requests on either are in the right place")
    }
}
