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

    private let reader: AnnotationReader

    init(_ manifest: Manifest, log: inout DiagnosticLog) {
        reader = AnnotationReader(manifest: manifest)
        let written = Self.names.compactMap { reader.nginx($0) }
        guard let first = written.first else { return }
        guard let secret = reader.nginx("auth-tls-secret") else {
            reader.warn(first, "does nothing without \(manifest.nginxPrefix)auth-tls-secret", log: &log)
            return
        }
        self.secret = Located(value: AnnotationText.normalized(secret.value), line: secret.line)
        readDemand(log: &log)
        depth = reader.depth("auth-tls-verify-depth", usual: depth, log: &log)
        readPassing(log: &log)
        readErrorPage(log: &log)
        readSubject(log: &log)
    }

    private mutating func readDemand(log: inout DiagnosticLog) {
        guard let annotation = reader.nginx("auth-tls-verify-client") else { return }
        guard let demand = ClientRule.Demand(rawValue: AnnotationText.normalized(annotation.value)) else {
            return reader.warn(annotation, "is none of on, off, optional and optional_no_ca: counts as on", log: &log)
        }
        self.demand = demand
    }

    private mutating func readPassing(log: inout DiagnosticLog) {
        guard let annotation = reader.nginx("auth-tls-pass-certificate-to-upstream") else { return }
        guard let value = AnnotationText.bool(annotation.value) else {
            return reader.warn(annotation, "is not a boolean: the certificate does not go on; write \"true\"", log: &log)
        }
        passesCertificate = value
    }

    private mutating func readErrorPage(log: inout DiagnosticLog) {
        guard let annotation = reader.nginx("auth-tls-error-page") else { return }
        let url = AnnotationText.normalized(annotation.value)
        // It is written into a field of the answer.
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "$") }) else {
            return reader.warn(annotation, "is not an absolute URL without variables, which alone is supported: such clients are answered 400", log: &log)
        }
        if let problem = TextBound.problem(of: "auth-tls-error-page", url) {
            return reader.warn(annotation, "\(problem): such clients are answered 400", log: &log)
        }
        errorPage = url
    }

    private mutating func readSubject(log: inout DiagnosticLog) {
        guard let annotation = reader.nginx("auth-tls-match-cn") else { return }
        let text = AnnotationText.normalized(annotation.value)
        guard text.contains("CN=") else {
            return reader.warn(annotation, "has no CN= in it: counts as not set, as in ingress-nginx", log: &log)
        }
        do {
            subject = try Pattern(text)
        } catch {
            log.error(
                reader.manifest.place(line: annotation.line), reader.manifest.object, "\(annotation.key): \"\(text.clipped)\" is no regular expression: \(error.description)")
        }
    }
}
