internal import Exchange
internal import Routing

/// `auth-tls-*`: what the hosts of an Ingress want of their clients' certificates. What can't be used counts as not set, with a warning.
struct ClientTLSAnnotations {
    static let names = [
        "auth-tls-secret", "auth-tls-verify-client", "auth-tls-verify-depth", "auth-tls-pass-certificate-to-upstream",
        "auth-tls-error-page", "auth-tls-match-cn",
    ]

    /// As written; whether it can be used shows when it is looked for. Without it nothing else counts.
    private(set) var secret: Located<String>?
    private(set) var demand = ClientRule.Demand.required
    private(set) var depth = 1
    private(set) var passesCertificate = false
    /// An absolute URL, or empty.
    private(set) var errorPage = ""
    private(set) var subject: Pattern?

    private let manifest: Manifest

    init(_ manifest: Manifest, log: inout DiagnosticLog) {
        self.manifest = manifest
        let written = Self.names.compactMap { annotation($0) }
        guard let first = written.first else { return }
        guard let secret = annotation("auth-tls-secret") else {
            warn(first, "does nothing without \(CanaryAnnotations.prefix)auth-tls-secret", log: &log)
            return
        }
        self.secret = Located(value: AnnotationText.normalized(secret.value), line: secret.line)
        readDemand(log: &log)
        readDepth(log: &log)
        readPassing(log: &log)
        readErrorPage(log: &log)
        readSubject(log: &log)
    }

    private mutating func readDemand(log: inout DiagnosticLog) {
        guard let annotation = annotation("auth-tls-verify-client") else { return }
        guard let demand = ClientRule.Demand(rawValue: AnnotationText.normalized(annotation.value)) else {
            return warn(annotation, "is none of on, off, optional and optional_no_ca: counts as on", log: &log)
        }
        self.demand = demand
    }

    private mutating func readDepth(log: inout DiagnosticLog) {
        guard let annotation = annotation("auth-tls-verify-depth") else { return }
        guard let number = AnnotationText.integer(annotation.value), (0...100).contains(number) else {
            return warn(annotation, "is not a whole number from 1 to 100: counts as \(depth)", log: &log)
        }
        // As in ingress-nginx, 0 is not set.
        if number > 0 { depth = number }
    }

    private mutating func readPassing(log: inout DiagnosticLog) {
        guard let annotation = annotation("auth-tls-pass-certificate-to-upstream") else { return }
        guard let value = AnnotationText.bool(annotation.value) else {
            return warn(annotation, "is not a boolean: the certificate does not go on; write \"true\"", log: &log)
        }
        passesCertificate = value
    }

    private mutating func readErrorPage(log: inout DiagnosticLog) {
        guard let annotation = annotation("auth-tls-error-page") else { return }
        let url = AnnotationText.normalized(annotation.value)
        // It is written into a field of the answer.
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "$") }) else {
            return warn(annotation, "is not an absolute URL without variables, which alone is supported: such clients are answered 400", log: &log)
        }
        errorPage = url
    }

    private mutating func readSubject(log: inout DiagnosticLog) {
        guard let annotation = annotation("auth-tls-match-cn") else { return }
        let text = AnnotationText.normalized(annotation.value)
        guard text.contains("CN=") else {
            return warn(annotation, "has no CN= in it: counts as not set, as in ingress-nginx", log: &log)
        }
        do {
            subject = try Pattern(text)
        } catch {
            log.error(
                manifest.place(line: annotation.line), manifest.object, "\(annotation.key): \"\(text.clipped)\" is no regular expression: \(error.description)")
        }
    }

    private func annotation(_ name: String) -> Annotation? { manifest.annotation(CanaryAnnotations.prefix, name) }

    private func warn(_ annotation: Annotation, _ message: String, log: inout DiagnosticLog) {
        log.warning(
            manifest.place(line: annotation.line), manifest.object,
            "\(annotation.key): \"\(annotation.value.clipped)\" \(message)")
    }
}
