/// What comparing some manifests with ingress-nginx came to.
public struct MigrationResult: Sendable {
    /// By file and line.
    public let diagnostics: [Diagnostic]
    /// Nil if any diagnostic is an error.
    public let report: MigrationReport?
}

extension ConfigurationLoader {
    /// Compares the manifests that a configuration file names.
    public static func migration(file path: String) -> MigrationResult {
        var log = DiagnosticLog()
        guard let input = read(path, mayWait: true, log: &log) else { return MigrationResult(diagnostics: log.sorted, report: nil) }
        return migration(input.manifests, input.settings, log)
    }

    /// Compares manifests by themselves, files, pipes and folders, under the default settings.
    ///
    /// - Parameter prefix: nil is ingress-nginx's own.
    public static func migration(manifests paths: [String], prefix: AnnotationPrefix? = nil) -> MigrationResult {
        var log = DiagnosticLog()
        var sources: [Settings.Source] = []
        for path in paths {
            if FilePath.kind(of: path) != nil {
                sources.append(Settings.Source(path: path, line: 1))
            } else {
                log.error(Place(file: path, line: 1), "manifests", "there is no such file or folder")
            }
        }
        let files = ManifestFiles.find(sources, folder: "", config: Place(file: "manifests", line: 1))
        let manifests = (prefix ?? .ingressNginx).apply(to: ManifestLoader.load(files, mayWait: true, log: &log), log: &log)
        return migration(manifests, Settings(), log)
    }

    private static func migration(_ manifests: [Manifest], _ settings: Settings, _ log: DiagnosticLog) -> MigrationResult {
        let report = log.hasErrors ? nil : MigrationCheck.report(manifests, settings: settings)
        return MigrationResult(diagnostics: log.sorted, report: report)
    }
}
