internal import TLS

/// What `tls:` of the configuration file says.
struct TLSOptions: Sendable {
    /// A certificate with its key, in files.
    struct Files: Sendable {
        let certificate: Located<String>
        let key: Located<String>
        /// Empty: the names in the certificate.
        var hosts: [Located<String>] = []
        /// What its authority says of it (OCSP).
        var response: Located<String>?
        /// Nil as long as they have not been read, or can't be.
        var certificateBytes: [UInt8]?
        var keyBytes: [UInt8]?
        var responseBytes: [UInt8]?
    }

    /// What hosts without a certificate get.
    enum Default: Sendable {
        case files(Files)
        /// `namespace/name` of a Secret.
        case secret(Located<String>)
    }

    /// Strict-Transport-Security, with the defaults of ingress-nginx.
    struct StrictTransport: Sendable {
        var isEnabled = true
        /// Seconds.
        var maxAge = 31_536_000
        var includesSubdomains = true
        var preloads = false

        /// The field's value; empty if there is none.
        var value: String {
            guard isEnabled else { return "" }
            return "max-age=\(maxAge)" + (includesSubdomains ? "; includeSubDomains" : "") + (preloads ? "; preload" : "")
        }
    }

    var session = TLSSettings()
    var certificates: [Files] = []
    var defaultCertificate: Default?
    var redirects = true
    var redirectPort = 443
    var isStrict = false
    var strictTransport = StrictTransport()

    /// The paths of its files, in the order they are named.
    var paths: [String] {
        var files = certificates
        if case .files(let own)? = defaultCertificate { files.append(own) }
        return files.flatMap { [$0.certificate.value, $0.key.value] + ($0.response.map { [$0.value] } ?? []) }
    }
}
