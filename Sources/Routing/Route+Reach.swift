/// What of a canary's rules can come true on its route: the words of `routes` and `check`, which have to agree with the decision.
extension Route {
    /// What a canary gets of the common scale beside the others: as written, unless the older ones leave it less.
    public func effectiveWeight(of canary: Int) -> (weight: Int, total: Int) {
        let (range, written) = (ranges[canary], canaries[canary])
        let left = Int(range.end - range.start)
        // left <= total, so that the quotient is at most the written total.
        let own = total.dividingFullWidth(left.multipliedFullWidth(by: written.total))
        return own.remainder == 0 ? (own.quotient, written.total) : (left, total)
    }

    /// Whether the canary gets less than its weight within its total, as the older ones leave no more.
    public func isCut(_ canary: Int) -> Bool {
        let (range, written) = (ranges[canary], canaries[canary])
        let wanted = written.total.dividingFullWidth(written.share.multipliedFullWidth(by: total)).quotient
        return wanted > Int(range.end - range.start)
    }

    /// Whether the weights leave nothing for the stable version.
    public var isWhole: Bool { ranges.last.map { $0.end == UInt64(total) } ?? false }

    /// The canary's rules in the order they are tried, in words, with the weight, the key and the seed that are in force.
    public func ruleTexts(of canary: Int) -> [String] {
        let written = canaries[canary]
        let (weight, ofTotal) = isCut(canary) ? effectiveWeight(of: canary) : (written.share, written.total)
        let isAsWritten = written.weight == weight && written.total == ofTotal
        let drawn = canaries[drawing]
        let client = drawn.hashKeys.isEmpty ? "request" : drawn.hashKeys.map(keyText).joined(separator: " and ")
        let text = "weight \(weight)/\(ofTotal)" + (isAsWritten ? "" : " (\(written.weight)/\(written.total) written)") + " by \(client)"
            + (drawn.hashSeed.map { ", seed \($0)" } ?? "") + (drawn.hashCookie == nil ? "" : ", set if absent")
        return written.ruleTexts(keys: keys, weight: text)
    }

    /// Why neither a rule, the weight nor its mirror can ever send a canary a request; empty if it has none of these, nil if one can.
    ///
    /// - Parameter passesUnusual: whether fields whose names hold more than letters, digits and hyphens count (R22).
    public func obstacles(of index: Int, passesUnusual: Bool) -> [String]? {
        let canary = canaries[index]
        if canary.pin != nil { return nil }
        let hasShare = ranges[index].end > ranges[index].start
        var obstacles: [String] = []
        switch canary.combination {
        case .any:
            if hasShare { return nil }
            for rule in rules(of: index) {
                guard let obstacle = obstacle(to: rule, passesUnusual) ?? shadow(over: rule) else { return nil }
                obstacles.append(obstacle)
            }
        case .all, .allThenWeight:
            obstacles = canary.conditions.compactMap { obstacle(to: $0, passesUnusual) }
            if obstacles.isEmpty { obstacles = rules(of: index).compactMap { shadow(over: $0) } }
            if obstacles.isEmpty, canary.combination == .all || hasShare { return nil }
        }
        if canary.share > 0, !hasShare {
            obstacles.append("the weights before its own leave it nothing of \(total)")
        } else if canary.combination == .allThenWeight, !hasShare {
            obstacles.append("its weight is \(canary.weight)")
        }
        if canary.mirror != nil {
            guard let obstacle = obstacleToStable(passesUnusual) else { return nil }
            obstacles.append(obstacle)
        }
        return obstacles
    }

    private func obstacle(to rule: Rule, _ passesUnusual: Bool) -> String? {
        rule.conditions.compactMap { obstacle(to: $0, passesUnusual) }.first
    }

    private func obstacle(to condition: Condition, _ passesUnusual: Bool) -> String? {
        switch condition.test {
        case .nothing: return "\(condition.text(keys: keys)) never holds"
        case .invalidPattern(let pattern):
            return "\(keyText(condition.key)) ~ \(pattern) does not compile (R21)"
        case .modulo(let rule) where rule.neverHolds: return "\(condition.text(keys: keys)) never holds"
        case .ranges: return nil
        case .alwaysNever, .anyOf, .pattern, .modulo:
            return condition.readsAbsentAsEmpty ? nil : obstacle(to: condition.key, passesUnusual)
        }
    }

    private func obstacle(to key: Int, _ passesUnusual: Bool) -> String? {
        guard keys.indices.contains(key), !keys[key].canArrive(passesUnusual: passesUnusual) else { return nil }
        return keyText(key) + (keys[key].canArrive(passesUnusual: true) ? " is dropped from every request (R22)" : " can't be sent at all (R22)")
    }
}

extension ValueKey {
    /// Whether a request can have it. Fields whose names hold more than letters, digits and hyphens are dropped unless
    /// `underscoresInHeaders` is on (R22), and no field has a name that is no token (RFC 9110 section 5.6.2).
    public func canArrive(passesUnusual: Bool) -> Bool {
        guard kind == .header else { return true }
        // A hyphen is folded to `_`.
        return name.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): true
            default: passesUnusual && "!#$%&'*+.^`|~".utf8.contains(byte)
            }
        }
    }
}
