import Glibc
import TestCertificates
import Testing
@testable import TLS

/// What one configuration has in common with the one before is not made again.
@Suite struct CertificateLoaderTests {
    private static func load(_ loader: CertificateLoader, _ pair: TestAuthority.Pair, isShown: Bool = true) throws -> Certificate {
        try loader.certificate(chain: Array(pair.chain.utf8), key: Array(pair.key.utf8), isShown: isShown)
    }

    @Test func eachContentIsReadOnce() throws {
        let authority = try TestAuthority()
        let (one, two) = (try authority.issue("shop.test"), try authority.issue("shop.test"))
        let first = CertificateLoader()
        let certificate = try Self.load(first, one)
        #expect(try Self.load(first, one) === certificate)
        #expect(try Self.load(first, two) !== certificate)
        let second = CertificateLoader(after: first.known)
        #expect(try Self.load(second, one) === certificate)
        #expect(second.known.certificates.count == 1, "what nobody asks for any more is forgotten")
        #expect(try Self.load(CertificateLoader(), one) !== certificate)
    }

    @Test func aCertificateAndItsKeyBelongTogether() throws {
        let authority = try TestAuthority()
        let (one, two) = (try authority.issue("shop.test"), try authority.issue("shop.test"))
        let loader = CertificateLoader()
        _ = try Self.load(loader, one)
        for _ in 0..<2 {
            #expect(throws: CertificateFault.mismatch) { try Self.load(loader, TestAuthority.Pair(chain: one.chain, key: two.key)) }
        }
        // Bytes at the end of the one or at the beginning of the other make another pair.
        let key = Array(one.key.utf8), chain = Array(one.chain.utf8)
        #expect(KnownCertificates.Digest(chain: chain + key, key: []) != KnownCertificates.Digest(chain: chain, key: key))
    }

    /// Of what is only looked at, no key is kept.
    @Test func keysAreKeptWhileTheyAreNeeded() throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test")
        let looking = CertificateLoader()
        let seen = try Self.load(looking, pair, isShown: false)
        #expect(!seen.hasKey)
        #expect(seen.names == ["shop.test"] && seen.isFor("shop.test"))
        #expect(try Self.load(looking, pair, isShown: false) === seen)
        let showing = CertificateLoader(after: looking.known)
        let shown = try Self.load(showing, pair)
        #expect(shown.hasKey)
        #expect(try Self.load(showing, pair, isShown: false) === shown)
        let lookingAgain = CertificateLoader(after: showing.known)
        let seenAgain = try Self.load(lookingAgain, pair, isShown: false)
        #expect(!seenAgain.hasKey && seenAgain.names == ["shop.test"])
        #expect(throws: TLSSettingsFault.self, "nobody can show it") {
            try TLSContext(TLSSettings(), [HostCertificates(source: "a", hosts: [], certificates: [seenAgain])], fallback: Self.selfSigned)
        }
    }

    /// One is tried after the other in the same place, of one kind or another.
    @Test func manyAreTried() throws {
        let authority = try TestAuthority()
        let loader = CertificateLoader()
        for kind in [TestAuthority.Kind.ecdsa, .rsa, .ecdsa, .rsa] {
            let pair = try authority.issue("shop.test", kind: kind)
            #expect(try Self.load(loader, pair).keyType.rawValue == kind.rawValue)
            #expect(throws: CertificateFault.noKey) { try Self.load(loader, TestAuthority.Pair(chain: pair.chain, key: "")) }
        }
    }

    // MARK: Contexts

    private static let selfSigned = HostCertificates(source: "self-signed", hosts: [], certificates: [.selfSigned])

    struct Change: Sendable, CustomTestStringConvertible {
        let name: String
        var settings = TLSSettings()
        var isRenewed = false
        var source = "shop"
        var ciphers: CipherPreference?
        var hosts = ["shop.test"]
        /// Whether there is one before, and which one there is then.
        var hasResponse = false
        var response: Int?
        var isKept = false
        var testDescription: String { name }
    }

    private static let newest: TLSSettings = {
        var settings = TLSSettings()
        settings.minimumVersion = .tls13
        return settings
    }()

    @Test(arguments: [
        Change(name: "none", isKept: true),
        Change(name: "other hosts", hosts: ["shop.test", "other.test"], isKept: true),
        Change(name: "settings", settings: newest),
        Change(name: "a new certificate", isRenewed: true),
        Change(name: "from elsewhere", source: "stall"),
        Change(name: "ciphers", ciphers: CipherPreference(isOurOrder: false)),
        Change(name: "the same response", hasResponse: true, response: 0, isKept: true),
        Change(name: "no response any more", hasResponse: true),
        Change(name: "a response", response: 0),
        Change(name: "another response", hasResponse: true, response: 1),
    ])
    func contextsThatWouldBeTheSameAreKept(_ change: Change) throws {
        let authority = try TestAuthority()
        let (pair, other) = (try authority.issue("shop.test"), try authority.issue("shop.test"))
        let loader = CertificateLoader()
        let (certificate, renewed) = (try Self.load(loader, pair), try Self.load(loader, other))
        let responses = try [7, 8].map { try OCSPResponse(authority.respond(about: pair, days: $0), about: certificate, now: Int64(time(nil))) }
        var set = HostCertificates(source: "shop", hosts: ["shop.test"], certificates: [certificate], responses: change.hasResponse ? [responses[0]] : [])
        var former: TLSContext? = try TLSContext(TLSSettings(), [set], fallback: Self.selfSigned)
        let kept = ObjectIdentifier(try #require(former).sets[0])
        set = HostCertificates(
            source: change.source, hosts: change.hosts, certificates: [change.isRenewed ? renewed : certificate],
            responses: change.response.map { [responses[$0]] } ?? [], ciphers: change.ciphers)
        let context = try TLSContext(change.settings, [set], fallback: Self.selfSigned, after: former)
        #expect((ObjectIdentifier(context.sets[0]) == kept) == change.isKept)
        former = nil
        var options = TestClient.Options()
        options.asksForResponse = true
        let duet = Duet(context, options)
        #expect(duet.handshake() == .bytes(0), "whatever has become of the former one")
        #expect(duet.client.peerName == "shop.test")
        #expect((duet.client.response == nil) == set.responses.isEmpty)
        #expect(duet.server.identity == set.identity)
    }

    /// Sessions are told apart by their contexts.
    @Test func noTwoSetsShareOne() throws {
        let authority = try TestAuthority()
        let certificate = try Self.load(CertificateLoader(), try authority.issue("shop.test"))
        var sets = ["a.test", "b.test"].map { HostCertificates(source: "shop", hosts: [$0], certificates: [certificate]) }
        sets[1].sharedIdentity = 5
        let former = try TLSContext(TLSSettings(), sets, fallback: Self.selfSigned)
        let context = try TLSContext(TLSSettings(), sets, fallback: Self.selfSigned, after: former)
        for set in sets {
            var options = TestClient.Options()
            options.serverName = set.hosts[0]
            let duet = Duet(context, options)
            #expect(duet.handshake() == .bytes(0))
            #expect(duet.server.identity == set.identity)
        }
    }

    // MARK: Names of settings

    struct Name: Sendable, CustomTestStringConvertible {
        let text: String
        var isCipher = false
        var isSuite = false
        var isCurve = false
        var testDescription: String { text }
    }

    @Test(arguments: [
        Name(text: "ECDHE-ECDSA-AES128-GCM-SHA256", isCipher: true),
        Name(text: "ECDHE-ECDSA-AES128-GCM-SHA265"),
        Name(text: "AES128-SHA", isCipher: true),
        Name(text: "ALL"), Name(text: "aNULL"), Name(text: "DEFAULT"), Name(text: "HIGH"), Name(text: "SHA384"), Name(text: ""),
        Name(text: "TLS_AES_128_GCM_SHA256", isSuite: true),
        Name(text: "TLS_AES_256_GCM_SHA385"),
        Name(text: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        Name(text: "X25519", isCurve: true), Name(text: "P-256", isCurve: true), Name(text: "P-999"),
    ])
    func namesAreKnownOrNot(_ name: Name) {
        #expect(TLSSettings.isCipher(name.text) == name.isCipher)
        #expect(TLSSettings.isCipherSuite(name.text) == name.isSuite)
        #expect(TLSSettings.isCurve(name.text) == name.isCurve)
        let defaults = TLSSettings()
        #expect(defaults.ciphers.allSatisfy(TLSSettings.isCipher) && defaults.cipherSuites.allSatisfy(TLSSettings.isCipherSuite))
    }
}
