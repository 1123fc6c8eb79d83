public import Exchange
public import TLS

/// What came of loading the configuration again.
public enum ReloadOutcome: Sendable {
    /// It is good.
    case loaded(Snapshot, TLSContexts, ProcessSettings, inactive: [RouteReport.InactiveCanary], warnings: [String], files: WatchedFiles)
    /// It is not; the old one keeps serving. `diagnostics` is what a reload's 422 answer carries, as JSON.
    case rejected(errors: [String], diagnostics: [UInt8], files: WatchedFiles)
}

/// What the caller of a reload is told.
enum ReloadReport: Sendable {
    /// Every worker has swapped.
    case applied
    /// The old configuration keeps serving. The errors are JSON.
    case rejected([UInt8])
    /// The process is on its way out and takes no new configuration.
    case stopping
    /// The process is about to hand over to another one, which has its configuration from the files already, or loads it now.
    case upgrading
}
