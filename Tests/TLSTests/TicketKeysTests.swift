import Testing
@testable import TLS

@Suite struct TicketKeysTests {
    private static let start = 1_000_000

    @Test func oneKeySealsForItsLifetime() throws {
        let keys = TicketKeys()
        let first = try #require(keys.sealing(at: Self.start))
        let same = try #require(keys.sealing(at: Self.start + TicketKeys.lifetime - 1))
        let next = try #require(keys.sealing(at: Self.start + TicketKeys.lifetime))
        #expect(Self.bytes(first.name) == Self.bytes(same.name))
        #expect(Self.bytes(first.name) != Self.bytes(next.name))
        #expect(first.cipherKey.indices.contains { first.cipherKey[$0] != next.cipherKey[$0] })
        #expect(first.macKey.indices.contains { first.macKey[$0] != next.macKey[$0] })
    }

    @Test func anOldKeyOpensUntilItsSessionsAreOver() throws {
        let keys = TicketKeys()
        let first = try #require(keys.sealing(at: Self.start))
        let young = keys.opening(first.name.span, at: Self.start)
        #expect(young?.isOld == false)
        let second = try #require(keys.sealing(at: Self.start + TicketKeys.lifetime))
        let opened = keys.opening(first.name.span, at: Self.start + TicketKeys.lifetime)
        #expect(opened?.isOld == true, "the ticket is to be replaced")
        #expect((opened?.key.name).map(Self.bytes) == Self.bytes(first.name))
        let newest = keys.opening(second.name.span, at: Self.start + TicketKeys.lifetime)
        #expect(newest?.isOld == false)
        #expect(keys.opening(first.name.span, at: Self.start + TicketKeys.sessionLifetime) == nil)
    }

    @Test func onlyAFewAreKept() throws {
        let keys = TicketKeys()
        let made = try (0...TicketKeys.kept).map { try #require(keys.sealing(at: Self.start + $0 * TicketKeys.lifetime)) }
        // Asked as of the first one's time, so that its age is no reason.
        #expect(keys.opening(made[0].name.span, at: Self.start) == nil)
        for key in made.dropFirst() { #expect(keys.opening(key.name.span, at: Self.start) != nil) }
    }

    @Test func aNameThatIsNoneOpensNothing() {
        let keys = TicketKeys()
        _ = keys.sealing(at: Self.start)
        #expect(keys.opening([UInt8](repeating: 0, count: 16).span, at: Self.start) == nil)
        #expect(keys.opening([1, 2, 3].span, at: Self.start) == nil)
    }

    private static func bytes(_ name: InlineArray<16, UInt8>) -> [UInt8] { name.indices.map { name[$0] } }
}
