internal import Foundation

/// The files that a configuration names under `manifests:`.
struct ManifestFiles {
    /// A file to be read, and what there was to say before it was found.
    struct File: Sendable {
        let path: String
        let said: DiagnosticLog
        /// By itself, not as one of a folder.
        var isNamed: Bool
    }

    private(set) var found: [File] = []
    /// What there is to say after the last of them.
    private(set) var said = DiagnosticLog()
    /// The sources themselves, whether they are there or not, and the files in those that are folders.
    private(set) var watched: [String] = []
    /// Where each is in `found`.
    private var seen: [String: Int] = [:]

    /// Finds the files of `sources`, their paths relative to `folder`; reads none of them.
    static func find(_ sources: [Settings.Source], folder: String, config: Place) -> ManifestFiles {
        var files = ManifestFiles()
        for source in sources { files.add(FilePath.joined(folder, source.path), config.at(line: source.line)) }
        return files
    }

    private mutating func add(_ source: String, _ place: Place) {
        watched.append(source)
        for path in files(source, place) {
            if path != source { watched.append(path) }
            if let first = seen[path] {
                if path == source { found[first].isNamed = true }
                said.warning(place, "manifests", "\(path) is named twice; it is read once")
            } else {
                seen[path] = found.count
                found.append(File(path: path, said: said, isNamed: path == source))
                said = DiagnosticLog()
            }
        }
    }

    /// The file, or the manifests of the folder in the order of their names.
    private mutating func files(_ path: String, _ place: Place) -> [String] {
        guard let kind = FilePath.kind(of: path) else {
            said.error(place, "manifests", "there is no \(path); paths are relative to the configuration file")
            return []
        }
        guard kind == .folder else { return [path] }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            said.error(place, "manifests", "the folder \(path) can't be listed; check its permissions")
            return []
        }
        let manifests = names.filter { name in
            !name.hasPrefix(".") && ConfigurationLoader.manifestSuffixes.contains { name.hasSuffix($0) }
        }.sorted()
        if manifests.isEmpty { said.warning(place, "manifests", "the folder \(path) holds no *.yaml, *.yml or *.json file") }
        noteFolders(names, in: path, place)
        return manifests.map { FilePath.joined(path, $0) }
    }

    /// What is hidden, as the folders behind a mounted ConfigMap are, is meant to be passed over.
    private mutating func noteFolders(_ names: [String], in path: String, _ place: Place) {
        let folders = names.filter { !$0.hasPrefix(".") && FilePath.kind(of: FilePath.joined(path, $0)) == .folder }.sorted()
        guard !folders.isEmpty else { return }
        let shown = folders.prefix(5).joined(separator: ", ") + (folders.count > 5 ? "…" : "")
        said.note(place, "manifests", "folders in the folder \(path) are not read (\(shown)); name them under `manifests:`, too")
    }
}
