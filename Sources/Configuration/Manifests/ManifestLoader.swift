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

    /// Loads every source of `settings`, their paths relative to `folder`. Files are read and decoded on several threads, if there
    /// are many; what comes of it, and in which order, does not depend on that.
    static func load(_ sources: [Settings.Source], folder: String, config: Place, log: inout DiagnosticLog) -> [Manifest] {
        var found: [FoundFile] = []
        var seen: Set<String> = []
        var said = DiagnosticLog()
        for source in sources {
            let place = config.at(line: source.line)
            for path in files(source.path, folder: folder, place, log: &said) {
                if seen.insert(path).inserted {
                    found.append(FoundFile(path: path, said: said))
                    said = DiagnosticLog()
                } else {
                    said.warning(place, "manifests", "\(path) is named twice; it is read once")
                }
            }
        }
        var loader = ManifestLoader()
        loader.add(found, log: &log)
        log.append(said)
        return loader.manifests
    }

    /// A file to be read, and what there was to say before it was found.
    private struct FoundFile: Sendable {
        let path: String
        let said: DiagnosticLog
    }

    /// Documents of one file that a thread decodes at a time.
    private struct Batch: Sendable {
        static let size = 64

        let file: Int
        let parts: Range<Int>
    }

    private mutating func add(_ found: [FoundFile], log: inout DiagnosticLog) {
        let read = Parallel.map(found.count) { index in
            var log = found[index].said
            let file = YAMLFile.read(found[index].path, log: &log)
            return (file: file, log: log)
        }
        let batches = read.indices.flatMap { file in
            let count = read[file].file?.parts.count ?? 0
            return stride(from: 0, to: max(count, 1), by: Batch.size).map { start in
                Batch(file: file, parts: start..<min(start + Batch.size, count))
            }
        }
        let decoded = Parallel.map(batches.count) { index in
            let batch = batches[index]
            guard let file = read[batch.file].file else { return [DecodedObject]() }
            return file.parts[batch.parts].flatMap { DecodedObject.all(in: $0, of: file.name) }
        }
        for (batch, objects) in zip(batches, decoded) {
            if batch.parts.lowerBound == 0 { log.append(read[batch.file].log) }
            for object in objects { add(object, log: &log) }
        }
    }

    mutating func add(_ file: YAMLFile, log: inout DiagnosticLog) {
        for part in file.parts {
            for object in DecodedObject.all(in: part, of: file.name) { add(object, log: &log) }
        }
    }

    private mutating func add(_ object: DecodedObject, log: inout DiagnosticLog) {
        log.append(object.said)
        guard let manifest = object.manifest else { return }
        let key = ObjectKey(kind: manifest.kind, namespace: manifest.namespace, name: manifest.name)
        if let first = known[key] {
            log.error(manifest.place, manifest.object, "the same object is also at \(first); remove one or rename it")
            return
        }
        known[key] = manifest.place
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
