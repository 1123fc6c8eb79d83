import TestCertificates
import Testing
@testable import TLS

/// Which certificate clients get that name no host: the only one, whatever sets hosts apart besides, else the default one.
@Suite struct NamelessClientTests {
    struct Set: Sendable {
        /// A position in `certificates`.
        let certificate: Int
        var asks = false
        var ciphers: CipherPreference?
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let sets: [Set]
        /// A position in `certificates`; nil: self-signed.
        var fallback: Int?
        /// A position in `sets`; nil: as all others are.
        let expect: Int?
        var testDescription: String { name }
    }

    private static let ciphers = CipherPreference(isOurOrder: false)

    @Test(arguments: [
        Case(name: "none", sets: [], expect: nil),
        Case(name: "one", sets: [Set(certificate: 0)], expect: 0),
        Case(name: "two", sets: [Set(certificate: 0), Set(certificate: 1)], expect: nil),
        Case(name: "one, of which some hosts ask", sets: [Set(certificate: 0), Set(certificate: 0, asks: true)], expect: 0),
        Case(name: "the other way round", sets: [Set(certificate: 0, asks: true), Set(certificate: 0)], expect: 1),
        Case(name: "one, some hosts with ciphers", sets: [Set(certificate: 0, ciphers: ciphers), Set(certificate: 0)], expect: 1),
        Case(name: "rather ciphers than to be asked",
             sets: [Set(certificate: 0, asks: true), Set(certificate: 0, ciphers: ciphers)], expect: 1),
        Case(name: "one, of which all ask", sets: [Set(certificate: 0, asks: true)], expect: 0),
        Case(name: "two, one of which asks", sets: [Set(certificate: 0), Set(certificate: 1, asks: true)], expect: nil),
        Case(name: "a host without one asks", sets: [Set(certificate: 0), Set(certificate: 2, asks: true)], fallback: 2, expect: 0),
        Case(name: "only a host without one, which asks", sets: [Set(certificate: 2, asks: true)], fallback: 2, expect: nil),
    ])
    func getTheOnlyCertificate(_ test: Case) throws {
        let authority = try TestAuthority()
        // Read anew for each: it is the content that counts.
        let pairs = try (0..<3).map { try authority.issue("host-\($0).test") }
        func read(_ position: Int) throws -> Certificate {
            try Certificate(chain: Array(pairs[position].chain.utf8), key: Array(pairs[position].key.utf8))
        }
        let clients = ClientVerification(try Authorities(pem: Array(authority.certificate.utf8)), depth: 1)
        let sets = try test.sets.enumerated().map { index, set in
            HostCertificates(
                source: "source \(set.certificate)", hosts: ["host-\(index).test"], certificates: [try read(set.certificate)],
                clients: set.asks ? clients : nil, ciphers: set.ciphers)
        }
        let fallback = HostCertificates(source: "fallback", hosts: [], certificates: [try test.fallback.map(read) ?? .selfSigned])
        let context = try TLSContext(TLSSettings(), sets, fallback: fallback)
        var options = TestClient.Options()
        options.serverName = nil
        let duet = Duet(context, options)
        #expect(duet.handshake() == .bytes(0))
        #expect(duet.server.identity == (test.expect.map { sets[$0] } ?? fallback).identity)
        let position = test.expect.map { test.sets[$0].certificate } ?? test.fallback
        #expect(duet.client.peerName == position.map { "host-\($0).test" } ?? Certificate.selfSignedName)
    }
}
