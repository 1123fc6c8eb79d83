/// A document in a folder of manifests that is none, such as `package.json` or the values of a Helm chart: it is passed over. What looks
/// like a manifest with a fault never counts as one, so that nothing that should be served is.
struct StrayDocument: Sendable {
    let place: Place
    /// Why it is no manifest.
    let reason: String

    /// Nil for a manifest, of whatever kind, and for what was meant to be one.
    init?(_ node: YAMLNode, _ place: Place) {
        guard let reason = Self.lack(of: node), !Self.isMeant(node) else { return nil }
        (self.place, self.reason) = (place, reason)
    }

    /// What every manifest has and this does not; nil if there is nothing.
    private static func lack(of node: YAMLNode) -> String? {
        guard node.mapping != nil else { return "it is \(node.found)" }
        switch (node["kind"]?.text, node["apiVersion"]?.text) {
        case (nil, nil): return "it has no `kind` and no `apiVersion`"
        case (nil, _): return "it has no `kind`"
        case (_, nil): return "it has no `apiVersion`"
        case (_, _): return nil
        }
    }

    /// Whether somebody might have written it for Kubernetes.
    private static func isMeant(_ node: YAMLNode) -> Bool {
        switch node.content {
        // Without a space behind them colons are part of one text.
        case .scalar(let scalar): scalar.text.contains("apiVersion") || scalar.text.contains("kind:")
        case .sequence(let items): items.contains { lack(of: $0) == nil || ($0.mapping.map(isObject) ?? false) }
        case .mapping(let entries): isObject(entries)
        }
    }

    /// Goes by what only objects of Kubernetes have, in whatever case it is written: the group, the kind, a name under `metadata`, a
    /// `spec`, or such items.
    private static func isObject(_ entries: [YAMLEntry]) -> Bool {
        entries.contains { entry in
            switch entry.key.lowercased() {
            case "kind": entry.value.text.map(ManifestDecoder.isNearKind) ?? false
            case "apiversion": entry.value.text.map { ManifestDecoder.isNearGroup(String($0.prefix { $0 != "/" })) } ?? false
            case "metadata": ["name", "generateName", "namespace", "labels", "annotations"].contains { entry.value.entry($0) != nil }
            case "spec": entry.value.mapping != nil
            case "items": entry.value.sequence?.contains { $0.mapping.map(isObject) ?? false } ?? false
            default: false
            }
        }
    }
}
