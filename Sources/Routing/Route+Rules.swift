/// The rules of a route's canaries as they compete for requests: which of them another one leaves none.
extension Route {
    /// One way by which a canary is chosen: all of its conditions hold.
    struct Rule {
        /// When it is tried: by family, then by canary; what waits for the weight comes behind all.
        struct Turn: Comparable {
            let family: Int
            let canary: Int

            static func < (one: Turn, other: Turn) -> Bool { (one.family, one.canary) < (other.family, other.canary) }
        }

        let turn: Turn
        let conditions: [Condition]
        /// What of the same canary is tried before, and may rule it out.
        let before: [Condition]

        var canary: Int { turn.canary }
    }

    /// A canary's rules in the order in which they are tried, those of ingress-nginx as conditions.
    func rules(of index: Int) -> [Rule] {
        let canary = canaries[index]
        guard canary.combination == .any else {
            let family = canary.combination == .all ? canary.conditions.first?.family.rawValue ?? 0 : Int.max
            return [Rule(turn: Rule.Turn(family: family, canary: index), conditions: canary.conditions, before: [])]
        }
        var tried: [Condition] = []
        for family in Condition.Family.allCases {
            if family == .header, let header = canary.header { tried.append(header.condition) }
            if family == .cookie, let cookie = canary.cookie { tried.append(Condition(.cookie, key: cookie, test: .alwaysNever)) }
            tried += canary.conditions.filter { $0.family == family }
        }
        return tried.indices.map { position in
            Rule(
                turn: Rule.Turn(family: tried[position].family.rawValue, canary: index), conditions: [tried[position]],
                before: Array(tried[..<position]))
        }
    }

    /// What takes every request that `rule` would choose, if something does; names the other canary.
    func shadow(over rule: Rule) -> String? {
        for other in canaries.indices where other != rule.canary && canaries[other].combination != .allThenWeight {
            guard rules(of: other).contains(where: { takesAll($0, of: rule) }) else { continue }
            let text = rule.conditions.map { $0.text(keys: keys) }.joined(separator: " and ")
            return "\(text) sends requests to Ingress \(canaries[other].name) first"
        }
        return nil
    }

    private func takesAll(_ one: Rule, of other: Rule) -> Bool {
        guard one.turn < other.turn else { return false }
        let isMet = one.conditions.allSatisfy { condition in other.conditions.contains { $0.implies(condition) } }
        // What rules its canary out before must rule out the other one, too.
        return isMet && one.before.allSatisfy { condition in
            !condition.canExclude || other.before.contains { $0.isSame(as: condition) }
        }
    }

    /// Why no request is the stable version's by the rules and the weights; nil if one can be.
    func obstacleToStable(_ passesUnusual: Bool) -> String? {
        guard isWhole, affinity?.stable == nil, canaries.allSatisfy({ $0.pin == nil }) else { return nil }
        let sharers = canaries.indices.filter { ranges[$0].end > ranges[$0].start }
        for index in sharers {
            // A request that it is ruled out for is stable's, even if it falls into its range.
            guard canaries[index].combination == .any else { return nil }
            for rule in rules(of: index) {
                for condition in rule.conditions where condition.canExclude && canArrive(condition, passesUnusual) { return nil }
            }
        }
        let names = sharers.map { canaries[$0].name }.joined(separator: " and ")
        return "the weight\(sharers.count > 1 ? "s" : "") of Ingress \(names) leave\(sharers.count > 1 ? "" : "s") stable no request to copy"
    }

    private func canArrive(_ condition: Condition, _ passesUnusual: Bool) -> Bool {
        condition.readsAbsentAsEmpty || !keys.indices.contains(condition.key) || keys[condition.key].canArrive(passesUnusual: passesUnusual)
    }
}

extension HeaderRule {
    /// The same as one of the conditions that go beyond ingress-nginx.
    fileprivate var condition: Condition {
        let test: Condition.Test = switch match {
        case .alwaysNever: .alwaysNever
        case .value(let value): .anyOf([value])
        case .pattern(let pattern): .pattern(pattern)
        case .invalidPattern(let text): .invalidPattern(text)
        }
        return Condition(.header, key: key, test: test)
    }
}

extension Condition {
    /// Whether its canary may be ruled out by it alone.
    fileprivate var canExclude: Bool {
        switch test {
        case .alwaysNever, .invalidPattern: true
        // A search that fails does, so that for such a request the canaries behind get their turn.
        case .pattern(let pattern): pattern.canFail
        case .anyOf, .modulo, .ranges, .nothing: false
        }
    }

    /// Whether `other` holds whenever it does itself, as far as can be told.
    fileprivate func implies(_ other: Condition) -> Bool {
        if isSame(as: other) { return true }
        guard looksAtTheSame(as: other) else { return false }
        switch (test, other.test) {
        case (.anyOf(let values), .anyOf(let others)): return values.allSatisfy { others.contains($0) }
        case (.ranges(let ranges), .ranges(let others)): return ranges.allSatisfy { others.contains($0) }
        default: return false
        }
    }

    fileprivate func isSame(as other: Condition) -> Bool {
        guard looksAtTheSame(as: other) else { return false }
        switch (test, other.test) {
        case (.alwaysNever, .alwaysNever): return true
        case (.anyOf(let values), .anyOf(let others)): return values == others
        case (.pattern(let pattern), .pattern(let other)): return pattern.text == other.text
        case (.invalidPattern(let text), .invalidPattern(let other)): return text == other
        case (.modulo(let rule), .modulo(let other)): return rule == other
        case (.ranges(let ranges), .ranges(let others)): return ranges == others
        default: return false
        }
    }

    private func looksAtTheSame(as other: Condition) -> Bool {
        (family, key, readsAbsentAsEmpty) == (other.family, other.key, other.readsAbsentAsEmpty)
    }
}
