import Reactor
import Testing
@testable import Server

@Suite struct ShortagesTests {
    private static let (one, other) = (Token(slot: 1, generation: 1), Token(slot: 2, generation: 1))

    @Test func whoFailsIsTriedOnceATurn() {
        var shortages = Shortages()
        #expect(shortages.isEmpty && shortages.takeDue().isEmpty)
        let both = [shortages.wait(Self.one), shortages.wait(Self.one), shortages.wait(Self.other)]
        #expect(both == [true, true, true])
        #expect(Set(shortages.takeDue()) == [Self.one, Self.other])
        let again = shortages.wait(Self.other)
        #expect(again)
        #expect(shortages.takeDue() == [Self.other], "the first one did not fail again")
        #expect(shortages.takeDue().isEmpty && shortages.isEmpty)
    }

    @Test func whoFailsForTooLongIsGivenUp() {
        var shortages = Shortages()
        var tries = 0
        while shortages.wait(Self.one), tries < 2 * Shortages.limit {
            tries += 1
            #expect(shortages.takeDue() == [Self.one])
        }
        #expect(tries == Shortages.limit)
        #expect(shortages.isEmpty, "what comes later is counted anew")
        let later = shortages.wait(Self.one)
        #expect(later)
    }
}
