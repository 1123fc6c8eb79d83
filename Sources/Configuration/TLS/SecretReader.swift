internal import TLS

/// Finds the Secrets that annotations name, and says why one can't be used.
struct SecretReader {
    /// By the Secret: when the first of its revocation lists is out of date, in seconds since 1970.
    private(set) var revocationEnds: [String: Int64] = [:]

    struct Found {
        let manifest: Manifest
        let secret: SecretManifest
    }

    private let secrets: [String: Manifest]
    /// Seconds since 1970.
    private let now: Int64

    init(_ manifests: [Manifest], now: Int64) {
        var secrets: [String: Manifest] = [:]
        for manifest in manifests { if case .secret = manifest.body { secrets[manifest.label] = manifest } }
        self.secrets = secrets
        self.now = now
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

    /// The certificates of `ca.crt`, with the lists of `ca.crl`, if there are any and they count; nil, and it has been said why, if
    /// they are of no use.
    mutating func authorities(_ found: Found, withLists: Bool = true, log: inout DiagnosticLog) -> Authorities? {
        let (manifest, secret) = (found.manifest, found.secret)
        guard let pem = secret.authorities else { return nil }
        do {
            guard withLists, secret.keys.contains(SecretDecoder.revocations) else { return try Authorities(pem: pem.value) }
            // That a value is not base64 has been said.
            guard let lists = secret.revocations else { return nil }
            // As in ingress-nginx, nothing is no list.
            guard !lists.value.isEmpty else { return try Authorities(pem: pem.value) }
            guard let read = revocations(lists, of: manifest, log: &log) else { return nil }
            let authorities = try Authorities(pem: pem.value, revocations: read)
            revocationEnds[manifest.object] = read.nextUpdate
            warn(of: read, authorities, manifest.place(line: lists.line), manifest.object, log: &log)
            return authorities
        } catch {
            log.error(manifest.place(line: pem.line), manifest.object, "`\(SecretDecoder.authorities)` \(error)")
            return nil
        }
    }

    private func revocations(_ pem: Located<[UInt8]>, of manifest: Manifest, log: inout DiagnosticLog) -> RevocationLists? {
        do {
            return try RevocationLists(pem: pem.value)
        } catch {
            log.error(manifest.place(line: pem.line), manifest.object, "`\(SecretDecoder.revocations)` \(error)")
            return nil
        }
    }

    /// A list that does not count lets nobody in: what it does not vouch for might have been taken back.
    private func warn(
        of lists: RevocationLists, _ authorities: Authorities, _ place: Place, _ object: String, log: inout DiagnosticLog
    ) {
        let name = "`\(SecretDecoder.revocations)`"
        if let end = lists.nextUpdate, end <= now {
            log.warning(
                place, object, "\(name): a list is out of date since \(CertificateReader.date(end)): as in nginx, no certificate counts until there is a new one")
        }
        if lists.thisUpdate > now {
            log.warning(
                place, object, "\(name): a list counts from \(CertificateReader.date(lists.thisUpdate)) only: as in nginx, no certificate counts until then")
        }
        for authority in authorities.withoutList {
            log.warning(place, object, "\(name) has no list by \(authority): as in nginx, no certificate counts that is by that authority")
        }
    }
}
