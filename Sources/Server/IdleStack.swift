/// What waits to be used again, last in, first out: as many as were lately in use at a time, however many those are, and no more
/// for long. A fixed bound would either hold memory that nobody needs or, under more load than it foresaw, free and make again
/// for every request.
struct IdleStack<Element> {
    /// Kept through any lull.
    let floor: Int
    private var elements: [Element] = []
    /// The smallest number that has waited since the last `trim`: so many were not needed.
    private var fewest = 0

    init(floor: Int) {
        self.floor = floor
    }

    var count: Int { elements.count }

    mutating func push(_ element: consuming Element) { elements.append(element) }

    mutating func pop() -> Element? {
        let element = elements.popLast()
        fewest = min(fewest, elements.count)
        return element
    }

    /// To be called at equal intervals: gives up half of what was not needed in the last one, beginning with what has waited longest.
    mutating func trim() {
        let surplus = min((fewest + 1) / 2, elements.count - floor)
        if surplus > 0 { elements.removeFirst(surplus) }
        fewest = elements.count
    }

    mutating func removeAll() {
        if !elements.isEmpty { elements.removeAll() }
        fewest = 0
    }

    func forEach(_ body: (Element) -> Void) { elements.forEach(body) }
}
