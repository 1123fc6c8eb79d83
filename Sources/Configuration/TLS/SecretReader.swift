internal import TLS

/// Finds the Secrets that annotations name, and says why one can't be used.
struct SecretReader {
    struct Found {
        let manifest: Manifest
        let secret: SecretManifest
    }

    private let secrets: [String: Manifest]

    init(_ manifests: [Manifest]) {
        var secrets: [String: Manifest] = [:]
        for manifest in manifests { if case .secret = manifest.body { secrets[manifest.label] = manifest } }
        self.secrets = secrets
    }

    /// `label` is `namespace/name`, and the namespace the Ingress's own, as ingress-nginx has it by default.
    func find(_ label: String, from ingress: Manifest) -> Found? {
        guard label.hasPrefix(ingress.namespace + "/"), let manifest = secrets[label], case .secret(let secret) = manifest.body else { return nil }
        return Found(manifest: manifest, secret: secret)
    }

    /// - Parameter annotation: who names it.
    func find(_ label: Located<String>, for ingress: Manifest, _ annotation: String, log: inout DiagnosticLog) -> Found? {
        if let found = find(label.value, from: ingress) { return found }
        let parts = label.value.split(separator: "/", omittingEmptySubsequences: false)
        let problem = if parts.count != 2 || parts.contains(where: \.isEmpty) {
            "is not of the form namespace/name"
        } else if parts[0] != ingress.namespace {
            "is of another namespace than the Ingress"
        } else {
            "is not among the manifests"
        }
        log.warning(
            ingress.place(line: label.line), ingress.object,
            "\(annotation): the Secret \(label.value.clipped) \(problem), so that all requests are refused, as in ingress-nginx")
        return nil
    }

    /// The certificates of `ca.crt`.
    func authorities(_ pem: Located<[UInt8]>, of manifest: Manifest, log: inout DiagnosticLog) -> Authorities? {
        do {
            if manifest.secretKeys.contains("ca.crl") {
                log.warning(manifest.place, manifest.object, "`ca.crl` is not supported: revoked certificates count until they end")
            }
            return try Authorities(pem: pem.value)
        } catch {
            log.error(manifest.place(line: pem.line), manifest.object, "`\(SecretDecoder.authorities)` \(error)")
            return nil
        }
    }
}

extension Manifest {
    fileprivate var secretKeys: [String] {
        guard case .secret(let secret) = body else { return [] }
        return secret.keys
    }
}
