internal import COpenSSL
internal import Glibc

/// What an authority has said of a certificate, to be passed on to clients in the handshake, who need not ask it themselves then
/// (RFC 6066 section 8, RFC 8446 section 4.4.2.1).
public final class OCSPResponse: Sendable {
    public let certificate: Certificate
    /// DER, as it came.
    let bytes: [UInt8]
    /// From when on and until when it counts, in seconds since 1970.
    public let thisUpdate: Int64
    public let nextUpdate: Int64
    /// Whether its signature could be checked: the issuer's certificate came with the chain.
    public let isVerified: Bool

    /// How long a response counts that does not say so: a day.
    static let defaultLifetime: Int64 = 86_400
    /// Clocks differ: seconds.
    static let clockTolerance: Int64 = 300
    /// Real ones have up to three kilobytes.
    public static let sizeLimit = 65_536

    /// - Parameters:
    ///   - bytes: DER.
    ///   - now: seconds since 1970.
    public init(_ bytes: [UInt8], about certificate: Certificate, now: Int64) throws(OCSPFault) {
        ERR_clear_error()
        let times = try Self.check(bytes, certificate, now)
        (thisUpdate, nextUpdate) = (times.this, times.next)
        isVerified = unsafe certificate.issuer != nil
        self.certificate = certificate
        self.bytes = bytes
    }

    func counts(at now: Int64) -> Bool { thisUpdate <= now + Self.clockTolerance && now < nextUpdate }

    // MARK: Reading

    private static func check(
        _ bytes: [UInt8], _ certificate: Certificate, _ now: Int64
    ) throws(OCSPFault) -> (this: Int64, next: Int64) {
        defer { ERR_clear_error() }
        guard let response = unsafe parse(bytes) else { throw .malformed }
        defer { unsafe OCSP_RESPONSE_free(response) }
        let status = unsafe OCSP_response_status(response)
        guard status == OCSP_RESPONSE_STATUS_SUCCESSFUL else {
            // A constant of OpenSSL's.
            throw .unsuccessful(unsafe String(cString: OCSP_response_status_str(Int(status))))
        }
        guard let basic = unsafe OCSP_response_get1_basic(response) else { throw .malformed }
        defer { unsafe OCSP_BASICRESP_free(basic) }
        guard let single = unsafe single(of: basic, about: certificate) else { throw .otherCertificate }
        if let issuer = unsafe certificate.issuer, unsafe openssl_is_signed_by(basic, issuer) != 1 {
            throw .untrusted(OpenSSLError.take())
        }
        return unsafe try read(single, now)
    }

    /// The caller's to free; nil if the bytes are anything but one response.
    private static func parse(_ bytes: [UInt8]) -> OpaquePointer? {
        guard bytes.count <= sizeLimit else { return nil }
        // OpenSSL reads the bytes during the call, and says where it has stopped.
        return unsafe bytes.withUnsafeBufferPointer { space in
            var position = space.baseAddress
            guard let response = unsafe d2i_OCSP_RESPONSE(nil, &position, space.count) else { return nil }
            if unsafe position == space.baseAddress.map({ unsafe $0 + space.count }) { return unsafe response }
            unsafe OCSP_RESPONSE_free(response)
            return nil
        }
    }

    /// What is said of one certificate; it lives as long as the response.
    private static func single(of response: OpaquePointer, about certificate: Certificate) -> OpaquePointer? {
        for index in 0..<(unsafe max(0, OCSP_resp_count(response))) {
            guard let single = unsafe OCSP_resp_get0(response, index), let id = unsafe OCSP_SINGLERESP_get0_id(single) else { continue }
            if unsafe openssl_is_about(id, certificate.leaf, certificate.issuer) == 1 { return unsafe single }
        }
        return nil
    }

    private static func read(_ single: OpaquePointer, _ now: Int64) throws(OCSPFault) -> (this: Int64, next: Int64) {
        // The times live as long as the response.
        var reason: CInt = 0
        var revoked: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
        var this: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
        var next: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
        switch unsafe OCSP_single_get0_status(single, &reason, &revoked, &this, &next) {
        case V_OCSP_CERTSTATUS_GOOD: break
        case V_OCSP_CERTSTATUS_REVOKED: throw .revoked
        default: throw .unknown
        }
        let begin = unsafe Int64(openssl_generalized_seconds(this))
        guard begin > 0 else { throw .malformed }
        let end = unsafe next == nil ? begin + defaultLifetime : Int64(openssl_generalized_seconds(next))
        guard begin <= now + clockTolerance else { throw .notYetValid(begin) }
        guard now < end else { throw .expired(end) }
        return (begin, end)
    }
}
