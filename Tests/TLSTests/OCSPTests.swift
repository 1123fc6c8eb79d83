import COpenSSL
import Glibc
import TestCertificates
import Testing
@testable import TLS

@Suite struct OCSPTests {
    private static let day: Int64 = 86_400

    private static var now: Int64 { Int64(time(nil)) }

    private static func certificate(_ pair: TestAuthority.Pair, of authority: TestAuthority? = nil) throws -> Certificate {
        try Certificate(chain: Array((pair.chain + (authority?.certificate ?? "")).utf8), key: Array(pair.key.utf8))
    }

    // MARK: In handshakes

    struct Asking: Sendable, CustomTestStringConvertible {
        let name: String
        var version = TLS1_3_VERSION
        var ciphers: String?
        var asks = true
        var serverName = "shop.test"
        /// Of which certificate the response is; nil: none comes.
        let expect: TestAuthority.Kind?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Asking(name: "1.3", expect: .ecdsa),
        Asking(name: "1.2", version: TLS1_2_VERSION, expect: .ecdsa),
        Asking(name: "1.2 with an RSA key", version: TLS1_2_VERSION, ciphers: "ECDHE-RSA-AES128-GCM-SHA256", expect: .rsa),
        Asking(name: "who does not ask gets none", asks: false, expect: nil),
        Asking(name: "nor who does not in 1.2", version: TLS1_2_VERSION, asks: false, expect: nil),
        Asking(name: "another host's certificate", serverName: "other.test", expect: nil),
    ])
    func theResponseComesWithItsCertificate(_ asking: Asking) throws {
        let authority = try TestAuthority()
        let pairs: [TestAuthority.Kind: TestAuthority.Pair] = [
            .ecdsa: try authority.issue("shop.test"), .rsa: try authority.issue("shop.test", kind: .rsa),
        ]
        let bytes = try pairs.mapValues { try authority.respond(about: $0) }
        var set = HostCertificates(source: "shop", hosts: ["shop.test"], certificates: [])
        for (kind, pair) in pairs {
            let certificate = try Self.certificate(pair)
            set.certificates.append(certificate)
            set.responses.append(try OCSPResponse(bytes[kind] ?? [], about: certificate, now: Self.now))
        }
        let context = try TLSContext(
            TLSSettings(), [set], fallback: HostCertificates(source: "self-signed", hosts: [], certificates: [.selfSigned]))
        var options = TestClient.Options()
        options.maximumVersion = asking.version
        options.ciphers = asking.ciphers
        options.asksForResponse = asking.asks
        options.serverName = asking.serverName
        let duet = Duet(context, options)
        #expect(duet.handshake() == .bytes(0))
        #expect(duet.client.response == asking.expect.flatMap { bytes[$0] })
    }

    @Test func theDefaultCertificateHasItsOwn() throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("fallback.test")
        let (certificate, bytes) = (try Self.certificate(pair), try authority.respond(about: pair))
        let response = try OCSPResponse(bytes, about: certificate, now: Self.now)
        let context = try TLSContext(
            TLSSettings(), [], fallback: HostCertificates(source: "fallback", hosts: [], certificates: [certificate], responses: [response]))
        var options = TestClient.Options()
        options.asksForResponse = true
        let duet = Duet(context, options)
        #expect(duet.handshake() == .bytes(0))
        #expect(duet.client.response == bytes)
    }

    // MARK: What counts

    @Test func itCountsForItsTime() throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test")
        let certificate = try Self.certificate(pair)
        let response = try OCSPResponse(try authority.respond(about: pair, days: 3), about: certificate, now: Self.now)
        #expect(response.nextUpdate == response.thisUpdate + 3 * Self.day)
        #expect(response.counts(at: response.thisUpdate))
        #expect(response.counts(at: response.nextUpdate - 1))
        #expect(!response.counts(at: response.nextUpdate), "it is not passed on any more")
        #expect(!response.counts(at: response.thisUpdate - OCSPResponse.clockTolerance - 1))
        let endless = try OCSPResponse(try authority.respond(about: pair, days: nil), about: certificate, now: Self.now)
        #expect(endless.nextUpdate == endless.thisUpdate + Self.day, "one without an end counts for a day")
    }

    @Test func whoHasSignedItIsCheckedWhereTheIssuerIsKnown() throws {
        let (authority, stranger) = (try TestAuthority(), try TestAuthority())
        let pair = try authority.issue("shop.test")
        let known = try Self.certificate(pair, of: authority), unknown = try Self.certificate(pair)
        let (good, forged) = (try authority.respond(about: pair), try authority.respond(about: pair, signedBy: stranger))
        #expect(try OCSPResponse(good, about: known, now: Self.now).isVerified)
        #expect(try !OCSPResponse(good, about: unknown, now: Self.now).isVerified)
        if case .untrusted? = Self.fault(forged, known) {} else { Issue.record("a stranger's signature") }
    }

    @Test func anIssuerThatIsNoRoot() throws {
        let intermediate = try TestAuthority(below: try TestAuthority(), name: "Intermediate")
        let pair = try intermediate.issue("shop.test")
        let response = try OCSPResponse(try intermediate.respond(about: pair), about: try Self.certificate(pair), now: Self.now)
        #expect(response.isVerified, "its certificate is in the chain")
    }

    private static func fault(_ bytes: [UInt8], _ certificate: Certificate, at time: Int64? = nil) -> OCSPFault? {
        do {
            _ = try OCSPResponse(bytes, about: certificate, now: time ?? now)
            return nil
        } catch {
            return error
        }
    }

    @Test func whatIsOfNoUse() throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test"), other = try authority.issue("other.test")
        let good = try authority.respond(about: pair)
        for certificate in [try Self.certificate(pair), try Self.certificate(pair, of: authority)] {
            let response = try OCSPResponse(good, about: certificate, now: Self.now)
            #expect(Self.fault([], certificate) == .malformed)
            #expect(Self.fault(Array(pair.chain.utf8), certificate) == .malformed, "PEM")
            #expect(Self.fault(Array(good.dropLast()), certificate) == .malformed)
            #expect(Self.fault(good + [0], certificate) == .malformed, "more than one response")
            #expect(Self.fault(good + [UInt8](repeating: 0, count: OCSPResponse.sizeLimit), certificate) == .malformed)
            // An OCSPResponse of nothing but its status: 3, try later (RFC 6960 section 4.2.1).
            #expect(Self.fault([0x30, 0x03, 0x0A, 0x01, 0x03], certificate) == .unsuccessful("trylater"))
            #expect(Self.fault(try authority.respond(about: other), certificate) == .otherCertificate)
            #expect(Self.fault(try authority.respond(about: pair, .revoked), certificate) == .revoked)
            #expect(Self.fault(try authority.respond(about: pair, .unknown), certificate) == .unknown)
            #expect(Self.fault(good, certificate, at: response.nextUpdate) == .expired(response.nextUpdate))
            #expect(Self.fault(good, certificate, at: response.thisUpdate - 3600) == .notYetValid(response.thisUpdate))
        }
    }

    /// Whatever the file holds, it is an answer or a fault.
    @Test func damagedOnesNeverTrap() throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test")
        let certificate = try Self.certificate(pair, of: authority)
        let good = try authority.respond(about: pair)
        var faults = 0
        for index in good.indices {
            var damaged = good
            damaged[index] ^= 0x41
            // Not all of it is signed: the certificates that come with it are not.
            if Self.fault(damaged, certificate) != nil { faults += 1 }
            #expect(Self.fault(Array(good.prefix(index)), certificate) == .malformed)
        }
        #expect(faults > 100)
    }

    @Test func certificatesThatWantOne() throws {
        let authority = try TestAuthority()
        let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        let strict = try authority.selfSigned(newKey + ["-addext", "tlsfeature=status_request"], subject: "/CN=shop.test")
        #expect(try Self.certificate(strict).mustStaple)
        #expect(try !Self.certificate(try authority.issue("shop.test")).mustStaple)
    }
}
