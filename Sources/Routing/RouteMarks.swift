/// What the heads of a route's requests and responses say about the decision, and what its canaries change of them, by version.
public final class RouteMarks: Sendable {
    private let stable: VersionMarks
    /// By canary.
    private let canaries: [VersionMarks]
    /// The same for copies; nil for canaries that get none.
    private let copies: [VersionMarks?]

    /// Nil if no canary has marks, changes anything or gets copies.
    init?(_ canaries: [Canary]) {
        guard canaries.contains(where: { !$0.marks.isEmpty || $0.pin != nil || !$0.edits.isEmpty || $0.mirror != nil }) else { return nil }
        stable = VersionMarks(chosen: nil, of: canaries)
        self.canaries = canaries.indices.map { VersionMarks(chosen: $0, of: canaries) }
        copies = canaries.indices.map { canaries[$0].mirror == nil ? nil : VersionMarks(chosen: $0, of: canaries, isCopy: true) }
    }

    /// Of the version that answers.
    public func marks(of version: Version) -> VersionMarks {
        switch version {
        case .stable: stable
        case .canary(let index): canaries[index]
        }
    }

    /// Of the copies that a canary gets.
    public func copyMarks(of canary: Int) -> VersionMarks? { copies[canary] }
}
