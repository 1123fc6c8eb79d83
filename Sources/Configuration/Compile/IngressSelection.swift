internal import Exchange

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

    /// The Ingresses that count, oldest first (R11).
    ///
    /// Ties: by `namespace/name` descending in `ingress-nginx`. In `scoped` ascending, those without any canary annotation
    /// first, so that a canary whose `canary` is misspelt does not take its main's place.
    func ordered(_ manifests: [Manifest], _ compatibility: Compatibility, log: inout DiagnosticLog) -> [Manifest] {
        var chosen: [Manifest] = []
        for manifest in manifests {
            guard case .ingress(let ingress) = manifest.body, counts(manifest, ingress, log: &log) else { continue }
            log.append(ingress.said)
            chosen.append(manifest)
        }
        return switch compatibility {
        case .ingressNginx:
            chosen.sorted { ($0.created ?? "", $1.label) < ($1.created ?? "", $0.label) }.map { Self.withoutVendors($0, log: &log) }
        case .scoped:
            chosen.map { (manifest: $0, rank: Self.hasCanaryAnnotation($0) ? 1 : 0) }.sorted { left, right in
                let (a, b) = (left.manifest, right.manifest)
                return (a.created ?? "", left.rank, a.namespace, a.name) < (b.created ?? "", right.rank, b.namespace, b.name)
            }.map(\.manifest)
        }
    }

    /// ingress-nginx has seven annotations for canaries (R2): those of its forks and of other controllers say nothing to it.
    private static func withoutVendors(_ manifest: Manifest, log: inout DiagnosticLog) -> Manifest {
        let vendors = manifest.annotations.filter { AnnotationCatalogue.isVendors($0.canonical) }
        if vendors.isEmpty { return manifest }
        for annotation in vendors {
            log.warning(
                manifest.place(line: annotation.line), manifest.object,
                "\(annotation.key): \"\(annotation.value.clipped)\" is ignored, ingress-nginx itself does not know it (R2); "
                    + "`canary.compatibility: scoped` obeys it")
        }
        return manifest.replacing(annotations: manifest.annotations.filter { !AnnotationCatalogue.isVendors($0.canonical) })
    }

    private static func hasCanaryAnnotation(_ manifest: Manifest) -> Bool {
        manifest.annotations.contains { AnnotationReader.canaryName($0.canonical) != nil }
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
