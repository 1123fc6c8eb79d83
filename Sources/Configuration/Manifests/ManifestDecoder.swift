/// Decodes one YAML document into a manifest: what every kind has in common is here, each kind in a file of its own.
enum ManifestDecoder {
    /// Kinds that are read, with the API groups that ever carried them; all others are skipped with a note.
    private static let groups: [String: Set<String>] = [
        "Ingress": ["extensions", "networking.k8s.io"],
        "IngressClass": ["networking.k8s.io"],
        "Service": [""],
        "Endpoints": [""],
        "EndpointSlice": ["discovery.k8s.io"],
        "Secret": [""],
        "ConfigMap": [""],
    ]

    /// Whether a kind is one of those that are read, or a list of them, or a slip for one.
    static func isNearKind(_ kind: String) -> Bool {
        let single = kind.hasSuffix("List") && kind.count > 4 ? String(kind.dropLast(4)) : kind
        return kind == "List" || groups[single] != nil || nearestKind(to: single) != nil
    }

    /// Whether a group other than the one without a name is one of those that are read, or a slip for one.
    static func isNearGroup(_ group: String) -> Bool { nearestGroup(to: group, among: Set(groups.values.joined())) != nil }

    private static func nearestKind(to kind: String) -> String? {
        kind.count > 3 ? EditDistance.nearest(to: kind, among: groups.keys.sorted()) : nil
    }

    private static func nearestGroup(to group: String, among known: Set<String>) -> String? {
        group.isEmpty ? nil : EditDistance.nearest(to: group, among: known.filter { !$0.isEmpty }.sorted())
    }

    /// What an object says that it is.
    struct ObjectType {
        let kind: String
        /// `apiVersion`.
        let version: String
    }

    /// Nil for other kinds, with a note, and for what can't be used, with an error.
    ///
    /// - Parameter inherited: counts for what does not say itself what it is.
    static func decode(_ node: YAMLNode, _ inherited: ObjectType? = nil, _ place: Place, log: inout DiagnosticLog) -> Manifest? {
        guard let entries = node.mapping else {
            log.error(place, "manifest", "expected a Kubernetes object, found \(node.found)")
            return nil
        }
        guard let kind = node["kind"]?.text ?? inherited?.kind else {
            let hint = entries.contains { $0.key == "apiVersion" } ? "" : " and no `apiVersion`"
            log.error(place, "manifest", "has no `kind`\(hint); is this a Kubernetes manifest?")
            return nil
        }
        guard let version = node["apiVersion"]?.text ?? (kind == inherited?.kind ? inherited?.version : nil) else {
            log.error(place, kind, "has no `apiVersion`; write it as kubectl wants it")
            return nil
        }
        let parts = version.split(separator: "/", omittingEmptySubsequences: false)
        let group = parts.count == 2 ? String(parts[0]) : ""
        guard let known = groups[kind], known.contains(group) else {
            skip(ObjectType(kind: kind, version: version), group, node, place, log: &log)
            return nil
        }
        let classScoped = kind == "IngressClass"
        guard let metadata = Metadata(node, kind: kind, hasNamespace: !classScoped, place, log: &log) else { return nil }
        let type = ObjectType(kind: kind, version: version)
        guard let body = body(type, node, metadata, place, metadata.object, log: &log) else { return nil }
        return Manifest(
            kind: kind, namespace: metadata.namespace, name: metadata.name, place: place,
            created: metadata.created, labels: metadata.labels, annotations: metadata.annotations, body: body)
    }

    /// A slip is a warning, as nobody means to write one; what is somebody else's a note.
    private static func skip(_ type: ObjectType, _ group: String, _ node: YAMLNode, _ place: Place, log: inout DiagnosticLog) {
        let object = node["metadata"]?["name"]?.text.map { "\(type.kind) \($0)" } ?? type.kind
        let message = "skipped: Serin does not look at objects of \(type.version) \(type.kind)"
        if let known = groups[type.kind] {
            // A core group has no name: `v1` for an Ingress is a slip.
            let meant = group.isEmpty ? known.sorted().last : nearestGroup(to: group, among: known)
            guard let meant else { return log.note(place, object, message) }
            log.warning(place, object, message + "; did you mean `\(meant)/v1`?")
        } else if let kind = nearestKind(to: type.kind) {
            let hint = "; did you mean `\(kind)`?"
            let isSlip = groups[kind]?.contains(group) ?? false
            if isSlip { log.warning(place, object, message + hint) } else { log.note(place, object, message + hint) }
        } else {
            log.note(place, object, message)
        }
    }

    private static func body(
        _ type: ObjectType, _ node: YAMLNode, _ metadata: Metadata, _ place: Place, _ object: String,
        log: inout DiagnosticLog
    ) -> Manifest.Body? {
        switch type.kind {
        case "Ingress":
            var decoder = IngressDecoder(place: place, object: object, version: type.version)
            var said = DiagnosticLog()
            var ingress = decoder.decode(node, log: &said)
            ingress.said = said
            return .ingress(ingress)
        case "IngressClass":
            return .ingressClass(IngressClassManifest(controller: node["spec"]?["controller"]?.text ?? ""))
        case "Service":
            return .service(ServiceDecoder(place: place, object: object).decode(node, log: &log))
        case "Endpoints":
            return .endpoints(EndpointsDecoder(place: place, object: object).endpoints(node, log: &log))
        case "EndpointSlice":
            let decoder = EndpointsDecoder(place: place, object: object)
            return decoder.slice(node, labels: metadata.labels, log: &log).map(Manifest.Body.endpointSlice)
        case "Secret":
            let keys = dataKeys(node, ["data", "stringData"], place, object, log: &log)
            return .secret(SecretDecoder(place: place, object: object).decode(node, keys: keys, log: &log))
        case "ConfigMap":
            return .configMap(ConfigMapManifest(keys: dataKeys(node, ["data", "binaryData"], place, object, log: &log)))
        default:
            return nil
        }
    }

    /// The keys of a Secret or a ConfigMap; their values must be texts.
    private static func dataKeys(
        _ node: YAMLNode, _ sections: [String], _ place: Place, _ object: String, log: inout DiagnosticLog
    ) -> [String] {
        var keys: [String] = []
        for section in sections {
            guard let data = node[section] else { continue }
            guard let entries = data.mapping else {
                log.error(
                    place.at(line: data.line), object, "expected keys and texts under `\(section)`, found \(data.found)")
                continue
            }
            for entry in entries {
                keys.append(entry.key)
                if entry.value.scalar == nil {
                    log.error(
                        place.at(line: entry.line), object,
                        "expected a text for `\(section).\(entry.key)`, found \(entry.value.found)")
                }
            }
        }
        return keys
    }
}
