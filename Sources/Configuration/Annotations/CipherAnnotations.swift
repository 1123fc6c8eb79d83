/// `ssl-ciphers` and `ssl-prefer-server-ciphers`: what the hosts of an Ingress agree on with clients of TLS 1.2. What can't be used counts
/// as not set, with a warning.
struct CipherAnnotations {
    static let names = ["ssl-ciphers", "ssl-prefer-server-ciphers"]

    /// In OpenSSL's notation.
    var list: Located<String>?
    /// Whether our order counts, and not the client's.
    private(set) var isOurOrder: Bool?

    init(_ manifest: Manifest, log: inout DiagnosticLog) {
        let reader = AnnotationReader(manifest: manifest)
        if let annotation = reader.nginx("ssl-ciphers") {
            let text = AnnotationText.normalized(annotation.value)
            if AnnotationText.isCipherList(text) {
                list = Located(value: text, line: annotation.line)
            } else {
                reader.warn(annotation, "is not a list of ciphers in OpenSSL's notation: counts as not set", log: &log)
            }
        }
        if let annotation = reader.nginx("ssl-prefer-server-ciphers") {
            isOurOrder = AnnotationText.bool(annotation.value)
            if isOurOrder == nil { reader.warn(annotation, "is not a boolean: counts as not set; write \"true\"", log: &log) }
        }
    }
}
