/// The certificates that a configuration has asked for, by what they were read from: a `CertificateLoader` leaves them to the next one.
public struct KnownCertificates: Sendable {
    /// Of the certificates' and the key's bytes.
    struct Digest: Hashable, Sendable {
        private let bytes: [UInt8]

        init(chain: [UInt8], key: [UInt8]) {
            // Where the one ends and the other begins counts.
            let digest = SHA256.digest(of: Array("\(chain.count) ".utf8) + chain + key)
            bytes = digest.indices.map { digest[$0] }
        }
    }

    var certificates: [Digest: Certificate] = [:]

    public init() {}
}
