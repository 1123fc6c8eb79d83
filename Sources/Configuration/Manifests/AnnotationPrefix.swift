/// What ingress-nginx's annotations begin with in these manifests: the controller's `--annotations-prefix` (R1).
public struct AnnotationPrefix: Sendable, Equatable {
    static let form = "a lower-case DNS name that is nobody else's, such as nginx.ingress.kubernetes.io"
    static let ingressNginx = AnnotationPrefix(text: AnnotationCatalogue.ingressNginx)

    /// Up to and with its slash.
    let text: String

    /// Nil for what is no lower-case DNS name, and for the prefixes that Serin reads beside ingress-nginx's.
    public init?(_ name: String) {
        let others = [AnnotationCatalogue.serin, AnnotationCatalogue.higress, AnnotationCatalogue.higressShort, AnnotationCatalogue.alb]
        guard AddressText.isName(name), name == name.lowercased(), !others.contains(name + "/") else { return nil }
        text = name + "/"
    }

    private init(text: String) { self.text = text }

    /// The manifests as everything behind this reads them.
    ///
    /// Annotations under this prefix get the canonical keys. Those under the usual prefix go, if this is another, each with a
    /// warning: ingress-nginx doesn't read them either, and its admission refuses them.
    func apply(to manifests: [Manifest], log: inout DiagnosticLog) -> [Manifest] {
        guard self != .ingressNginx else { return manifests }
        return manifests.map { apply(to: $0, log: &log) }
    }

    private func apply(to manifest: Manifest, log: inout DiagnosticLog) -> Manifest {
        guard case .ingress = manifest.body else { return manifest }
        var annotations: [Annotation] = []
        for annotation in manifest.annotations {
            if let name = annotation.key.droppingPrefix(text) {
                let canonical = AnnotationCatalogue.ingressNginx + name
                annotations.append(Annotation(key: annotation.key, canonical: canonical, value: annotation.value, line: annotation.line))
            } else if let name = annotation.key.droppingPrefix(AnnotationCatalogue.ingressNginx) {
                log.warning(
                    manifest.place(line: annotation.line), manifest.object,
                    "\(annotation.key) is ignored, as canary.annotationsPrefix is another (R1); write \(text)\(name)")
            } else {
                annotations.append(annotation)
            }
        }
        return manifest.replacing(annotations: annotations, nginxPrefix: text)
    }
}
