import HTTP1

/// What a client has shown of itself in a handshake that asked for a certificate, as upstreams are told of it: with ingress-nginx's fields.
///
/// What is said of it is written for the first request that needs it, and kept for the next ones. So a client that is turned away takes no
/// memory for it, and one whose certificate nobody wants takes none for that. One thread only.
public final class ClientCertificate {
    public enum Verdict: Sendable {
        /// None was shown.
        case none
        case good
        /// `isOnlyUnknown`: nothing is wrong with it but that no authority is known that vouches for it.
        case bad(isOnlyUnknown: Bool)
    }

    public let verdict: Verdict
    private let reason: String
    private let writtenSubject, writtenIssuer, writtenPEM: () -> [UInt8]

    /// - Parameters:
    ///   - reason: of a bad one.
    ///   - subject: as RFC 2253 writes it, in printable ASCII; so is `issuer`.
    ///   - pem: the certificate.
    public init(
        _ verdict: Verdict, reason: String = "", subject: @autoclosure @escaping () -> [UInt8] = [],
        issuer: @autoclosure @escaping () -> [UInt8] = [], pem: @autoclosure @escaping () -> [UInt8] = []
    ) {
        self.verdict = verdict
        self.reason = reason
        writtenSubject = subject
        writtenIssuer = issuer
        writtenPEM = pem
    }

    // MARK: Written when they are needed

    /// Empty if there is none.
    private(set) lazy var subject = writtenSubject()

    /// Whole field lines: what came of checking it, and its names.
    private lazy var lines: [UInt8] = {
        let result = switch verdict {
        case .none: "NONE"
        case .good: "SUCCESS"
        case .bad: "FAILED:\(reason)"
        }
        return Array("ssl-client-verify: \(result)\r\n".utf8) + Self.line("ssl-client-subject-dn: ", writtenSubject())
            + Self.line("ssl-client-issuer-dn: ", writtenIssuer())
    }()

    /// And the certificate itself.
    private lazy var certificateLine = Self.line("ssl-client-cert: ", Self.escaped(writtenPEM()))

    private static func line(_ name: String, _ value: [UInt8]) -> [UInt8] {
        value.isEmpty ? [] : Array(name.utf8) + value + Array("\r\n".utf8)
    }

    private static func escaped(_ text: [UInt8]) -> [UInt8] {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.reduce(0) { $0 + (isPlain($1) ? 1 : 3) })
        for byte in text {
            if isPlain(byte) {
                escaped.append(byte)
            } else {
                escaped.append(UInt8(ascii: "%"))
                escaped.append(digit(byte >> 4))
                escaped.append(digit(byte & 15))
            }
        }
        return escaped
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

    // MARK: Fields

    /// Bytes that `write` needs.
    func room(withCertificate: Bool) -> Int { lines.count + (withCertificate ? certificateLine.count : 0) }

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
