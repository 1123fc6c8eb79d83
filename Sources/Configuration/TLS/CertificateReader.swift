internal import Foundation
internal import TLS

/// Makes certificates of Secrets and files, each once, and says what is wrong with them where they are written.
struct CertificateReader {
    /// A certificate that can be served.
    struct Source {
        /// `Secret default/shop-tls`, or the certificate's file.
        let name: String
        let certificate: Certificate
    }

    /// How long before its end a certificate is worth a warning, in days. Authorities renew theirs at 30.
    static let daysOfWarning: Int64 = 14

    private let secrets: [String: Manifest]
    /// Seconds since 1970.
    private let now: Int64
    /// Whether a listener speaks TLS; else it is no matter that a Secret is missing.
    private let areServed: Bool
    /// By Secret; nil where nothing usable was found.
    private var known: [String: Source?] = [:]
    /// Everything that was read, in the order it was asked for.
    private(set) var sources: [Source] = []

    init(_ manifests: [Manifest], now: Int64, areServed: Bool) {
        var secrets: [String: Manifest] = [:]
        for manifest in manifests { if case .secret = manifest.body { secrets[manifest.label] = manifest } }
        self.secrets = secrets
        self.now = now
        self.areServed = areServed
    }

    // MARK: Secrets

    /// The certificate of the Secret `label`; nil, with a diagnostic at its first use, if there is none. Where the Secret is
    /// missing, `user` is who asks for it and `line` where.
    mutating func secret(
        _ label: String, for user: (place: Place, object: String), log: inout DiagnosticLog
    ) -> Source? {
        if let known = known[label] { return known }
        let source = readSecret(label, for: user, log: &log)
        known[label] = source
        if let source { sources.append(source) }
        return source
    }

    private func readSecret(
        _ label: String, for user: (place: Place, object: String), log: inout DiagnosticLog
    ) -> Source? {
        guard let manifest = secrets[label], case .secret(let secret) = manifest.body else {
            if areServed {
                log.warning(
                    user.place, user.object,
                    "there is no Secret \(label) among the manifests: its hosts get the default certificate")
            }
            return nil
        }
        guard let certificate = secret.certificate, let key = secret.key else {
            // That a value is not base64 has been said.
            let missing = [SecretDecoder.certificateKey, SecretDecoder.privateKey].filter { !secret.keys.contains($0) }
            if !missing.isEmpty {
                log.error(
                    manifest.place, manifest.object,
                    "has no `\(missing.joined(separator: "` and no `"))`; a Secret of type kubernetes.io/tls has both")
            }
            return nil
        }
        do {
            let read = try Certificate(chain: certificate.value, key: key.value)
            warnExpiry(read, manifest.place(line: certificate.line), manifest.object, log: &log)
            return Source(name: manifest.object, certificate: read)
        } catch {
            let (name, line) = error.concernsKey
                ? (SecretDecoder.privateKey, key.line) : (SecretDecoder.certificateKey, certificate.line)
            log.error(manifest.place(line: line), manifest.object, "`\(name)` \(error)")
            return nil
        }
    }

    // MARK: Files

    mutating func files(_ files: TLSOptions.Files, _ config: Place, log: inout DiagnosticLog) -> Source? {
        // That they can't be read has been said.
        guard let certificate = files.certificateBytes, let key = files.keyBytes else { return nil }
        do {
            let read = try Certificate(chain: certificate, key: key)
            warnExpiry(read, config.at(line: files.certificate.line), files.certificate.value, log: &log)
            let source = Source(name: files.certificate.value, certificate: read)
            sources.append(source)
            return source
        } catch {
            let file = error.concernsKey ? files.key : files.certificate
            log.error(config.at(line: file.line), file.value, error.description)
            return nil
        }
    }

    // MARK: Time

    private func warnExpiry(_ certificate: Certificate, _ place: Place, _ object: String, log: inout DiagnosticLog) {
        let day: Int64 = 86_400
        let end = Self.date(certificate.notAfter)
        if certificate.notAfter <= now {
            log.warning(place, object, "the certificate has expired on \(end): clients refuse it; renew it")
        } else if certificate.notAfter - now < Self.daysOfWarning * day {
            log.warning(place, object, "the certificate expires on \(end), in \((certificate.notAfter - now) / day) days; renew it")
        }
        if certificate.notBefore > now {
            log.warning(
                place, object, "the certificate counts from \(Self.date(certificate.notBefore)) only: until then clients refuse it")
        }
    }

    /// `2026-01-31` (UTC).
    private static func date(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601.year().month().day())
    }
}
