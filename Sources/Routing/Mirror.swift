/// The share of a stable version's requests of which a canary gets copies, whose answers nobody sees.
public struct Mirror: Equatable, Sendable {
    /// The field that tells a copy from a request; what a client says in it does not pass to either version of the route.
    public static let field = FieldEdits.Field(name: "X-Shadow", value: "1")

    /// `1...total`.
    public let share: Int
    public let total: Int
    /// Of `RollSource`: the copies' own, so that they fall on all kinds of requests whatever the weight picks.
    public let sequence: Int

    /// A share beyond the total is all, a total below 1 counts as 100.
    public init(share: Int, total: Int = 100, sequence: Int) {
        self.total = total < 1 ? 100 : total
        self.share = min(max(share, 1), self.total)
        self.sequence = sequence
    }

    /// Whether the next of the requests is copied.
    public func takesNext(_ rolls: RollSource) -> Bool {
        WeightRange.bucket(of: rolls.next(sequence, weight: share, total: total), total: total) < UInt64(share)
    }

    /// In words: `copies 5/100 of stable's requests`.
    public var text: String { "copies \(share)/\(total) of stable's requests" }
}
