import Testing

@testable import Server

@Suite struct IdleStackTests {
    /// What one interval does to a stack: so many are taken at a time and given back.
    struct Case: CustomTestStringConvertible {
        let name: String
        let floor: Int
        let waiting: Int
        /// The most in use at a time, by interval.
        let peaks: [Int]
        /// What waits after each `trim`.
        let expected: [Int]
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "all are needed", floor: 2, waiting: 8, peaks: [8, 8, 8], expected: [8, 8, 8]),
        Case(name: "half of what is not needed goes", floor: 0, waiting: 8, peaks: [8, 4, 4], expected: [8, 6, 5]),
        Case(name: "a lull ends at the floor", floor: 2, waiting: 16, peaks: [16, 0, 0, 0, 0, 0], expected: [16, 8, 4, 2, 2, 2]),
        Case(name: "without a floor nothing is left", floor: 0, waiting: 5, peaks: [5, 0, 0, 0, 0], expected: [5, 2, 1, 0, 0]),
        Case(name: "fewer than the floor stay", floor: 10, waiting: 3, peaks: [0, 0], expected: [3, 3]),
    ]

    @Test(arguments: cases) func trims(_ test: Case) {
        var stack = IdleStack<Int>(floor: test.floor)
        for number in 0..<test.waiting { stack.push(number) }
        for (peak, expected) in zip(test.peaks, test.expected) {
            let taken = (0..<peak).compactMap { _ in stack.pop() }
            taken.reversed().forEach { stack.push($0) }
            stack.trim()
            #expect(stack.count == expected)
        }
    }

    @Test func theLastInIsTheFirstOutAndTheOldestGoFirst() {
        var stack = IdleStack<Int>(floor: 0)
        for number in 0..<4 { stack.push(number) }
        stack.trim()  // nothing is known of the time before
        stack.trim()
        #expect(stack.count == 2)
        #expect(stack.pop() == 3)
        #expect(stack.pop() == 2)
        #expect(stack.pop() == nil)
    }
}
