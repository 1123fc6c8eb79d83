/// The steps of one decision in order, for `explain`. The live path passes nil and pays nothing.
public final class DecisionTrace {
    public enum Rule: String, Sendable {
        /// Alibaba ACK's release cookie.
        case pin = "release-cookie"
        case header, cookie, query
        case source = "source-range"
        /// Several conditions that must hold together.
        case match
        case weight
        /// What stands when no rule has decided.
        case fallback
    }

    public enum Outcome: String, Sendable {
        /// The rule chose the canary.
        case canary
        /// The rule ruled the canary out, or the weight chose the stable version.
        case stable
        /// The condition holds; the others of its canary must, too.
        case holds
        /// The rule said nothing.
        case undecided
    }

    public struct Step: Equatable, Sendable {
        public let rule: Rule
        /// The canary's name, empty for a step that belongs to none.
        public let canary: String
        public let outcome: Outcome
        /// One sentence. It may quote what the request says, byte for byte: escape it before a terminal sees it.
        public let text: String
    }

    public private(set) var steps: [Step] = []

    public init() {}

    func record(_ rule: Rule, _ canary: String, _ outcome: Outcome, _ text: String) {
        steps.append(Step(rule: rule, canary: canary, outcome: outcome, text: text))
    }
}
