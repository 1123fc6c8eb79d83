/// What one rule said about its canary.
enum RuleOutcome {
    case chosen
    case excluded(Reason)
    case undecided
}

/// The canaries that a decision has ruled out so far.
struct DecisionRound {
    private(set) var excluded: UInt64 = 0
    private(set) var count = 0
    private(set) var reason = Reason.noRule

    mutating func exclude(_ index: Int, _ reason: Reason) {
        excluded |= 1 << UInt64(index)
        count &+= 1
        self.reason = reason
    }

    func excludes(_ index: Int) -> Bool { Self.isSet(index, in: excluded) }

    static func isSet(_ index: Int, in set: UInt64) -> Bool { set >> UInt64(index) & 1 == 1 }
}
