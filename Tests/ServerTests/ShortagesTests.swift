import Reactor
import Testing
@testable import Server

@Suite struct ShortagesTests {
    private static let (one, other) = (Token(slot: 1, generation: 1), Token(slot: 2, generation: 1))

    @Test func whoFailsIsTriedOnceATurn() {
        var shortages = Shortages()
        #expect(shortages.isEmpty && shortages.takeDue().isEmpty)
        let both = [shortages.wait(Self.one, now: 5), shortages.wait(Self.one, now: 5), shortages.wait(Self.other, now: 6)]
        #expect(both == [true, true, true])
        #expect(Set(shortages.takeDue()) == [Self.one, Self.other])
        let again = shortages.wait(Self.other, now: 7)
        #expect(again)
        #expect(shortages.takeDue() == [Self.other], "the first one did not fail again")
        #expect(shortages.takeDue().isEmpty && shortages.isEmpty)
    }

    @Test func whoFailsForTooLongIsGivenUp() {
        var shortages = Shortages()
        let end = 5 + Shortages.patience
        for now in [5, 6, end - 1] {
            let waits = shortages.wait(Self.one, now: now)
            #expect(waits)
            #expect(shortages.takeDue() == [Self.one])
        }
        let waits = shortages.wait(Self.one, now: end)
        #expect(!waits)
        #expect(shortages.isEmpty)
        let later = shortages.wait(Self.one, now: end)
        #expect(later, "what comes later is another want")
    }
}
