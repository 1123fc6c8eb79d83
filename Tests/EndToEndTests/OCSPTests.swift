import Foundation
import TestCertificates
import Testing

/// Responses of authorities that go with certificates, as openssl s_client sees them.
@Suite struct OCSPTests {
    private static func configuration(_ origin: RecordingOrigin) -> TestConfiguration {
        var configuration = TestConfiguration.origin(origin)
        configuration.manifests = [Manifests.ingress("app", host: "shop.test", service: "app")]
        configuration.listeners = ["127.0.0.1:0"]
        configuration.secureListeners = [0]
        configuration.settings = "watch: true\ntls:\n  certificates:\n    - {certificate: shop.pem, key: shop.key, ocsp: shop.ocsp}\n"
        return configuration
    }

    /// What the client is told of the certificate's state.
    private static func status(_ serin: SerinProcess, _ authority: TestAuthority, _ arguments: [String]) throws -> String {
        let process = try ChildProcess(
            try Tools.path(of: "openssl"),
            ["s_client", "-connect", "127.0.0.1:\(serin.address.port)", "-CAfile", authority.certificatePath, "-servername", "shop.test"] + arguments,
            named: "s_client", in: try TemporaryFolder())
        _ = try process.wait()
        if process.output.contains("OCSP response: no response sent") { return "none" }
        guard process.output.contains("OCSP Response Status: successful") else { return "not asked" }
        return process.output.contains("Cert Status: good") ? "good" : process.output
    }

    @Test func theResponseComesWithTheHandshakeAndIsReplaced() throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test")
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        try folder.write(pair.chain + authority.certificate, to: "shop.pem")
        try folder.write(pair.key, to: "shop.key")
        let serin = try SerinProcess(Self.configuration(origin), folder: folder)
        for version in ["-tls1_2", "-tls1_3"] {
            let status = try Self.status(serin, authority, [version, "-status"])
            #expect(status == "none", "the file is not there yet")
        }
        #expect(try serin.metrics().sum("serin_tls_ocsp_next_update_seconds") == 0)

        let path = folder.path("shop.ocsp")
        try Data(try authority.respond(about: pair)).write(to: URL(fileURLWithPath: path), options: .atomic)
        try eventually("the response to be there") { try Self.status(serin, authority, ["-tls1_3", "-status"]) == "good" }
        #expect(try Self.status(serin, authority, ["-tls1_2", "-status"]) == "good")
        #expect(try Self.status(serin, authority, ["-tls1_3"]) == "not asked")
        let text = try serin.metrics().text
        #expect(text.contains("serin_tls_ocsp_next_update_seconds{certificate=\"shop.pem\",type=\"ecdsa\"}"), "\(text)")

        try Data(try authority.respond(about: pair, .revoked)).write(to: URL(fileURLWithPath: path), options: .atomic)
        try eventually("the response to be gone") { try Self.status(serin, authority, ["-tls1_3", "-status"]) == "none" }
        try serin.waitForLog("shop.ocsp says that the certificate is revoked")
    }
}
