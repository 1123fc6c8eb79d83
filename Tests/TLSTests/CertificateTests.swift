import TestCertificates
import Testing
@testable import TLS

@Suite struct CertificateTests {
    @Test func namesKindAndTimesAreRead() throws {
        let authority = try TestAuthority()
        for (kind, type) in [(TestAuthority.Kind.ecdsa, Certificate.KeyType.ecdsa), (.rsa, .rsa)] {
            let pair = try authority.issue("Shop.test", "*.wild.test", kind: kind, days: 30)
            let certificate = try Certificate(chain: Array(pair.chain.utf8), key: Array(pair.key.utf8))
            #expect(certificate.names == ["shop.test", "*.wild.test"])
            #expect(certificate.keyType == type)
            #expect(certificate.notAfter - certificate.notBefore == 30 * 86_400)
            #expect(certificate.isFor("shop.test"))
            #expect(certificate.isFor("a.wild.test"))
            #expect(!certificate.isFor("wild.test"))
            #expect(!certificate.isFor("a.b.wild.test"))
            #expect(!certificate.isFor("other.test"))
        }
    }

    @Test func aChainMayFollow() throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test")
        let certificate = try Certificate(chain: Array((pair.chain + authority.certificate).utf8), key: Array(pair.key.utf8))
        let count = unsafe certificate.chain.count
        #expect(count == 1)
    }

    @Test func keysInAnyUsualForm() throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test", kind: .rsa)
        let traditional = try authority.convert(pair, "-traditional")
        #expect(traditional.contains("BEGIN RSA PRIVATE KEY"))
        _ = try Certificate(chain: Array(pair.chain.utf8), key: Array(traditional.utf8))
        // Text around it is usual, too.
        _ = try Certificate(chain: Array(("subject=x\n" + pair.chain + "\nend\n").utf8), key: Array(("# key\n" + pair.key).utf8))
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let chain: @Sendable (TestAuthority, TestAuthority.Pair) throws -> String
        let key: @Sendable (TestAuthority, TestAuthority.Pair) throws -> String
        let isExpected: @Sendable (CertificateFault) -> Bool
        var testDescription: String { name }
    }

    private static let good: @Sendable (TestAuthority, TestAuthority.Pair) throws -> String = { $1.chain }
    private static let goodKey: @Sendable (TestAuthority, TestAuthority.Pair) throws -> String = { $1.key }

    @Test(arguments: [
        Fault(name: "nothing", chain: { _, _ in "" }, key: goodKey) { $0 == .noCertificate },
        Fault(name: "no PEM", chain: { _, _ in "hello" }, key: goodKey) { $0 == .noCertificate },
        Fault(name: "the key in its place", chain: goodKey, key: goodKey) { $0 == .noCertificate },
        Fault(name: "a cut certificate", chain: { String($1.chain.prefix($1.chain.count / 2)) }, key: goodKey) {
            if case .malformedCertificate = $0 { true } else { false }
        },
        Fault(name: "bad base64 in the second", chain: { $1.chain + $1.chain.replacing("MII", with: "M!I") }, key: goodKey) {
            if case .malformedCertificate = $0 { true } else { false }
        },
        Fault(name: "no key", chain: good, key: { _, _ in "" }) { $0 == .noKey },
        Fault(name: "the certificate in its place", chain: good, key: good) { $0 == .noKey },
        Fault(name: "a cut key", chain: good, key: { String($1.key.prefix($1.key.count / 2)) }) {
            if case .malformedKey = $0 { true } else { false }
        },
        Fault(name: "a key with a passphrase", chain: good, key: { try $0.convert($1, "-aes256", "-passout", "pass:secret") }) {
            $0 == .encryptedKey
        },
        Fault(name: "another key of the same kind", chain: good, key: { authority, _ in try authority.issue("shop.test").key }) {
            $0 == .mismatch
        },
        Fault(name: "a key of another kind", chain: good, key: { authority, _ in try authority.issue("shop.test", kind: .rsa).key }) {
            $0 == .mismatch
        },
        Fault(name: "the chain the wrong way round", chain: { try $0.certificate + $1.chain }, key: goodKey) { $0 == .mismatch },
    ])
    func faultsAreNamed(_ fault: Fault) throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test")
        let chain = Array(try fault.chain(authority, pair).utf8), key = Array(try fault.key(authority, pair).utf8)
        do {
            _ = try Certificate(chain: chain, key: key)
            Issue.record("accepted")
        } catch {
            #expect(fault.isExpected(error), "\(error)")
            #expect(!error.description.contains("secret"))
        }
    }

    @Test func aWeakKeyIsRefused() throws {
        let authority = try TestAuthority()
        let pair = try authority.selfSigned(["-newkey", "rsa:1024"], subject: "/CN=weak.test")
        #expect(throws: CertificateFault.self) { try Certificate(chain: Array(pair.chain.utf8), key: Array(pair.key.utf8)) }
    }

    @Test func withoutAlternativeNamesTheCommonNameCounts() throws {
        let authority = try TestAuthority()
        let pair = try authority.selfSigned(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], subject: "/CN=Old.test")
        #expect(try Certificate(chain: Array(pair.chain.utf8), key: Array(pair.key.utf8)).names == ["old.test"])
    }

    @Test func theSelfSignedOneIsMadeOnce() {
        let certificate = Certificate.selfSigned
        #expect(certificate === Certificate.selfSigned)
        #expect(certificate.names == [Certificate.selfSignedName])
        #expect(certificate.keyType == .ecdsa)
        #expect(certificate.isFor(Certificate.selfSignedName))
        #expect(certificate.notAfter > certificate.notBefore)
    }
}
