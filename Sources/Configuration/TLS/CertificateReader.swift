internal import Foundation
internal import TLS

/// Makes certificates of Secrets and files, each once, and says what is wrong with them where they are written.
struct CertificateReader {
    /// A certificate that can be served.
    struct Source {
        /// `Secret default/shop-tls`, or the certificate's file.
        let name: String
        let isFile: Bool
        let certificate: Certificate
        /// What is passed on to clients that ask, and until when that counts or has counted (seconds since 1970).
        var response: OCSPResponse?
        var responseEnd: Int64?
    }

    /// How long before its end a certificate is worth a warning, in days. Authorities renew theirs at 30.
    static let daysOfWarning: Int64 = 14

    private let secrets: [String: Manifest]
    /// Seconds since 1970.
    private let now: Int64
    /// Whether a listener speaks TLS; else it is no matter that a Secret is missing.
    private let areServed: Bool
    private let loader: CertificateLoader
    /// By Secret; nil where nothing usable was found.
    private var known: [String: Source?] = [:]
    /// Everything that was read, in the order it was asked for.
    private(set) var sources: [Source] = []

    init(_ manifests: [Manifest], _ loader: CertificateLoader, now: Int64, areServed: Bool) {
        self.loader = loader
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
            let read = try loader.certificate(chain: certificate.value, key: key.value, isShown: areServed)
            warnExpiry(read, manifest.place(line: certificate.line), manifest.object, log: &log)
            var source = Source(name: manifest.object, isFile: false, certificate: read)
            let response = secret.response.map { (bytes: $0.value, place: manifest.place(line: $0.line), name: "`\(SecretDecoder.response)`") }
            add(response, to: &source, manifest.place(line: certificate.line), manifest.object, log: &log)
            return source
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
            let read = try loader.certificate(chain: certificate, key: key, isShown: areServed)
            warnExpiry(read, config.at(line: files.certificate.line), files.certificate.value, log: &log)
            var source = Source(name: files.certificate.value, isFile: true, certificate: read)
            // That the file is missing has been said.
            let response = files.responseBytes.flatMap { bytes in
                files.response.map { (bytes: bytes, place: config.at(line: $0.line), name: $0.value) }
            }
            add(response, to: &source, config.at(line: files.certificate.line), files.certificate.value, log: &log)
            sources.append(source)
            return source
        } catch {
            let file = error.concernsKey ? files.key : files.certificate
            log.error(config.at(line: file.line), file.value, error.description)
            return nil
        }
    }

    // MARK: Responses of authorities

    /// A response that is of no use leaves the certificate as it is: clients ask by themselves.
    private func add(
        _ response: (bytes: [UInt8], place: Place, name: String)?, to source: inout Source, _ place: Place, _ object: String,
        log: inout DiagnosticLog
    ) {
        if let response {
            do throws(OCSPFault) {
                let read = try OCSPResponse(response.bytes, about: source.certificate, now: now)
                source.response = read
                source.responseEnd = read.nextUpdate
                if !read.isVerified {
                    log.note(
                        response.place, object,
                        "\(response.name): who has signed the response is not checked, as the issuer's certificate is not in the chain")
                }
            } catch {
                var when = ""
                if case .expired(let end) = error {
                    source.responseEnd = end
                    when = " since \(Self.date(end)); fetch a new one"
                }
                if case .notYetValid(let begin) = error { when = " before \(Self.date(begin))" }
                log.warning(response.place, object, "\(response.name) \(error)\(when): no OCSP response goes with the certificate")
            }
        }
        if source.certificate.mustStaple, source.response == nil {
            log.warning(
                place, object, "the certificate may only be shown with an OCSP response (must-staple), and there is none: some browsers refuse it")
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
    static func date(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601.year().month().day())
    }
}
