import COpenSSL
import TestCertificates
import Testing
@testable import TLS

/// A session of a client that is asked for its certificate is never gone on with: what is wrong with that may have come since.
@Suite struct ClientResumptionTests {
    struct Way: Sendable, CustomTestStringConvertible {
        let name: String
        let version: Int32
        let tickets: Bool
        /// The host that is asked for is not the default one.
        let isNamed: Bool
        var testDescription: String { name }
    }

    private static let ways = [false, true].flatMap { isNamed in
        [true, false].flatMap { tickets in
            [("1.2", TLS1_2_VERSION), ("1.3", TLS1_3_VERSION)].map { version in
                Way(
                    name: "\(version.0) \(tickets ? "by ticket" : "by session id"), \(isNamed ? "a host of its own" : "the default one")",
                    version: version.1, tickets: tickets, isNamed: isNamed)
            }
        }
    }

    @Test(arguments: ways)
    func aSessionIsNotResumed(_ way: Way) throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test", "open.test")
        let certificate = try Certificate(chain: Array(pair.chain.utf8), key: Array(pair.key.utf8))
        let clients = ClientVerification(try Authorities(pem: Array(authority.certificate.utf8)), depth: 1)
        var settings = TLSSettings()
        settings.tickets = way.tickets
        let asking = HostCertificates(source: "a", hosts: way.isNamed ? ["shop.test"] : [], certificates: [certificate], clients: clients)
        let plain = HostCertificates(source: "a", hosts: way.isNamed ? [] : ["open.test"], certificates: [certificate])
        let context = way.isNamed
            ? try TLSContext(settings, [asking], fallback: plain) : try TLSContext(settings, [plain], fallback: asking)
        var options = TestClient.Options()
        options.maximumVersion = way.version
        for host in ["shop.test", "open.test"] {
            options.serverName = host
            options.session = nil
            for round in 0..<2 {
                let duet = Duet(context, options)
                #expect(duet.handshake() == .bytes(0))
                #expect(duet.server.isResumed == (round == 1 && host == "open.test"), "\(host)")
                duet.client.write("hello")
                duet.carry()
                #expect(duet.read().bytes == Array("hello".utf8))
                options.session = duet.client.session
                duet.client.sayGoodbye()
                duet.carry()
                #expect(duet.read().end == .closed)
                #expect(duet.server.sayGoodbye())
            }
        }
    }
}
