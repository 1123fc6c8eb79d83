/// Looks up the annotations of one Ingress, and reports those that can't be used.
struct AnnotationReader {
    /// Of Serin's own annotations.
    static let prefix = "serin.dev/"

    let manifest: Manifest

    /// Serin's annotation called `name`.
    func own(_ name: String) -> Annotation? { manifest.annotation(Self.prefix + name) }

    /// Says that `annotation` can't be used as it is; `message` goes on with why and what happens instead.
    func warn(_ annotation: Annotation, _ message: String, log: inout DiagnosticLog) {
        log.warning(
            manifest.place(line: annotation.line), manifest.object,
            "\(annotation.key): \"\(annotation.value.clipped)\" \(message)")
    }
}
