/// Why a request got the version it got; a label of metrics and logs.
public enum Reason: UInt8, CaseIterable, Sendable {
    /// The route has no canary.
    case noCanary
    /// A header rule chose the canary.
    case header
    /// The header said `never`.
    case headerNever
    /// The search for the header's pattern hit a limit, or the pattern does not compile.
    case headerPatternError
    /// The cookie said `always`.
    case cookie
    /// The cookie said `never`.
    case cookieNever
    /// A rule about the query chose the canary.
    case query
    /// The query said `never`.
    case queryNever
    /// The client's address chose the canary.
    case source
    /// All conditions of the canary hold.
    case match
    /// The conditions of every canary must hold together, and do not.
    case noMatch
    /// The search in a cookie or the query hit a limit, or the pattern does not compile.
    case patternError
    /// The release cookie named the version.
    case pinned
    /// The weight decided, for either version.
    case weight
    /// There are canaries, but no rule matched and none has a weight.
    case noRule
    /// The chosen canary has nowhere to run, so the stable version answers (R21.3).
    case failover
    /// The stable version has nowhere to run, and no rule was asked for that reason (R21.0).
    case stableWithoutEndpoint
    /// No route matched.
    case unrouted

    public var label: StaticString {
        switch self {
        case .noCanary: "no-canary"
        case .header: "header"
        case .headerNever: "header-never"
        case .headerPatternError: "header-pattern-error"
        case .cookie: "cookie"
        case .cookieNever: "cookie-never"
        case .query: "query"
        case .queryNever: "query-never"
        case .source: "source-range"
        case .match: "match"
        case .noMatch: "no-match"
        case .patternError: "pattern-error"
        case .pinned: "release-cookie"
        case .weight: "weight"
        case .noRule: "no-rule"
        case .failover: "failover"
        case .stableWithoutEndpoint: "stable-without-endpoint"
        case .unrouted: "unrouted"
        }
    }
}
