internal import Foundation

/// Finds the manifests that a configuration names and decodes what is in them.
struct ManifestLoader {
    private(set) var manifests: [Manifest] = []
    /// Where each object was met first, by kind, namespace and name.
    private var known: [ObjectKey: Place] = [:]

    private struct ObjectKey: Hashable {
        let kind: String
        let namespace: String
        let name: String
    }

    /// Loads every source of `settings`, their paths relative to `folder`.
    static func load(_ sources: [Settings.Source], folder: String, config: Place, log: inout DiagnosticLog) -> [Manifest] {
        var loader = ManifestLoader()
        var seen: Set<String> = []
        for source in sources {
            let place = config.at(line: source.line)
            for file in files(source.path, folder: folder, place, log: &log) {
                guard seen.insert(file).inserted else {
                    log.warning(place, "manifests", "\(file) is named twice; it is read once")
                    continue
                }
                guard let file = YAMLFile.read(file, log: &log) else { continue }
                loader.add(file, log: &log)
            }
        }
        return loader.manifests
    }

    mutating func add(_ file: YAMLFile, log: inout DiagnosticLog) {
        for document in file.documents(log: &log) {
            add(document, Place(file: file.name, line: document.line), depth: 0, log: &log)
        }
    }

    private mutating func add(_ node: YAMLNode, _ place: Place, depth: Int, log: inout DiagnosticLog) {
        // `kubectl get -o yaml` makes a List, `kubectl get ingress` of old versions an IngressList.
        if let kind = node["kind"]?.text, kind.hasSuffix("List"), let items = node["items"] {
            guard let items = items.sequence, depth < 4 else {
                log.error(place.at(line: items.line), kind, "expected a list of objects under `items`, found \(items.found)")
                return
            }
            for item in items { add(item, place.at(line: item.line), depth: depth + 1, log: &log) }
            return
        }
        guard let manifest = ManifestDecoder.decode(node, place, log: &log) else { return }
        let key = ObjectKey(kind: manifest.kind, namespace: manifest.namespace, name: manifest.name)
        if let first = known[key] {
            log.error(place, manifest.object, "the same object is also at \(first); remove one or rename it")
            return
        }
        known[key] = place
        manifests.append(manifest)
    }

    // MARK: Files

    /// The file, or the manifests of the folder in the order of their names.
    private static func files(_ path: String, folder: String, _ place: Place, log: inout DiagnosticLog) -> [String] {
        let full = FilePath.joined(folder, path)
        guard let kind = FilePath.kind(of: full) else {
            log.error(place, "manifests", "there is no \(full); paths are relative to the configuration file")
            return []
        }
        guard kind == .folder else { return [full] }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: full)
        } catch {
            log.error(place, "manifests", "the folder \(full) can't be listed; check its permissions")
            return []
        }
        let manifests = names.filter { !$0.hasPrefix(".") && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) }.sorted()
        if manifests.isEmpty { log.warning(place, "manifests", "the folder \(full) holds no *.yaml or *.yml file") }
        return manifests.map { FilePath.joined(full, $0) }
    }
}
