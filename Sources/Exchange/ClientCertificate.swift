import HTTP1

/// What a client has shown of itself in a handshake that asked for a certificate, as upstreams are told of it: with ingress-nginx's fields.
public final class ClientCertificate: Sendable {
    public enum Verdict: Sendable {
        /// None was shown.
        case none
        case good
        /// `isOnlyUnknown`: nothing is wrong with it but that no authority is known that vouches for it.
        case bad(isOnlyUnknown: Bool)
    }

    public let verdict: Verdict
    let subject: [UInt8]
    /// Whole field lines: what came of checking it and its names, and the certificate itself.
    private let lines: [UInt8]
    private let certificateLine: [UInt8]

    /// - Parameters:
    ///   - reason: of a bad one.
    ///   - subject: as RFC 2253 writes it, in printable ASCII; so is `issuer`.
    ///   - pem: the certificate.
    public init(_ verdict: Verdict, reason: String = "", subject: [UInt8] = [], issuer: [UInt8] = [], pem: [UInt8] = []) {
        self.verdict = verdict
        self.subject = subject
        let result = switch verdict {
        case .none: "NONE"
        case .good: "SUCCESS"
        case .bad: "FAILED:\(reason)"
        }
        var lines = Array("ssl-client-verify: \(result)\r\n".utf8)
        if !subject.isEmpty { lines += Array("ssl-client-subject-dn: ".utf8) + subject + Array("\r\n".utf8) }
        if !issuer.isEmpty { lines += Array("ssl-client-issuer-dn: ".utf8) + issuer + Array("\r\n".utf8) }
        self.lines = lines
        var escaped: [UInt8] = []
        for byte in pem {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                escaped.append(byte)
            default:
                escaped += [UInt8(ascii: "%"), Self.digit(byte >> 4), Self.digit(byte & 15)]
            }
        }
        certificateLine = escaped.isEmpty ? [] : Array("ssl-client-cert: ".utf8) + escaped + Array("\r\n".utf8)
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

    // MARK: Fields

    /// Bytes that `write` needs at most.
    var room: Int { lines.count + certificateLine.count }

    func write(withCertificate: Bool, to output: inout ByteBuffer) {
        output.append(lines)
        if withCertificate { output.append(certificateLine) }
    }

    /// Whether a field says what only `write` may say.
    static func owns(_ name: Span<UInt8>) -> Bool {
        guard name.count > 11 else { return false }
        return name.equalsIgnoringCase("ssl-client-verify") || name.equalsIgnoringCase("ssl-client-subject-dn")
            || name.equalsIgnoringCase("ssl-client-issuer-dn") || name.equalsIgnoringCase("ssl-client-cert")
    }
}
