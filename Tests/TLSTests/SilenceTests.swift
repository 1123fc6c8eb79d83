import COpenSSL
import TestCertificates
import Testing
@testable import TLS

/// Records that cost us and say nothing, or next to nothing.
@Suite struct SilenceTests {
    private static func duet() throws -> Duet {
        let authority = try TestAuthority()
        let context = try TLSContext.of([("a", ["shop.test"], [try authority.issue("shop.test")])])
        var options = TestClient.Options()
        options.minimumVersion = TLS1_3_VERSION
        let duet = Duet(context, options)
        #expect(duet.handshake() == .bytes(0))
        return duet
    }

    private static func changeKeys(_ duet: Duet, asking: Bool = false) {
        duet.client.changeKeys(asking: asking)
        duet.send(duet.client.take())
    }

    @Test(arguments: [false, true])
    func someChangesOfKeysAreAllowed(asking: Bool) throws {
        let duet = try Self.duet()
        for round in 0..<5 {
            for _ in 0..<3 { Self.changeKeys(duet, asking: asking) }
            duet.client.write("round \(round)")
            duet.carry()
            #expect(duet.read().bytes == Array("round \(round)".utf8))
        }
    }

    /// A long upload changes its keys now and then.
    @Test func textMakesUpForThem() throws {
        let duet = try Self.duet()
        for _ in 0..<200 {
            duet.client.write([UInt8](repeating: 7, count: 64 << 10))
            for _ in 0..<8 { duet.carry() }
            Self.changeKeys(duet)
            #expect(duet.read().end == .wantsRead)
        }
    }

    @Test(arguments: [false, true])
    func aFloodOfThemEndsTheConnection(asking: Bool) throws {
        let duet = try Self.duet()
        for _ in 0..<100 { Self.changeKeys(duet, asking: asking) }
        #expect(duet.read().end == .failed(.flooded))
        #expect(duet.server.sayGoodbye(), "there is nothing more to say")
    }

    /// Also one that comes little by little.
    @Test func theyAreCountedOverManyReads() throws {
        let duet = try Self.duet()
        var end = TLSOutcome.wantsRead
        for _ in 0..<100 where end == .wantsRead {
            Self.changeKeys(duet)
            end = duet.read().end
        }
        #expect(end == .failed(.flooded))
    }

    /// Nobody waits long for a client that cuts its text into the smallest records.
    @Test func aReadEndsAfterSomeRecords() throws {
        let duet = try Self.duet()
        for index in 0..<200 { duet.client.write([UInt8(index)]) }
        duet.send(duet.client.take())
        var space = [UInt8](repeating: 0, count: 1000)
        var span = space.mutableSpan
        #expect(duet.server.receive(into: &span) == .bytes(64))
        #expect(duet.server.mayHaveMore)
        #expect(Array(space.prefix(64)) + duet.read().bytes == (0..<200).map(UInt8.init))
    }
}
