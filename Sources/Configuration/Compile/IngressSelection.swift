/// Which Ingresses are Serin's, and in which order they count.
struct IngressSelection {
    static let controllers: Set<String> = ["k8s.io/ingress-nginx", "serin.dev/ingress"]
    static let classAnnotation = "kubernetes.io/ingress.class"

    private let classes: Set<String>

    init(_ manifests: [Manifest], classes: [String]) {
        var accepted = Set(classes)
        for manifest in manifests {
            guard case .ingressClass(let ingressClass) = manifest.body else { continue }
            if Self.controllers.contains(ingressClass.controller) { accepted.insert(manifest.name) }
        }
        self.classes = accepted
    }

    /// The Ingresses that count, oldest first; ties by namespace and name.
    func ordered(_ manifests: [Manifest], log: inout DiagnosticLog) -> [Manifest] {
        var chosen: [Manifest] = []
        for manifest in manifests {
            if case .ingress(let ingress) = manifest.body, counts(manifest, ingress, log: &log) { chosen.append(manifest) }
        }
        return chosen.sorted { left, right in
            (left.created ?? "", left.namespace, left.name) < (right.created ?? "", right.namespace, right.name)
        }
    }

    private func counts(_ manifest: Manifest, _ ingress: IngressManifest, log: inout DiagnosticLog) -> Bool {
        let annotation = manifest.annotation(Self.classAnnotation)
        if let annotation, let field = ingress.className, annotation.value != field.value {
            log.warning(
                manifest.place(line: annotation.line), manifest.object,
                "the class is `\(annotation.value)` here and `\(field.value)` in `spec.ingressClassName`: the annotation "
                    + "counts; remove one")
        }
        let written = annotation.map { Located(value: $0.value, line: $0.line) } ?? ingress.className
        guard let written, !written.value.isEmpty, !classes.contains(written.value) else { return true }
        log.note(
            manifest.place(line: written.line), manifest.object,
            "skipped: the class `\(written.value)` is another controller's; name it under `ingressClasses` if it is Serin's")
        return false
    }
}
