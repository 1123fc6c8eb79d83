/// Reports the annotations of an Ingress that are not obeyed, each once, so that none is ignored in silence.
enum AnnotationSurvey {
    static func report(_ manifest: Manifest, log: inout DiagnosticLog) {
        for annotation in manifest.annotations where AnnotationCatalogue.covers(annotation.canonical) {
            guard let complaint = complaint(annotation.canonical, manifest.nginxPrefix) else { continue }
            log.warning(manifest.place(line: annotation.line), manifest.object, "\(annotation.key) \(complaint)")
        }
    }

    /// What there is to say about a key; nil if it is obeyed.
    private static func complaint(_ key: String, _ nginxPrefix: String) -> String? {
        switch AnnotationCatalogue.row(key) {
        case let row? where row.state == .supported: nil
        case let row? where row.state == .planned: "is not supported yet (planned), ignored"
        case let row?: "is not supported, ignored: \(row.text)"
        case nil:
            "is unknown, ignored" + (AnnotationCatalogue.nearest(to: key, nginxPrefix).map { "; did you mean `\($0)`?" } ?? "")
        }
    }
}
