public import Exchange

/// What came of loading the configuration again.
public enum ReloadOutcome: Sendable {
    /// It is good.
    case loaded(Snapshot, ProcessSettings, inactive: [RouteReport.InactiveCanary], warnings: [String])
    /// It is not; the old one keeps serving. `diagnostics` is what a reload's 422 answer carries, as JSON.
    case rejected(errors: [String], diagnostics: [UInt8])
}

/// What the caller of a reload is told.
struct ReloadReport: Sendable {
    var isApplied: Bool
    /// JSON.
    var body: [UInt8]
}
