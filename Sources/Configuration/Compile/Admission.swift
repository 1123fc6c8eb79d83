/// Which annotations make ingress-nginx refuse a whole Ingress (R9): one whose value its reader does not swallow, and one that is
/// riskier than the controller's `annotations-risk-level` allows. The value of a canary's never does (R7).
struct Admission {
    /// The controller's `annotations-risk-level`.
    let riskLevel: AnnotationRisk

    /// In place of each refused Ingress its stored version, or nothing; what is accepted is stored.
    ///
    /// - Parameter stored: what the loading before stored.
    func admit(
        _ ingresses: [Manifest], stored: StoredIngresses, log: inout DiagnosticLog
    ) -> (ingresses: [Manifest], stored: StoredIngresses) {
        var result = (ingresses: [Manifest](), stored: StoredIngresses())
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
            guard let former else { continue }
            result.ingresses.append(former)
            result.stored.store(former)
        }
        return result
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
