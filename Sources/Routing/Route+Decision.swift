/// The decision, in the order of R21: the header rules of all canaries, their cookies, then their weights.
///
/// `never` and a failed pattern search end the decision for the canary they belong to, which is the stable version at once
/// if it is the only one.
extension Route {
    public func decide(_ values: borrowing RequestValues, trace: DecisionTrace?) -> Verdict {
        if asked.isEmpty {
            trace?.record(.fallback, "", .stable, "the route has no canary")
            return .chosen(Choice(version: .stable, reason: .noCanary))
        }
        if affinity?.precedence == .first, let choice = affinityChoice(DecisionRound(), values, trace) { return .chosen(choice) }
        if hasConditions { return decideByConditions(values, trace: trace) }
        var round = DecisionRound()
        for index in asked.indices {
            switch headerOutcome(index, values, trace) {
            case .chosen: return .chosen(Choice(version: .canary(index), reason: .header))
            case .excluded(let reason): round.exclude(index, reason)
            case .undecided: break
            }
        }
        if let end = end(of: round) { return end }
        for index in asked.indices where !round.excludes(index) {
            switch cookieOutcome(index, values, trace) {
            case .chosen: return .chosen(Choice(version: .canary(index), reason: .cookie))
            case .excluded(let reason): round.exclude(index, reason)
            case .undecided: break
            }
        }
        if let end = end(of: round) { return end }
        return weightVerdict(round, values, trace)
    }

    /// Where the roll of `draw` falls.
    public func weigh(_ draw: WeightDraw, roll: UInt64, trace: DecisionTrace?) -> Choice {
        let bucket = WeightRange.bucket(of: roll, total: total)
        for index in ranges.indices where bucket < ranges[index].end && bucket >= ranges[index].start {
            if DecisionRound.isSet(index, in: draw.excluded) {
                trace?.record(.weight, canaries[index].name, .stable, "bucket \(bucket) of \(total) is its own, but it is ruled out")
                return Choice(version: .stable, reason: .weight, bucket: bucket, weight: draw.weight, total: total)
            }
            let (start, end) = (ranges[index].start, ranges[index].end)
            trace?.record(
                .weight, canaries[index].name, .canary,
                start == 0 ? "bucket \(bucket) is below \(end) of \(total)" : "bucket \(bucket) is in \(start)..<\(end) of \(total)")
            return Choice(version: .canary(index), reason: .weight, bucket: bucket, weight: Int(end &- start), total: total)
        }
        trace?.record(.weight, "", .stable, "bucket \(bucket) is not below \(draw.weight) of \(total)")
        return Choice(version: .stable, reason: .weight, bucket: bucket, weight: draw.weight, total: total)
    }

    /// The first bucket of a canary's range, `0...total`; the range is as wide as its weight.
    public func rangeStart(of canary: Int) -> Int { Int(ranges[canary].start) }

    /// The roll that `draw` asks for.
    public func roll(for draw: WeightDraw, _ values: borrowing RequestValues, _ rolls: RollSource) -> UInt64 {
        switch draw.source {
        case .sequence(let sequence):
            return rolls.next(sequence, weight: draw.weight, total: draw.total)
        case .key(let key), .newKey(let key):
            return hash(canary: draw.canary, values.value(of: key))
        case .joinedKeys:
            return joinedHash(canary: draw.canary, values)
        }
    }

    /// `WeightedHash.roll` with the canary's salt.
    public func hash(canary: Int, _ key: Span<UInt8>) -> UInt64 {
        var hash = canaries[canary].preparedHash
        hash.update(key)
        return hash.finish()
    }

    /// `WeightedHash.roll` with the canary's salt and the values of its hash keys as the parts.
    private func joinedHash(canary: Int, _ values: borrowing RequestValues) -> UInt64 {
        let canary = canaries[canary]
        var hash = canary.preparedHash
        for key in canary.hashKeys { WeightedHash.add(values.value(of: key), to: &hash) }
        return hash.finish()
    }
}

extension Route {
    func end(of round: DecisionRound) -> Verdict? {
        guard round.count == asked.count else { return nil }
        return .chosen(Choice(version: .stable, reason: round.reason))
    }

    func headerOutcome(_ index: Int, _ values: borrowing RequestValues, _ trace: DecisionTrace?) -> RuleOutcome {
        guard let key = asked[index].header else { return .undecided }
        guard values.isPresent(key) else {
            trace?.record(.header, canaries[index].name, .undecided, "no \(keyText(key))")
            return .undecided
        }
        let value = values.value(of: key)
        switch canaries[index].header?.match {
        case nil:
            return .undecided
        case .alwaysNever:
            return alwaysNever(.header, index, key, values, trace)
        case .value(let wanted):
            let equal = ByteCompare.equal(value, wanted.span)
            trace?.record(.header, canaries[index].name, equal ? .canary : .undecided,
                          "\(keyText(key)) is \(equal ? "" : "not ")\(quoted(wanted.span))")
            return equal ? .chosen : .undecided
        case .pattern(let pattern):
            let result = pattern.matches(value, scratch: values.scratch)
            trace?.record(.header, canaries[index].name, result.outcome, "\(keyText(key)) \(result.words) \(pattern.text)")
            switch result {
            case .match: return .chosen
            case .noMatch: return .undecided
            case .error: return .excluded(.headerPatternError)
            }
        case .invalidPattern(let text):
            trace?.record(.header, canaries[index].name, .stable, "\(keyText(key)) cannot be searched: \(text) does not compile")
            return .excluded(.headerPatternError)
        }
    }

    func cookieOutcome(_ index: Int, _ values: borrowing RequestValues, _ trace: DecisionTrace?) -> RuleOutcome {
        guard let key = asked[index].cookie else { return .undecided }
        guard values.isPresent(key) else {
            trace?.record(.cookie, canaries[index].name, .undecided, "no \(keyText(key))")
            return .undecided
        }
        return alwaysNever(.cookie, index, key, values, trace)
    }

    private func alwaysNever(
        _ rule: DecisionTrace.Rule, _ index: Int, _ key: Int, _ values: borrowing RequestValues, _ trace: DecisionTrace?
    ) -> RuleOutcome {
        let value = values.value(of: key)
        if ByteCompare.equal(value, "always") {
            trace?.record(rule, canaries[index].name, .canary, "\(keyText(key)) is always")
            return .chosen
        }
        if ByteCompare.equal(value, "never") {
            trace?.record(rule, canaries[index].name, .stable, "\(keyText(key)) is never")
            return .excluded(rule == .header ? .headerNever : .cookieNever)
        }
        trace?.record(rule, canaries[index].name, .undecided, "\(keyText(key)) is \(quoted(value)), neither always nor never")
        return .undecided
    }

    func weightVerdict(_ round: DecisionRound, _ values: borrowing RequestValues, _ trace: DecisionTrace?) -> Verdict {
        if affinity?.precedence == .beforeWeight, let choice = affinityChoice(round, values, trace) { return .chosen(choice) }
        // Ranges lie one after the other, so the last end is their sum.
        let bound = ranges[ranges.count &- 1].end
        if bound == 0 {
            trace?.record(.fallback, "", .stable, "no rule matched and no canary has a weight")
            return .chosen(Choice(version: .stable, reason: .noRule))
        }
        if let certain, !round.excludes(certain) {
            trace?.record(.weight, canaries[certain].name, .canary, "its weight is everything")
            return .chosen(Choice(version: .canary(certain), reason: .weight, weight: total, total: total))
        }
        var source = WeightDraw.Source.sequence(canaries[drawing].sequence)
        switch clientKey {
        case .none:
            break
        case .one(let key):
            if values.value(of: key).count > 0 { source = .key(key) }
            if let trace { record(key, values, trace) }
        case .made, .joined:
            source = rareSource(values, trace) ?? source
        }
        return .weigh(WeightDraw(source: source, canary: drawing, weight: Int(bound), total: total, excluded: round.excluded))
    }

    /// What the roll comes from where the key is made or has several parts; nil if a part is missing.
    private func rareSource(_ values: borrowing RequestValues, _ trace: DecisionTrace?) -> WeightDraw.Source? {
        var isWhole = true
        for key in canaries[drawing].hashKeys {
            if let trace { record(key, values, trace) }
            if values.value(of: key).count == 0 { isWhole = false }
        }
        if case .made(let key) = clientKey { return isWhole ? .key(key) : .newKey(key) }
        return isWhole ? .joinedKeys : nil
    }

    private func record(_ key: Int, _ values: borrowing RequestValues, _ trace: DecisionTrace) {
        let value = values.value(of: key)
        let instead = canaries[drawing].hashCookie == nil ? "by request" : "a new one is made and set"
        trace.record(
            .weight, canaries[drawing].name, .undecided,
            value.count > 0 ? "the client is \(keyText(key)) \(quoted(value))" : "no \(keyText(key)), so \(instead)")
    }

    func keyText(_ key: Int) -> String {
        keys.indices.contains(key) ? keys[key].description : "key \(key)"
    }

    func quoted(_ bytes: Span<UInt8>) -> String {
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        return "\"" + String(decoding: copy, as: UTF8.self) + "\""
    }
}

extension PatternResult {
    var outcome: DecisionTrace.Outcome {
        switch self {
        case .match: .canary
        case .noMatch: .undecided
        case .error: .stable
        }
    }

    var words: String {
        switch self {
        case .match: "matches"
        case .noMatch: "does not match"
        case .error: "is too much work for"
        }
    }
}
