import Testing
@testable import TLS

/// Keys of tickets on their way to the next process.
@Suite struct SessionTicketsTests {
    private static let start = 1_700_000_000

    private static func keys(_ count: Int) throws -> TicketKeys {
        let keys = TicketKeys()
        for number in 0..<count { _ = try #require(keys.sealing(at: start + number * TicketKeys.lifetime)) }
        return keys
    }

    private static func names(_ keys: TicketKeys) -> [[UInt8]] {
        keys.all.map { key in key.name.indices.map { key.name[$0] } + key.cipherKey.indices.map { key.cipherKey[$0] } + key.macKey.indices.map { key.macKey[$0] } }
    }

    @Test(arguments: 1...TicketKeys.kept) func theNextProcessHasTheSameKeys(_ count: Int) throws {
        let keys = try Self.keys(count), next = TicketKeys()
        let now = Self.start + (count - 1) * TicketKeys.lifetime
        let bytes = SessionTickets.export(of: keys)
        #expect(bytes.count <= SessionTickets.sizeLimit)
        #expect(SessionTickets.adopt(bytes, into: next, at: now))
        #expect(Self.names(next) == Self.names(keys))
        #expect(next.all.map(\.madeAt) == keys.all.map(\.madeAt))
        let sealing = try #require(next.sealing(at: now + 1))
        #expect(sealing.madeAt == now, "it goes on with the newest")
    }

    @Test func whatIsTooOldStaysBehind() throws {
        let next = TicketKeys()
        #expect(SessionTickets.adopt(SessionTickets.export(of: try Self.keys(2)), into: next, at: Self.start + TicketKeys.sessionLifetime))
        #expect(next.all.map(\.madeAt) == [Self.start + TicketKeys.lifetime])
    }

    @Test func ownKeysStay() throws {
        let next = TicketKeys()
        let own = try #require(next.sealing(at: Self.start + 60))
        #expect(SessionTickets.adopt(SessionTickets.export(of: try Self.keys(1)), into: next, at: Self.start + 60))
        #expect(next.all.map(\.madeAt) == [own.madeAt, Self.start])
    }

    @Test func withoutKeysThereIsNothingToHandOver() {
        #expect(SessionTickets.export(of: TicketKeys()).isEmpty)
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let name: String
        let apply: @Sendable (inout [UInt8]) -> Void
        var testDescription: String { name }
    }

    /// Where the first key's time is.
    private static let time = 6 + 80

    @Test(arguments: [
        Damage(name: "nothing", apply: { $0 = [] }),
        Damage(name: "another mark", apply: { $0[0] ^= 1 }),
        Damage(name: "another version", apply: { $0[4] += 1 }),
        Damage(name: "no keys", apply: { $0 = Array($0.prefix(5)) + [0] }),
        Damage(name: "more keys than there are", apply: { $0[5] += 1 }),
        Damage(name: "more keys than are kept", apply: { bytes in
            bytes[5] = UInt8(TicketKeys.kept + 1)
            for _ in 0..<2 { bytes += bytes[6..<6 + 88] }
        }),
        Damage(name: "a byte too few", apply: { $0.removeLast() }),
        Damage(name: "a byte too many", apply: { $0.append(0) }),
        Damage(name: "from the future", apply: { $0[time + 4] = 0x7F }),
        Damage(name: "from beyond all time", apply: { $0[time] = 0xFF }),
        Damage(name: "not in order", apply: { $0 = Array($0.prefix(6) + $0[94..<182] + $0[6..<94]) }),
        Damage(name: "one twice", apply: { $0 = Array($0.prefix(6) + $0[6..<94] + $0[6..<94]) }),
    ])
    func otherBytesChangeNothing(_ damage: Damage) throws {
        var bytes = SessionTickets.export(of: try Self.keys(2))
        damage.apply(&bytes)
        let next = TicketKeys()
        #expect(!SessionTickets.adopt(bytes, into: next, at: Self.start + TicketKeys.lifetime))
        #expect(next.all.isEmpty)
    }

    @Test func wipingLeavesNothing() {
        var bytes: [UInt8] = [1, 2, 3]
        SessionTickets.wipe(&bytes)
        #expect(bytes == [0, 0, 0])
    }
}
