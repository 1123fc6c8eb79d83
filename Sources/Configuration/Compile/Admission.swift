internal import Exchange
internal import Routing

/// Ingresses as ingress-nginx has stored them: the last version of each that it did not refuse (R9).
///
/// Only `ingress-nginx` mode keeps them, from one loading of the configuration to the next.
public struct StoredIngresses: Sendable {
    private var manifests: [String: Manifest] = [:]

    public init() {}

    subscript(label: String) -> Manifest? { manifests[label] }

    mutating func store(_ manifest: Manifest) { manifests[manifest.label] = manifest }
}

/// Which annotations make ingress-nginx refuse a whole Ingress (R9): one whose value its reader does not swallow, and one that is
/// riskier than the controller's `annotations-risk-level` allows. Those of canaries never do (R7).
struct Admission {
    /// The controller's `annotations-risk-level`, as far as it makes a difference.
    enum RiskLevel: String, CaseIterable, Sendable {
        case high = "High"
        /// Lets text for nginx through.
        case critical = "Critical"
    }

    let riskLevel: RiskLevel

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
        for annotation in manifest.annotations {
            guard let name = annotation.key.droppingPrefix(CanaryAnnotations.prefix) else { continue }
            if riskLevel == .high, Self.risky.contains(name) {
                return (annotation, "is riskier than the annotations-risk-level High allows")
            }
            // Empty values are not looked at.
            guard !annotation.value.isEmpty, let expected = Self.fault(name, annotation.value) else { continue }
            return (annotation, "is not \(expected)")
        }
        return nil
    }

    /// Text for nginx: `Critical`.
    private static let risky: Set<String> = [
        "auth-snippet", "configuration-snippet", "modsecurity-snippet", "server-snippet", "stream-snippet",
    ]

    private static let balancing: Set<String> = ["round_robin", "chash", "chashsubset", "sticky_balanced", "sticky_persistent", "ewma"]

    /// What the value of an annotation must be and is not.
    private static func fault(_ name: String, _ value: String) -> String? {
        switch name {
        case "load-balance": balancing.contains(String(value[...].trimmed)) ? nil : "one of \(balancing.sorted().joined(separator: ", "))"
        case "server-alias", "upstream-vhost":
            isServerNames(value, isList: name == "server-alias") ? nil : "made of the signs that a server name may have"
        case "default-backend": isLabel(value) ? nil : "the name of a Service"
        case "http2-push-preload", "ssl-passthrough": AnnotationText.bool(value) == nil ? "a boolean" : nil
        default: nil
        }
    }

    private static func isServerNames(_ value: String, isList: Bool) -> Bool {
        let names = isList ? value.split(separator: ",", omittingEmptySubsequences: false) : [value[...]]
        return names.allSatisfy { $0.trimmed.utf8.allSatisfy(AnnotationText.isPattern) }
    }

    /// RFC 1035.
    private static func isLabel(_ value: String) -> Bool {
        let isWhole = value.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
        guard isWhole, let first = value.utf8.first, let last = value.utf8.last else { return false }
        return value.utf8.count <= 63 && (0x61...0x7A).contains(first) && last != UInt8(ascii: "-")
    }
}
