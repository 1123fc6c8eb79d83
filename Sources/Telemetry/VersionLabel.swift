/// Which version of a service a request was sent to: the label `version` of the metrics.
public enum VersionLabel: Int, Sendable, CaseIterable {
    /// The request reached no version: no route matched, or Serin answered by itself.
    case none
    case stable
    case canary

    /// The label's text.
    public var text: String {
        switch self {
        case .none: "none"
        case .stable: "stable"
        case .canary: "canary"
        }
    }
}
