/// Which annotations make ingress-nginx refuse a whole Ingress (R9): one whose value its reader does not swallow, and one that is
/// riskier than the controller's `annotations-risk-level` allows. The value of a canary's never does (R7).
struct Admission {
    /// The controller's `annotations-risk-level`.
    let riskLevel: AnnotationRisk

    /// What counts of some Ingresses.
    struct Result {
        var ingresses: [Manifest] = []
        /// For the next loading.
        var stored = StoredIngresses()
        /// The paths of canaries that are not served.
        var refused: [CanaryOutcome] = []
    }

    /// In place of each refused Ingress its stored version, or nothing; what is accepted is stored.
    ///
    /// - Parameter stored: what the loading before stored.
    func admit(_ ingresses: [Manifest], stored: StoredIngresses, log: inout DiagnosticLog) -> Result {
        var result = Result()
        for manifest in ingresses {
            guard let refusal = refusal(of: manifest) else {
                result.ingresses.append(manifest)
                result.stored.store(manifest)
                continue
            }
            let former = stored[manifest.label]
            log.warning(
                manifest.place(line: refusal.annotation.line), manifest.object,
                "\(refusal.annotation.key): \"\(refusal.annotation.value.clipped)\" \(refusal.why), so that ingress-nginx refuses the whole "
                    + "Ingress (R9): " + (former == nil ? "it is not served" : "what was read before stays") + "; mend or remove the annotation")
            guard let former else {
                result.refused += Self.outcomes(of: manifest, refusal.annotation)
                continue
            }
            result.ingresses.append(former)
            result.stored.store(former)
        }
        return result
    }

    /// Of a canary.
    private static func outcomes(of manifest: Manifest, _ annotation: Annotation) -> [CanaryOutcome] {
        guard case .ingress(let spec) = manifest.body,
              let flag = AnnotationReader(manifest: manifest).canary("canary"), AnnotationText.bool(flag.value) == true
        else { return [] }
        let paths = spec.writtenPaths + [spec.defaultPath(of: "")].compactMap(\.self)
        return paths.map { CanaryOutcome(owner: manifest, path: $0, obstacle: "ingress-nginx refuses the whole Ingress because of \(annotation.key) (R9)") }
    }

    /// Why an Ingress is refused; nil if it is not.
    func refusal(of manifest: Manifest) -> (annotation: Annotation, why: String)? {
        let hasSecret = manifest.annotation(AnnotationCatalogue.ingressNginx, "auth-tls-secret").map { !$0.value.isEmpty } ?? false
        for annotation in manifest.annotations {
            guard let name = annotation.canonical.droppingPrefix(AnnotationCatalogue.ingressNginx) else { continue }
            if AnnotationRisk(of: name) > riskLevel {
                return (annotation, "is riskier than the annotations-risk-level \(riskLevel.rawValue) allows")
            }
            // Empty values are not looked at.
            guard !annotation.value.isEmpty, let rule = AdmissionRule.rules[name], !rule.accepts(annotation.value),
                  hasSecret || !AdmissionRule.besideSecret.contains(name)
            else { continue }
            return (annotation, "is not \(rule.expected)")
        }
        return nil
    }
}
