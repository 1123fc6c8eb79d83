import TestCertificates
import Testing
@testable import TLS

@Suite struct RevocationListsTests {
    private func lists(_ pem: String) throws -> RevocationLists { try RevocationLists(pem: Array(pem.utf8)) }

    @Test func thoseOfSeveralAuthorities() throws {
        let (one, other) = (try TestAuthority(), try TestAuthority())
        let both = try lists(one.list() + other.certificate + other.list(.over))
        #expect(unsafe both.lists.count == 2, "what is between them is not looked at")
        #expect(both.nextUpdate == 1_578_441_600, "the first end: 2020-01-08")
        #expect(both.thisUpdate > 1_600_000_000, "the last beginning")
        let text = try one.certificate + other.certificate
        #expect(try Authorities(pem: Array(text.utf8), revocations: both).withoutList.isEmpty)
        let half = try lists(one.list())
        #expect(try Authorities(pem: Array(text.utf8), revocations: half).withoutList == ["CN=Test authority"])
        #expect(try Authorities(pem: Array(text.utf8)).withoutList.isEmpty, "nobody looks")
    }

    /// Sessions are only resumed where the same lists count.
    @Test func differentOnesMakeDifferentAuthorities() throws {
        let authority = try TestAuthority()
        let pem = Array(try authority.certificate.utf8)
        let (empty, full) = (try authority.list(), try authority.list(revoking: [authority.issue("a.test")]))
        let fingerprints = [
            try Authorities(pem: pem).fingerprint, try Authorities(pem: pem, revocations: lists(empty)).fingerprint,
            try Authorities(pem: pem, revocations: lists(full)).fingerprint, try Authorities(pem: pem, revocations: lists(empty)).fingerprint,
        ]
        #expect(Set(fingerprints).count == 3)
        #expect(fingerprints[1] == fingerprints[3])
    }

    @Test func whatIsNone() throws {
        func fault(_ pem: String) -> CertificateFault? {
            do {
                _ = try lists(pem)
                return nil
            } catch { return error as? CertificateFault }
        }
        let authority = try TestAuthority()
        #expect(fault("") == .noRevocationList)
        #expect(fault(try authority.certificate) == .noRevocationList)
        guard case .malformedRevocationList? = fault(try authority.list() + "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n") else {
            Issue.record("one of them is broken")
            return
        }
    }
}
