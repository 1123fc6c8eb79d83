/// How a process hands its stored Ingresses over to the next one of an upgrade: as manifests, which the next one decodes and checks as
/// it does those of files.
extension StoredIngresses {
    /// What the bytes begin with; another form has another number.
    private static let mark = Array("serin ingresses 1\n".utf8)

    /// Nil if there is nothing to hand over.
    public func handOver() -> [UInt8]? {
        guard !manifests.isEmpty else { return nil }
        var bytes = Self.mark
        for (_, manifest) in manifests.sorted(by: { $0.key < $1.key }) {
            guard case .ingress(let ingress) = manifest.body else { continue }
            let record = [manifest.nginxPrefix, manifest.place.file, String(manifest.place.line), ManifestText.yaml(manifest, ingress)]
            for text in record { Self.append(text, to: &bytes) }
        }
        return bytes
    }

    /// What `handOver` has made of them. Bytes may be anything: from the first on that is not understood nothing is taken.
    public init(handedOver bytes: [UInt8]) {
        self.init()
        guard bytes.starts(with: Self.mark) else { return }
        var rest = bytes[Self.mark.count...]
        while let prefix = Self.text(&rest), let file = Self.text(&rest), let line = Self.text(&rest).flatMap({ Int($0) }), line > 0,
              let text = Self.text(&rest) {
            if let manifest = Self.manifest(text, prefix: prefix, file, line) { store(manifest) }
        }
    }

    /// Nil if it is no Ingress without errors.
    private static func manifest(_ text: String, prefix: String, _ file: String, _ line: Int) -> Manifest? {
        // All of it stands where the object began.
        let bytes = Array(text.utf8)
        let part = YAMLFile.Part(bytes: bytes, range: bytes.indices, firstLine: line)
        let objects = DecodedObject.all(in: part, of: file)
        guard let prefix = AnnotationPrefix(String(prefix.dropLast())), objects.count == 1, !objects[0].said.hasErrors,
              let manifest = objects[0].manifest, case .ingress(let ingress) = manifest.body, !ingress.isDamaged
        else { return nil }
        // What was said of it was said when it was stored.
        var unused = DiagnosticLog()
        return prefix.apply(to: [manifest], log: &unused)[0]
    }

    // MARK: Texts, each behind its length

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        let count = UInt32(clamping: text.utf8.count)
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: count >> UInt32(shift))) }
        bytes += text.utf8
    }

    private static func text(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard rest.count >= 4 else { return nil }
        let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(4)
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return String(validating: rest.prefix(count), as: UTF8.self)
    }
}

/// An Ingress as YAML of one line, in ASCII.
enum ManifestText {
    static func yaml(_ manifest: Manifest, _ ingress: IngressManifest) -> String {
        var metadata = [("name", quoted(manifest.name)), ("namespace", quoted(manifest.namespace))]
        if let created = manifest.created { metadata.append(("creationTimestamp", quoted(created))) }
        if !manifest.labels.isEmpty {
            metadata.append(("labels", mapping(manifest.labels.sorted { $0.key < $1.key }.map { (quoted($0.key), quoted($0.value)) })))
        }
        if !manifest.annotations.isEmpty {
            metadata.append(("annotations", mapping(manifest.annotations.map { (quoted($0.key), quoted($0.value)) })))
        }
        return mapping([
            ("apiVersion", "networking.k8s.io/v1"), ("kind", "Ingress"), ("metadata", mapping(metadata)), ("spec", spec(ingress)),
        ])
    }

    private static func spec(_ ingress: IngressManifest) -> String {
        var spec: [(String, String)] = []
        if let name = ingress.className { spec.append(("ingressClassName", quoted(name.value))) }
        if let backend = ingress.defaultBackend { spec.append(("defaultBackend", text(backend))) }
        if ingress.tlsLine != nil { spec.append(("tls", list(ingress.tls.map(text)))) }
        if !ingress.rules.isEmpty { spec.append(("rules", list(ingress.rules.map(text)))) }
        return mapping(spec)
    }

    private static func text(_ entry: IngressManifest.TLSEntry) -> String {
        let hosts = entry.hosts.isEmpty ? [] : [("hosts", list(entry.hosts.map { quoted($0.value) }))]
        return mapping(hosts + (entry.secret.map { [("secretName", quoted($0.value))] } ?? []))
    }

    private static func text(_ rule: IngressManifest.Rule) -> String {
        let paths = rule.paths.map { path in
            mapping([("path", quoted(path.path)), ("pathType", path.kind.rawValue), ("backend", text(path.backend))])
        }
        let host = rule.host.isEmpty ? [] : [("host", quoted(rule.host))]
        return mapping(host + (paths.isEmpty ? [] : [("http", mapping([("paths", list(paths))]))]))
    }

    private static func text(_ backend: BackendReference) -> String {
        let port = switch backend.port {
        case .number(let number): ("number", String(number))
        case .name(let name): ("name", quoted(name))
        }
        return mapping([("service", mapping([("name", quoted(backend.service)), ("port", mapping([port]))]))])
    }

    // MARK: YAML

    private static func mapping(_ entries: [(String, String)]) -> String {
        "{" + entries.map { "\($0): \($1)" }.joined(separator: ", ") + "}"
    }

    private static func list(_ elements: [String]) -> String { "[" + elements.joined(separator: ", ") + "]" }

    /// Every sign that is not plain ASCII by its number, so that no reader of YAML takes it for anything else.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22, 0x5C: quoted += "\\" + String(scalar)
            case 0x20...0x7E: quoted.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
        }
        return quoted + "\""
    }
}
