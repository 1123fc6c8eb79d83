/// Looks up the annotations of one Ingress, and reports those that can't be used.
struct AnnotationReader {
    /// Of Serin's own annotations.
    static let prefix = "serin.dev/"

    /// Of Alibaba's API gateway, for its query annotations.
    private static let higressPrefix = "higress.ingress.kubernetes.io/"

    let manifest: Manifest

    /// Whose names for ingress-nginx's seven canary annotations count: its own, Higress's and those of Alibaba's load balancer.
    static let canaryPrefixes = [CanaryAnnotations.prefix, "higress.io/", "alb.ingress.kubernetes.io/"]

    /// The annotation of ingress-nginx called `name`, one of R2, or a vendor's of the same name.
    func canary(_ name: String) -> Annotation? {
        Self.canaryPrefixes.lazy.compactMap { manifest.annotation($0, name) }.first
    }

    /// The name of R2 in an annotation's key.
    static func canaryName(_ key: String) -> String? {
        canaryPrefixes.lazy.compactMap { key.droppingPrefix($0) }.first { CanaryAnnotations.names.contains($0) }
    }

    /// ingress-nginx's annotation called `name`.
    func nginx(_ name: String) -> Annotation? { manifest.annotation(CanaryAnnotations.prefix, name) }

    /// Serin's annotation called `name`.
    func own(_ name: String) -> Annotation? { manifest.annotation(Self.prefix, name) }

    /// Serin's annotation called `name`, or Tengine's or Higress's of that name.
    func extended(_ name: String, tengine: Bool = true) -> Annotation? {
        let vendors = (tengine ? [CanaryAnnotations.prefix] : []) + [Self.higressPrefix]
        return own(name) ?? vendors.lazy.compactMap { manifest.annotation($0, name) }.first
    }

    /// How many certificates may stand between one and its authority, as ingress-nginx's annotation `name` says; `usual` without it,
    /// and, as there, if it says 0.
    func depth(_ name: String, usual: Int, log: inout DiagnosticLog) -> Int {
        guard let annotation = nginx(name) else { return usual }
        guard let number = AnnotationText.integer(annotation.value), (0...100).contains(number) else {
            warn(annotation, "is not a whole number from 1 to 100: counts as \(usual)", log: &log)
            return usual
        }
        return number > 0 ? number : usual
    }

    /// Says that `annotation` can't be used as it is; `message` goes on with why and what happens instead.
    func warn(_ annotation: Annotation, _ message: String, log: inout DiagnosticLog) {
        log.warning(manifest.place(line: annotation.line), manifest.object, Self.text(annotation, message))
    }

    /// Says how `annotation` is understood where that may be unexpected.
    func note(_ annotation: Annotation, _ message: String, log: inout DiagnosticLog) {
        log.note(manifest.place(line: annotation.line), manifest.object, Self.text(annotation, message))
    }

    private static func text(_ annotation: Annotation, _ message: String) -> String {
        "\(annotation.key): \"\(annotation.value.clipped)\" \(message)"
    }
}
