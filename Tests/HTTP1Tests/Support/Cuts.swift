import Testing

/// The ways an input may arrive: whole, byte by byte, and in two pieces cut at every index.
///
/// Each element lists the lengths of the growing prefixes a reader gets to see.
func everyArrival(of count: Int) -> [[Int]] {
    guard count > 1 else { return [[count]] }
    return [[count], Array(1 ... count)] + (1 ..< count).map { [$0, count] }
}

/// Expects `read` to come to `expected` however the `count` bytes arrive.
func expectSameHoweverItArrives<Outcome: Equatable>(
    _ expected: Outcome, count: Int, sourceLocation: SourceLocation = #_sourceLocation, read: ([Int]) -> Outcome
) {
    for prefixes in everyArrival(of: count) {
        let outcome = read(prefixes)
        guard outcome != expected else { continue }
        let how = prefixes.count == count ? "byte by byte" : "in \(prefixes.count) pieces, \(prefixes[0]) first"
        Issue.record("arriving \(how): \(outcome), not \(expected)", sourceLocation: sourceLocation)
        return
    }
}

/// One row of a table, shown by its name.
protocol NamedCase: Sendable, CustomTestStringConvertible {
    var name: String { get }
}

extension NamedCase {
    var testDescription: String { name }
}
