import Reactor
import Testing

@Suite struct SlabTests {
    @Test func findsWhatWasInserted() {
        var slab = Slab<String>()
        let tokens = ["a", "b", "c"].map { slab.insert($0) }
        #expect(slab.count == 3)
        #expect(tokens.map { slab[$0] } == ["a", "b", "c"])
        #expect(tokens.map(\.slot) == [0, 1, 2])
    }

    @Test func aStaleTokenNeverReachesTheNextOccupant() {
        var slab = Slab<String>()
        let old = slab.insert("old")
        #expect(slab.remove(old) == "old")
        let new = slab.insert("new")
        #expect(new.slot == old.slot)
        #expect(new != old)
        #expect(slab[old] == nil)
        #expect(slab.remove(old) == nil)
        #expect(slab[new] == "new")
        #expect(slab.count == 1)
    }

    @Test func reusesTheSlotFreedLast() {
        var slab = Slab<Int>()
        let tokens = (0..<4).map { slab.insert($0) }
        slab.remove(tokens[1])
        slab.remove(tokens[3])
        #expect([slab.insert(4), slab.insert(5), slab.insert(6)].map(\.slot) == [3, 1, 4])
    }

    @Test(arguments: [Token(slot: 0, generation: 0), Token(slot: 1, generation: 1), Token(rawValue: .max)])
    func foreignTokensFindNothing(_ token: Token) {
        var slab = Slab<Int>()
        slab.remove(slab.insert(1))
        #expect(slab[token] == nil)
        #expect(slab.remove(token) == nil)
        #expect(slab.isEmpty)
    }

    @Test func walksLiveTokensInOrder() {
        var slab = Slab<Int>()
        let tokens = (0..<5).map { slab.insert($0) }
        slab.remove(tokens[0])
        slab.remove(tokens[3])
        var seen: [Token] = []
        slab.forEachToken { seen.append($0) }
        #expect(seen == [tokens[1], tokens[2], tokens[4]])
    }

    @Test func mayBeEmptiedOnTheWay() {
        var slab = Slab<Int>()
        for number in 0..<100 { _ = slab.insert(number) }
        var from: UInt32 = 0
        var removed: [Int] = []
        while let token = slab.firstToken(fromSlot: from) {
            if let number = slab.remove(token) { removed.append(number) }
            from = token.slot + 1
        }
        #expect(removed == Array(0..<100))
        #expect(slab.isEmpty)
    }

    @Test func aRemovedElementIsLetGo() {
        final class Element {}
        var slab = Slab<Element>()
        weak var observed: Element?
        let token: Token
        do {
            let element = Element()
            observed = element
            token = slab.insert(element)
        }
        #expect(observed != nil)
        slab.remove(token)
        #expect(observed == nil)
    }

    @Test func tokensTravelAsOneNumber() {
        let token = Token(slot: 0x1234_5678, generation: 0x9ABC_DEF0)
        #expect(token.rawValue == 0x9ABC_DEF0_1234_5678)
        #expect(Token(rawValue: token.rawValue) == token)
    }

    /// Thousands of idle connections: 16 bytes a slot for a class reference.
    @Test func slotsAreSmall() {
        final class Element {}
        #expect(Slab<Element>.bytesPerSlot == 16)
    }
}
