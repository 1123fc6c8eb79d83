/// Decodes the manifests that a configuration names.
struct ManifestLoader {
    private(set) var manifests: [Manifest] = []
    /// Where each object was met first, by kind, namespace and name.
    private var known: [ObjectKey: Place] = [:]

    private struct ObjectKey: Hashable {
        let kind: String
        let namespace: String
        let name: String
    }

    /// Reads and decodes files on several threads, if there are many; what comes of it, and in which order, does not depend on that.
    /// - Parameter mayWait: whether those that are named may be pipes, whose writers are waited for.
    static func load(_ files: ManifestFiles, mayWait: Bool = false, log: inout DiagnosticLog) -> [Manifest] {
        var loader = ManifestLoader()
        loader.add(files.found, mayWait, log: &log)
        log.append(files.said)
        return loader.manifests
    }

    /// Documents of one file that a thread decodes at a time.
    private struct Batch: Sendable {
        static let size = 64

        let file: Int
        let parts: Range<Int>
    }

    private mutating func add(_ found: [ManifestFiles.File], _ mayWait: Bool, log: inout DiagnosticLog) {
        let read = Parallel.map(found.count) { index in
            var log = found[index].said
            let file = YAMLFile.read(found[index].path, mayWait: mayWait && found[index].isNamed, log: &log)
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
            return file.parts[batch.parts].flatMap { DecodedObject.all(in: $0, of: file.name, isNamed: found[batch.file].isNamed) }
        }
        var strays: [StrayDocument] = []
        for (batch, objects) in zip(batches, decoded) {
            if batch.parts.lowerBound == 0 {
                Self.report(strays, log: &log)
                strays = []
                log.append(read[batch.file].log)
            }
            for object in objects { add(object, log: &log) }
            strays += objects.compactMap(\.stray)
        }
        Self.report(strays, log: &log)
    }

    /// - Parameter strays: of one file.
    private static func report(_ strays: [StrayDocument], log: inout DiagnosticLog) {
        guard let first = strays.first else { return }
        let others = strays.count == 1 ? "" : " (so \(strays.count == 2 ? "is 1 other document" : "are \(strays.count - 1) other documents") of the file)"
        log.warning(first.place, "manifest", "skipped, as this is no Kubernetes manifest: \(first.reason)\(others); keep it in another folder")
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
}
