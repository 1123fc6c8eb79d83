internal import Exchange
internal import Routing

/// What the paths of one canary Ingress share.
extension SnapshotCompiler {
    /// One sequence for each canary Ingress; a label has no space.
    mutating func mirror(_ annotations: MirrorAnnotations, of manifest: Manifest) -> Mirror? {
        guard annotations.share > 0 else { return nil }
        let name = manifest.label + " mirror"
        if mirrorSequences[name] == nil {
            mirrorSequences[name] = sequences.count
            sequences.append(name)
        }
        return mirrorSequences[name].map { Mirror(share: annotations.share, total: annotations.total, sequence: $0) }
    }

    /// One for each canary Ingress; its paths share it, and so do the routes of its main Service (R20).
    mutating func match(_ planned: PlannedCanary, log: inout DiagnosticLog) -> HeaderRule.Match {
        if let known = matches[planned.owner.label] { return known }
        let match = headerMatch(planned, log: &log)
        matches[planned.owner.label] = match
        return match
    }

    private func headerMatch(_ planned: PlannedCanary, log: inout DiagnosticLog) -> HeaderRule.Match {
        if let value = planned.annotations.headerValue { return .value(Array(value.utf8)) }
        guard let text = planned.annotations.headerPattern else { return .alwaysNever }
        let key = AnnotationReader(manifest: planned.owner).canary("canary-by-header-pattern")?.key ?? ""
        return PatternText.compile(text, planned.owner, key, log: &log).map(HeaderRule.Match.pattern) ?? .invalidPattern(text)
    }

    /// One sequence for each canary Ingress; its paths share it while the requests of each are split alike, as a sequence is
    /// exact for one weight at a time only. Named so that it is found again after a change of the weights.
    mutating func sequence(_ label: String, _ split: [String]) -> Int {
        let known = sequencePositions[label] ?? [:]
        if let position = known[split] { return position }
        sequencePositions[label, default: [:]][split] = sequences.count
        sequences.append(known.isEmpty ? label : "\(label) \(known.count + 1)")
        return sequences.count - 1
    }
}
