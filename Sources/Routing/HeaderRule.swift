/// What a canary asks of a request's header field (R21, R22, R23).
public struct HeaderRule: Sendable {
    public enum Match: Sendable {
        /// `always` chooses the canary, `never` rules it out, anything else says nothing.
        case alwaysNever
        /// Exactly this value, case-sensitive, chooses the canary; `always` and `never` mean nothing special.
        case value([UInt8])
        /// A hit anywhere in the value chooses the canary; an error of the search rules it out.
        case pattern(Pattern)
        /// A pattern that does not compile: it rules the canary out for every request that has the field.
        case invalidPattern(String)
    }

    /// Index into the route's keys.
    public let key: Int
    public let match: Match

    public init(key: Int, match: Match) {
        self.key = key
        self.match = match
    }
}
