/// How clients are spoken to. The defaults are those of Mozilla's "intermediate" recommendation with forward secrecy only: every
/// cipher is an AEAD, every key is agreed on by ECDHE.
public struct TLSSettings: Equatable, Sendable {
    public var minimumVersion = TLSVersion.tls12
    /// For TLS 1.2, in OpenSSL's notation, in the order of preference.
    public var ciphers = defaultCiphers
    /// For TLS 1.3, as RFC 8446 names them.
    public var cipherSuites = defaultCipherSuites
    /// For the key agreement, in the order of preference.
    public var curves = defaultCurves
    /// Whether clients may resume by tickets, which they keep; without, sessions are kept here, until the next reload.
    public var tickets = true

    public static let defaultCiphers = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ]
    public static let defaultCipherSuites = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
    public static let defaultCurves = ["X25519", "P-256", "P-384"]

    public init() {}

    /// What sessions have been agreed on by: resuming asks for none of it again. A suite of TLS 1.3 is chosen anew each time.
    var sessionText: String {
        "from \(minimumVersion.number) by \(ciphers.joined(separator: ":")) on \(curves.joined(separator: ":"))"
    }
}
