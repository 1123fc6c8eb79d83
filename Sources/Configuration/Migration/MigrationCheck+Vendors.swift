internal import Exchange
internal import Routing

/// Annotations of ingress-nginx's forks and of other controllers, which `scoped` obeys and ingress-nginx ignores (R2).
extension MigrationCheck {
    /// - Parameter ingress: as `scoped` reads it.
    mutating func compareVendors(_ ingress: PlannedIngress) {
        compareRelease(ingress)
        guard ingress.isCanary else { return }
        compareList(ingress)
        let reader = AnnotationReader(manifest: ingress.manifest)
        let written = ingress.manifest.annotations.filter { annotation in
            guard AnnotationCatalogue.isVendors(annotation.canonical), !Self.isRelease(annotation) else { return false }
            // Where ingress-nginx's own is written, it counts.
            return AnnotationReader.canaryName(annotation.canonical).map { reader.canary($0)?.key == annotation.key } ?? true
        }
        guard let first = written.first else { return }
        add(
            "R2", ingress.manifest, line: first.line, ingressNginx: "does not know \(written.map(\.key).joined(separator: ", ")): "
                + (vendorCanaries.contains(ingress.manifest.label)
                    ? "an ordinary Ingress, no canary" : "ignored, the canary goes by ingress-nginx's seven annotations alone"),
            serin: Self.effects(written, isFlagged: vendorCanaries.contains(ingress.manifest.label)),
            remedy: "remove what ingress-nginx does not know, or " + exactMode)
    }

    private static func effects(_ annotations: [Annotation], isFlagged: Bool) -> String {
        let edits = annotations.contains { annotation in
            annotation.canonical.droppingPrefix(CanaryAnnotations.prefix).map(EditAnnotations.tengineNames.contains) ?? false
        }
        let rules = annotations.count { $0.canonical.droppingPrefix(CanaryAnnotations.prefix).map(EditAnnotations.tengineNames.contains) != true }
        let parts = [
            isFlagged ? "a canary of the main Ingress with the same host and path" : nil,
            rules > (isFlagged ? 1 : 0) ? "they say, too, which requests the canary gets" : nil,
            edits ? "its requests or responses are changed as they say" : nil,
        ]
        return parts.compactMap(\.self).joined(separator: "; ")
    }

    private static func isRelease(_ annotation: Annotation) -> Bool {
        annotation.canonical.droppingPrefix(CanaryAnnotations.prefix).map(ServiceRelease.names.contains) ?? false
    }

    // MARK: ACK

    /// `service-match` and `service-weight`.
    private mutating func compareRelease(_ ingress: PlannedIngress) {
        let manifest = ingress.manifest
        guard let annotation = manifest.annotations.first(where: Self.isRelease) else { return }
        let paths = scoped.outcomes.filter { $0.isRelease && $0.obstacle == nil && $0.owner.label == manifest.label }.map(\.path)
        guard let new = paths.first else { return }
        // What `scoped` has taken apart stands in the Ingress as it was read.
        let whole = ingresses.first { $0.manifest.label == manifest.label }?.spec
        let first = whole?.writtenPaths.first { $0.place == new.place }?.backend.service ?? new.backend.service
        let old = scoped.routes.first { $0.path.place == new.place }
        let isAsked = old?.canaries.contains { $0.owner.label == manifest.label && ($0.hasRule || $0.annotations.pin != nil) } ?? false
        guard isAsked || first != old?.path.backend.service else { return }
        let keys = manifest.annotations.filter(Self.isRelease).map(\.key).joined(separator: ", ")
        add(
            "R2", manifest, line: annotation.line, paths.map(\.place),
            ingressNginx: "does not know \(keys): the first Service of each path gets all requests (R16), \(first)",
            serin: isAsked ? "Service \(new.backend.service) gets those that they say, the other one the rest" : "Service \(old?.path.backend.service ?? "") gets all",
            remedy: "remove the annotations and the second Service, or " + exactMode)
    }

    // MARK: Tengine

    /// R6: a list that Tengine-Ingress would read.
    private mutating func compareList(_ ingress: PlannedIngress) {
        let reader = AnnotationReader(manifest: ingress.manifest)
        guard ingress.canary.header != nil || ingress.canary.conditions.replaced.contains(.header),
              let list = ConditionAnnotations(reader, .scoped).vendorList
        else { return }
        add(
            "R6", ingress.manifest, line: list.line,
            ingressNginx: "drops \(list.key), as `|` is not allowed in it: the header is asked for `always` and `never`",
            serin: "the header is one of these values", remedy: "remove the value, or " + exactMode)
    }
}
