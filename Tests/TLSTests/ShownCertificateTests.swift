import COpenSSL
import TestCertificates
import Testing
@testable import TLS

/// What is taken of clients that show certificates.
@Suite struct ShownCertificateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let version: Int32
        /// Certificates beyond those that have room.
        let excess: Int
        let end: TLSOutcome
        var testDescription: String { "TLS \(version == TLS1_3_VERSION ? "1.3" : "1.2"), \(excess) too many" }
    }

    /// Whatever host it is for: the one whose context comes first does not ask.
    @Test(arguments: [
        Case(version: TLS1_2_VERSION, excess: 0, end: .bytes(0)),
        Case(version: TLS1_2_VERSION, excess: 1, end: .failed(.messageTooLong)),
        Case(version: TLS1_3_VERSION, excess: 0, end: .bytes(0)),
        Case(version: TLS1_3_VERSION, excess: 1, end: .failed(.messageTooLong)),
    ])
    func chainsHaveABound(_ test: Case) throws {
        let authority = try TestAuthority()
        let own = try Self.read(try authority.issue("shop.test")), clients = try Authorities(pem: Array(authority.certificate.utf8))
        let context = try TLSContext(
            TLSSettings(),
            [HostCertificates(source: "a", hosts: ["shop.test"], certificates: [own], clients: ClientVerification(clients, depth: 1))],
            fallback: HostCertificates(source: "self-signed", hosts: [], certificates: [.selfSigned]))
        let pair = try authority.issue("alice")
        var options = TestClient.Options()
        options.maximumVersion = test.version
        let shown = try Self.read(pair)
        options.certificate = shown
        // RFC 8446 section 4.4.2: 4 bytes in front of all, and 5 around each; in RFC 5246 section 7.4.2 it is 3 and 3.
        let (all, each) = test.version == TLS1_3_VERSION ? (4, 5) : (3, 3)
        let length = unsafe Int(i2d_X509(shown.leaf, nil))
        options.repetitions = (ClientVerification.longestChain - all) / (length + each) - 1 + test.excess
        let duet = Duet(context, options)
        #expect(duet.handshake() == test.end)
        guard test.excess == 0 else { return }
        let peer = try #require(duet.server.peerCertificate)
        #expect(peer.verdict == .good)
        #expect(String(decoding: peer.subject, as: UTF8.self) == "CN=alice")
        #expect(String(decoding: peer.issuer, as: UTF8.self) == "CN=Test authority")
        #expect(String(decoding: peer.pem, as: UTF8.self) == pair.chain)
    }

    private static func read(_ pair: TestAuthority.Pair) throws -> Certificate {
        try Certificate(chain: Array(pair.chain.utf8), key: Array(pair.key.utf8))
    }
}
