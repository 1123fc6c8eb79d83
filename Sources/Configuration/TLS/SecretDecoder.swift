internal import Foundation

/// Decodes a Secret. Only a certificate with its key, and authorities, are kept of it, and no message ever quotes a value.
struct SecretDecoder {
    let place: Place
    let object: String

    static let certificateKey = "tls.crt"
    static let privateKey = "tls.key"
    static let authorities = "ca.crt"
    static let revocations = "ca.crl"
    /// DER, as for Istio's gateways.
    static let response = "tls.ocsp-staple"

    func decode(_ node: YAMLNode, keys: [String], log: inout DiagnosticLog) -> SecretManifest {
        var secret = SecretManifest(type: node["type"]?.text ?? "Opaque", keys: keys)
        if keys.contains(Self.authorities) { secret.authorities = value(Self.authorities, of: node, log: &log) }
        if keys.contains(Self.revocations) { secret.revocations = value(Self.revocations, of: node, log: &log) }
        guard keys.contains(Self.certificateKey), keys.contains(Self.privateKey) else { return secret }
        secret.certificate = value(Self.certificateKey, of: node, log: &log)
        secret.key = value(Self.privateKey, of: node, log: &log)
        if keys.contains(Self.response) { secret.response = value(Self.response, of: node, log: &log) }
        return secret
    }

    /// What is under `stringData` wins over `data`, as in Kubernetes.
    private func value(_ key: String, of node: YAMLNode, log: inout DiagnosticLog) -> Located<[UInt8]>? {
        if let entry = node["stringData"]?.entry(key), let scalar = entry.value.scalar {
            return Located(value: Array(scalar.text.utf8), line: entry.line)
        }
        guard let entry = node["data"]?.entry(key), let scalar = entry.value.scalar else { return nil }
        // YAML may have wrapped the text.
        let text = scalar.text.utf8.filter { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        guard let bytes = Data(base64Encoded: Data(text)) else {
            let hint = scalar.text.hasPrefix("-----BEGIN") ? "; a text in PEM form belongs under `stringData`" : ""
            log.error(place.at(line: entry.line), object, "the value of `data.\(key)` is not base64" + hint)
            return nil
        }
        return Located(value: [UInt8](bytes), line: entry.line)
    }
}
