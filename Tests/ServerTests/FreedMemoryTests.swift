@testable import Server
import Testing

@Suite struct FreedMemoryTests {
    /// MiB that have been freed by the end of each second, and those seconds at which the memory is given back.
    @Test("Much memory goes back once its burst is over", arguments: [
        ("none", [0, 0, 0], []),
        ("little", [8, 16, 16, 16], []),
        ("much, at its end", [20, 40, 60, 60, 60], [3]),
        ("much, at once", [90, 90, 90], [1]),
        ("much, in halves", [64, 96, 112, 120, 124, 126, 127, 127, 127], [6]),
        ("much, and always more", [20, 40, 60, 80, 100, 120], []),
        ("little by little", Array(1...70), [31, 63]),
        ("twice", [90, 90, 91, 180, 180, 180], [1, 4]),
    ] as [(String, [Int], [Int])])
    func bursts(_ name: String, _ freed: [Int], _ expected: [Int]) {
        var memory = FreedMemory()
        let seconds = freed.indices.filter { memory.isWorthTrimming(freed[$0] << 20) }
        #expect(seconds == expected)
    }
}
