import Addressing

/// The decision on a route whose canaries ask for more than ingress-nginx knows: the header rules and conditions of all canaries,
/// then those about cookies, the query and the client's address, then the weights. Conditions that must hold together are
/// tried when the first of them would be.
extension Route {
    func decideByConditions(_ values: borrowing RequestValues, trace: DecisionTrace?) -> Verdict {
        if let pinned = pinnedChoice(values, trace) { return .chosen(pinned) }
        var round = DecisionRound()
        for family in Condition.Family.allCases {
            for index in asked.indices where !round.excludes(index) {
                switch outcome(family, index, values, trace) {
                case .chosen:
                    let reason = canaries[index].combination == .any ? family.reason : .match
                    return .chosen(Choice(version: .canary(index), reason: reason))
                case .excluded(let reason):
                    round.exclude(index, reason)
                case .undecided:
                    break
                }
            }
            if let end = end(of: round) { return end }
        }
        return weightVerdict(round, values, trace)
    }

    /// The version that a release cookie names.
    private func pinnedChoice(_ values: borrowing RequestValues, _ trace: DecisionTrace?) -> Choice? {
        for index in canaries.indices {
            guard let pin = canaries[index].pin else { continue }
            let value = values.value(of: pin.key)
            let version: Version? = if ByteCompare.equal(value, pin.canary.span) {
                .canary(index)
            } else if ByteCompare.equal(value, pin.stable.span) {
                .stable
            } else {
                nil
            }
            trace?.record(
                .pin, canaries[index].name, version == nil ? .undecided : version == .stable ? .stable : .canary,
                values.isPresent(pin.key) ? "\(keyText(pin.key)) is \(quoted(value))" : "no \(keyText(pin.key))")
            if let version { return Choice(version: version, reason: .pinned) }
        }
        return nil
    }

    private func outcome(
        _ family: Condition.Family, _ index: Int, _ values: borrowing RequestValues, _ trace: DecisionTrace?
    ) -> RuleOutcome {
        let conditions = canaries[index].conditions
        if canaries[index].combination != .any {
            return conditions.first?.family == family ? groupOutcome(index, values, trace) : .undecided
        }
        let plain: RuleOutcome = switch family {
        case .header: headerOutcome(index, values, trace)
        case .cookie: cookieOutcome(index, values, trace)
        case .query, .source: .undecided
        }
        guard case .undecided = plain else { return plain }
        for condition in conditions where condition.family == family {
            let finding = find(condition, values)
            trace?.record(family.rule, canaries[index].name, finding.outcome, words(finding, condition, values))
            switch finding {
            case .holds: return .chosen
            case .never: return .excluded(family.neverReason)
            case .failure: return .excluded(family.errorReason)
            case .absent, .fails: break
            }
        }
        return .undecided
    }

    /// All conditions of a canary: one that does not hold rules it out.
    private func groupOutcome(_ index: Int, _ values: borrowing RequestValues, _ trace: DecisionTrace?) -> RuleOutcome {
        for condition in canaries[index].conditions {
            let finding = find(condition, values)
            trace?.record(
                condition.family.rule, canaries[index].name, finding == .holds ? .holds : .stable,
                words(finding, condition, values))
            switch finding {
            case .holds: break
            case .never: return .excluded(condition.family.neverReason)
            case .failure: return .excluded(condition.family.errorReason)
            case .absent, .fails: return .excluded(.noMatch)
            }
        }
        let isWeighed = canaries[index].combination == .allThenWeight
        trace?.record(
            .match, canaries[index].name, isWeighed ? .undecided : .canary,
            "all conditions hold" + (isWeighed ? ", the weight decides" : ""))
        return isWeighed ? .undecided : .chosen
    }

    private func find(_ condition: Condition, _ values: borrowing RequestValues) -> Finding {
        if case .ranges(let ranges) = condition.test {
            guard let client = values.client else { return .absent }
            return ranges.contains { $0.contains(client) } ? .holds : .fails
        }
        if case .nothing = condition.test { return .fails }
        guard condition.readsAbsentAsEmpty || values.isPresent(condition.key) else { return .absent }
        let value = values.value(of: condition.key)
        switch condition.test {
        case .alwaysNever:
            if ByteCompare.equal(value, "always") { return .holds }
            return ByteCompare.equal(value, "never") ? .never : .fails
        case .anyOf(let wanted):
            return Self.isOne(of: wanted, value) ? .holds : .fails
        case .pattern(let pattern):
            let result = pattern.matches(value, scratch: values.scratch)
            if case .error = result { return .failure }
            return result == .match ? .holds : .fails
        case .invalidPattern:
            return .failure
        case .modulo(let rule):
            return rule.holds(for: value) ? .holds : .fails
        case .ranges, .nothing:
            return .fails
        }
    }

    private static func isOne(of wanted: [[UInt8]], _ value: Span<UInt8>) -> Bool {
        for one in wanted {
            if ByteCompare.equal(value, one.span) { return true }
        }
        return false
    }

    private func words(_ finding: Finding, _ condition: Condition, _ values: borrowing RequestValues) -> String {
        let asked = condition.text(keys: keys)
        switch condition.test {
        case .ranges:
            let client = values.client.map(\.description) ?? "unknown"
            return "the client is \(client), \(finding == .holds ? "" : "not ")\(asked)"
        case .nothing:
            return "\(asked) never holds"
        default:
            guard values.isPresent(condition.key) || condition.readsAbsentAsEmpty else { return "no \(keyText(condition.key))" }
            let said = "\(keyText(condition.key)) is \(quoted(values.value(of: condition.key)))"
            return "\(said), asked for \(asked)" + (finding == .failure ? ", which cannot be searched" : "")
        }
    }
}

/// What came of looking at one condition.
private enum Finding {
    case holds
    case fails
    /// The request lacks what is looked at.
    case absent
    /// The value says `never`.
    case never
    /// The search hit a limit, or the pattern does not compile.
    case failure

    var outcome: DecisionTrace.Outcome {
        switch self {
        case .holds: .canary
        case .never, .failure: .stable
        case .fails, .absent: .undecided
        }
    }
}

extension Condition.Family {
    fileprivate var rule: DecisionTrace.Rule {
        switch self {
        case .header: .header
        case .cookie: .cookie
        case .query: .query
        case .source: .source
        }
    }

    fileprivate var reason: Reason {
        switch self {
        case .header: .header
        case .cookie: .cookie
        case .query: .query
        case .source: .source
        }
    }

    fileprivate var neverReason: Reason {
        switch self {
        case .header, .source: .headerNever
        case .cookie: .cookieNever
        case .query: .queryNever
        }
    }

    fileprivate var errorReason: Reason { self == .header ? .headerPatternError : .patternError }
}
