internal import Addressing
internal import TLS

/// `backend-protocol` and `proxy-ssl-*`: how the upstreams of an Ingress are spoken to. What can't be used counts as not set, with a
/// warning. Canaries have these of their main (R36).
struct UpstreamTLSAnnotations {
    static let names = ["backend-protocol"] + settings
    private static let settings = [
        "proxy-ssl-secret", "proxy-ssl-verify", "proxy-ssl-verify-depth", "proxy-ssl-name", "proxy-ssl-server-name",
        "proxy-ssl-protocols", "proxy-ssl-ciphers",
    ]

    private(set) var isHTTPS = false
    /// As written; whether it can be used shows when it is looked for.
    private(set) var secret: Located<String>?
    private(set) var verifies: Located<Bool>?
    private(set) var depth = UpstreamTLSSettings().depth
    private(set) var name: String?
    private(set) var sendsName = false
    private(set) var oldestVersion = TLSVersion.tls12
    private(set) var newestVersion = TLSVersion.tls13
    private(set) var ciphers: Located<String>?

    /// Of the first of `proxy-ssl-*`; nil without any.
    private(set) var settingsLine: Int?

    private let reader: AnnotationReader

    init(_ manifest: Manifest, log: inout DiagnosticLog) {
        reader = AnnotationReader(manifest: manifest)
        readProtocol(log: &log)
        let written = Self.settings.compactMap { reader.nginx($0) }
        guard !written.isEmpty else { return }
        settingsLine = written[0].line
        if !isHTTPS {
            reader.warn(
                written[0],
                "does nothing, as requests go to the upstream by HTTP; write \(manifest.nginxPrefix)backend-protocol: \"HTTPS\"", log: &log)
        }
        secret = reader.nginx("proxy-ssl-secret").map { Located(value: AnnotationText.normalized($0.value), line: $0.line) }
        if let annotation = reader.nginx("proxy-ssl-verify") {
            verifies = Located(value: isOn(annotation, log: &log), line: annotation.line)
        }
        sendsName = reader.nginx("proxy-ssl-server-name").map { isOn($0, log: &log) } ?? false
        depth = reader.depth("proxy-ssl-verify-depth", usual: depth, log: &log)
        readName(log: &log)
        readVersions(log: &log)
        readCiphers(log: &log)
    }

    // MARK: Reading

    private mutating func readProtocol(log: inout DiagnosticLog) {
        guard let annotation = reader.nginx("backend-protocol") else { return }
        switch AnnotationText.normalized(annotation.value).uppercased() {
        case "HTTP": break
        case "HTTPS": isHTTPS = true
        case "GRPCS":
            isHTTPS = true
            reader.warn(annotation, "is not supported: HTTP/1.1 goes over the TLS connection, which gRPC does not understand", log: &log)
        case "GRPC", "FCGI", "AUTO_HTTP":
            reader.warn(annotation, "is not supported: requests go to the upstream by plain HTTP/1.1", log: &log)
        default:
            reader.warn(annotation, "is no protocol: requests go to the upstream by plain HTTP/1.1; write HTTP or HTTPS", log: &log)
        }
    }

    private func isOn(_ annotation: Annotation, log: inout DiagnosticLog) -> Bool {
        switch AnnotationText.normalized(annotation.value) {
        case "on": return true
        case "off": return false
        default:
            reader.warn(annotation, "is neither on nor off: counts as off", log: &log)
            return false
        }
    }

    private mutating func readName(log: inout DiagnosticLog) {
        guard let annotation = reader.nginx("proxy-ssl-name") else { return }
        let text = AnnotationText.normalized(annotation.value).lowercased()
        guard IPAddress(text) != nil || AddressText.isName(text) else {
            return reader.warn(annotation, "is neither a DNS name nor an IP address: counts as not set", log: &log)
        }
        name = text
    }

    private mutating func readVersions(log: inout DiagnosticLog) {
        guard let annotation = reader.nginx("proxy-ssl-protocols") else { return }
        let known = ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
        let words = AnnotationText.normalized(annotation.value).split(separator: " ").map(String.init)
        guard !words.isEmpty, words.allSatisfy(known.contains) else {
            return reader.warn(annotation, "is not a list of \(known.joined(separator: ", ")): TLS 1.2 and 1.3 are spoken", log: &log)
        }
        let wanted = TLSVersion.allCases.filter { words.contains("TLSv\($0.rawValue)") }
        guard let first = wanted.first, let last = wanted.last else {
            return reader.warn(annotation, "names nothing that Serin speaks: TLS 1.2 and 1.3 are spoken", log: &log)
        }
        oldestVersion = first
        newestVersion = last
    }

    private mutating func readCiphers(log: inout DiagnosticLog) {
        guard let annotation = reader.nginx("proxy-ssl-ciphers") else { return }
        let text = AnnotationText.normalized(annotation.value)
        guard AnnotationText.isCipherList(text) else {
            return reader.warn(annotation, "is not a list of ciphers in OpenSSL's notation: counts as not set", log: &log)
        }
        ciphers = Located(value: text, line: annotation.line)
    }
}
