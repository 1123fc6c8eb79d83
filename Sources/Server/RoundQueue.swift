/// Elements that are served one after the other, in rounds: whoever comes back while a round is under way belongs to the next one.
struct RoundQueue<Element> {
    /// The rest of the round, its first element last.
    private var round: [Element] = []
    private var comers: [Element] = []

    var isEmpty: Bool { round.isEmpty && comers.isEmpty }

    mutating func append(_ element: Element) { comers.append(element) }

    /// Begins another round, unless the last one is not over yet.
    mutating func beginRound() {
        guard round.isEmpty else { return }
        swap(&round, &comers)
        round.reverse()
    }

    /// Nil at the end of the round.
    mutating func next() -> Element? { round.popLast() }
}
