/// Which failures of an attempt are tried again within the version that was chosen, how often and for how long (R39).
///
/// Whatever it says, nothing is tried again once a byte of an answer went to the client, nor when the start of the request is no longer
/// in memory.
public struct RetryRule: Hashable, Sendable {
    public struct Conditions: OptionSet, Hashable, Sendable {
        public let rawValue: UInt16

        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// A connection that cannot be made, or that breaks before its answer.
        public static let error = Conditions(rawValue: 1 << 0)
        public static let timeout = Conditions(rawValue: 1 << 1)
        /// What comes is no answer.
        public static let invalidHeader = Conditions(rawValue: 1 << 2)
        public static let http500 = Conditions(rawValue: 1 << 3)
        public static let http502 = Conditions(rawValue: 1 << 4)
        public static let http503 = Conditions(rawValue: 1 << 5)
        public static let http504 = Conditions(rawValue: 1 << 6)
        public static let http403 = Conditions(rawValue: 1 << 7)
        public static let http404 = Conditions(rawValue: 1 << 8)
        public static let http429 = Conditions(rawValue: 1 << 9)
        /// Also a request that may have been acted on, and that twice is not as once.
        public static let nonIdempotent = Conditions(rawValue: 1 << 10)

        public static let statuses: Conditions = [.http500, .http502, .http503, .http504, .http403, .http404, .http429]

        /// The condition of a response's status; none if no rule can name it.
        public init(status: UInt16) {
            self = switch status {
            case 500: .http500
            case 502: .http502
            case 503: .http503
            case 504: .http504
            case 403: .http403
            case 404: .http404
            case 429: .http429
            default: []
            }
        }

        /// As `proxy-next-upstream` writes them.
        public static let names: [(name: String, condition: Conditions)] = [
            ("error", .error), ("timeout", .timeout), ("invalid_header", .invalidHeader), ("http_500", .http500),
            ("http_502", .http502), ("http_503", .http503), ("http_504", .http504), ("http_403", .http403),
            ("http_404", .http404), ("http_429", .http429), ("non_idempotent", .nonIdempotent),
        ]
    }

    /// The most attempts that a rule can allow.
    public static let maximumTries = 8

    /// Empty: nothing is tried again.
    public let conditions: Conditions
    /// Attempts, the first one included.
    public let tries: UInt8
    /// Seconds after which no further attempt begins; 0 is never.
    public let seconds: UInt32

    /// Where nothing else is said: an error or a timeout, three attempts.
    public static let standard = RetryRule([.error, .timeout])

    /// - Parameter tries: brought into `1...maximumTries`.
    public init(_ conditions: Conditions, tries: Int = 3, seconds: UInt32 = 0) {
        self.conditions = conditions
        self.tries = UInt8(min(max(tries, 1), Self.maximumTries))
        self.seconds = seconds
    }
}

extension RetryRule: CustomStringConvertible {
    /// `error timeout, 3 attempts`, `error http_503, 2 attempts within 10 s`, `never`.
    public var description: String {
        guard tries > 1, !conditions.subtracting(.nonIdempotent).isEmpty else { return "never" }
        let words = Conditions.names.filter { conditions.contains($0.condition) }.map(\.name).joined(separator: " ")
        return "\(words), \(tries) attempts" + (seconds > 0 ? " within \(seconds) s" : "")
    }
}
