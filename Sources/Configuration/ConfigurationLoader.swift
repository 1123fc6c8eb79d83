public import Exchange
internal import Routing
public import TLS

/// A configuration that can be served: nothing in it is in error.
public struct LoadedConfiguration: Sendable {
    public let snapshot: Snapshot
    public let tls: TLSContexts
    public let settings: ProcessSettings
    /// Every path of every canary Ingress, in effect or not, in the order of the manifests' precedence.
    public let canaries: [CanaryReport]
    /// Why no request can reach a canary of a route, by the positions of both; nil if one can.
    public let obstacles: [[String?]]
    /// For the next loading.
    public let remains: PreviousLoad
}

/// What loading a configuration file came to.
public struct LoadResult: Sendable {
    /// By file and line; the configuration file's first.
    public let diagnostics: [Diagnostic]
    /// Nil if any diagnostic is an error.
    public let configuration: LoadedConfiguration?
    /// The files and folders that it came from, and those that were missing; empty unless they are to be watched (`watch: true`).
    public let watched: [String]
}

/// Loads a configuration file and the manifests it names. Reads files; opens no port and changes nothing.
public enum ConfigurationLoader {
    /// How files end that are read in a folder of manifests.
    public static let manifestSuffixes = [".yaml", ".yml", ".json"]

    /// Any fault of the input is a diagnostic. Relative paths in the file are relative to the file itself.
    ///
    /// - Parameters:
    ///   - previous: what the configuration that this one takes the place of has left.
    ///   - mayWait: whether the file may be a pipe, whose writer is waited for. Nobody who serves can wait, or read a pipe twice.
    public static func load(file path: String, after previous: PreviousLoad = PreviousLoad(), mayWait: Bool = true) -> LoadResult {
        var log = DiagnosticLog()
        guard var input = read(path, mayWait: mayWait, log: &log) else { return LoadResult(diagnostics: log.sorted, configuration: nil, watched: []) }
        readFiles(of: &input.settings.tls, Place(file: path, line: 1), log: &log)
        let compiled = SnapshotCompiler.compile(
            input.manifests, settings: input.settings, config: Place(file: path, line: 1), after: previous, log: &log)
        let certificates = input.settings.tls.paths.map { FilePath.joined(FilePath.folder(of: path), $0) }
        let loaded = LoadedConfiguration(
            snapshot: compiled.snapshot, tls: compiled.tls, settings: input.settings.process, canaries: compiled.canaries,
            obstacles: compiled.obstacles, remains: compiled.remains)
        return LoadResult(
            diagnostics: log.sorted, configuration: log.hasErrors ? nil : loaded,
            watched: input.settings.process.watch ? [path] + input.files.watched + certificates : [])
    }

    /// Those of certificates and keys, which are relative to the configuration file.
    private static func readFiles(of tls: inout TLSOptions, _ config: Place, log: inout DiagnosticLog) {
        func bytes(_ file: Located<String>, isNeeded: Bool = true) -> [UInt8]? {
            let path = FilePath.joined(FilePath.folder(of: config.file), file.value)
            let what: String
            do throws(BoundedFile.Fault) {
                return try BoundedFile.read(path, limit: BoundedFile.secretLimit)
            } catch {
                what = error == .isMissing ? "there is no \(path); paths are relative to the configuration file" : "\(path) \(error)"
            }
            if isNeeded {
                log.error(config.at(line: file.line), "tls", what)
            } else {
                log.warning(config.at(line: file.line), "tls", what)
            }
            return nil
        }
        func read(_ files: inout TLSOptions.Files) {
            files.certificateBytes = bytes(files.certificate)
            files.keyBytes = bytes(files.key)
            // Whoever fetches them may come later, or fail: the certificate is as good as before.
            files.responseBytes = files.response.flatMap { bytes($0, isNeeded: false) }
        }
        for index in tls.certificates.indices { read(&tls.certificates[index]) }
        if case .files(var files)? = tls.defaultCertificate {
            read(&files)
            tls.defaultCertificate = .files(files)
        }
    }

    /// The file's settings, the files of manifests that it names, and what they hold; nil if there is no such file.
    static func read(
        _ path: String, mayWait: Bool, log: inout DiagnosticLog
    ) -> (settings: Settings, files: ManifestFiles, manifests: [Manifest])? {
        guard let file = YAMLFile.read(path, mayWait: mayWait, log: &log) else { return nil }
        let folder = FilePath.folder(of: path)
        var settings = SettingsReader.read(file, log: &log)
        settings.process.accessLog.path = settings.process.accessLog.path.map { FilePath.joined(folder, $0) }
        let files = ManifestFiles.find(settings.manifests, folder: folder, config: Place(file: path, line: 1))
        let manifests = ManifestLoader.load(files, log: &log)
        return (settings, files, settings.annotationPrefix.apply(to: manifests, log: &log))
    }
}
