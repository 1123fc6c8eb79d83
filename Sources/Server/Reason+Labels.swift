import Routing

extension Reason {
    /// The label of each, in the order of the raw values: how the metrics count them.
    static let labels = allCases.map { "\($0.label)" }
}
