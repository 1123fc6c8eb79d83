/// Ingresses as ingress-nginx has stored them: the last version of each that it did not refuse (R9).
///
/// Only `ingress-nginx` mode keeps them, from one loading of the configuration to the next, and from one process to the next of an
/// upgrade.
public struct StoredIngresses: Sendable {
    private(set) var manifests: [String: Manifest] = [:]

    public init() {}

    subscript(label: String) -> Manifest? { manifests[label] }

    mutating func store(_ manifest: Manifest) { manifests[manifest.label] = manifest }
}
