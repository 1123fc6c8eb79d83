/// What `Route.decide` came to.
public enum Verdict: Equatable, Sendable {
    case chosen(Choice)
    /// The weight decides: `Route.weigh` with a roll of `WeightDraw.source`.
    case weigh(WeightDraw)
}

/// A roll that a decision waits for.
public struct WeightDraw: Equatable, Sendable {
    public enum Source: Equatable, Sendable {
        /// The next point of this sequence of `RollSource`.
        case sequence(Int)
        /// The hash of the value of this key, which is present and not empty.
        case key(Int)
        /// The same, but the value of the key is absent and has to be made: `RequestValues.set` before the roll.
        case newKey(Int)
        /// The hash of the values of all hash keys of the canary, which are present and not empty.
        case joinedKeys
    }

    public let source: Source
    /// The canary whose salt and keys count, an index into the route's canaries.
    public let canary: Int
    /// What all canaries of the route get together, of `total`.
    public let weight: Int
    public let total: Int
    /// A bit for each canary that a rule has ruled out.
    let excluded: UInt64
}
