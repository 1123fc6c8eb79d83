/// What the heads of a route's requests and responses say about the decision, and what its canaries change of them, by version.
public final class RouteMarks: Sendable {
    private let stable: VersionMarks
    /// By canary.
    private let canaries: [VersionMarks]

    /// Nil if no canary has marks or changes anything.
    init?(_ canaries: [Canary]) {
        guard canaries.contains(where: { !$0.marks.isEmpty || $0.pin != nil || !$0.edits.isEmpty }) else { return nil }
        stable = VersionMarks(chosen: nil, of: canaries)
        self.canaries = canaries.indices.map { VersionMarks(chosen: $0, of: canaries) }
    }

    /// Of the version that answers.
    public func marks(of version: Version) -> VersionMarks {
        switch version {
        case .stable: stable
        case .canary(let index): canaries[index]
        }
    }
}
