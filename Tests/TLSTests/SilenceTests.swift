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
        #expect(duet.server.mayHaveMore && duet.server.hasHadItsShare)
        #expect(Array(space.prefix(64)) + duet.read().bytes == (0..<200).map(UInt8.init))
    }

    // MARK: Records of TLS 1.2

    /// A connection on which records of any kind can be sent.
    private static func line() throws -> (duet: Duet, sealer: RecordSealer) {
        let authority = try TestAuthority()
        let context = try TLSContext.of([("a", ["shop.test"], [try authority.issue("shop.test")])])
        var options = TestClient.Options()
        options.maximumVersion = TLS1_2_VERSION
        options.ciphers = RecordSealer.cipher
        let duet = Duet(context, options)
        #expect(duet.handshake() == .bytes(0))
        return (duet, RecordSealer(duet.client))
    }

    struct Flood: Sendable, CustomTestStringConvertible {
        let name: String
        var count = 300
        let kind: RecordSealer.Kind
        let body: [UInt8]
        let end: TLSOutcome
        var testDescription: String { name }
    }

    private static let warning: [UInt8] = [1, 90]

    @Test(arguments: [
        Flood(name: "a few attempts to negotiate again", count: 10, kind: .handshake, body: ClientHello.bytes(), end: .wantsRead),
        Flood(name: "attempts to negotiate again", kind: .handshake, body: ClientHello.bytes(), end: .failed(.flooded)),
        Flood(name: "many in a record", count: 4, kind: .handshake, body: (0..<100).flatMap { _ in ClientHello.bytes() }, end: .failed(.flooded)),
        // OpenSSL's own limits: 4 warnings, 32 records without anything.
        Flood(name: "a few warnings", count: 4, kind: .alert, body: warning, end: .wantsRead),
        Flood(name: "warnings", kind: .alert, body: warning, end: .failed(.malformed)),
        Flood(name: "a few empty records", count: 32, kind: .text, body: [], end: .wantsRead),
        Flood(name: "empty records", kind: .text, body: [], end: .failed(.malformed)),
        Flood(name: "empty messages", kind: .handshake, body: [], end: .failed(.malformed)),
        Flood(name: "empty alerts", kind: .alert, body: [], end: .failed(.malformed)),
    ])
    func floodsEnd(_ flood: Flood) throws {
        var (duet, sealer) = try Self.line()
        duet.send((0..<flood.count).flatMap { _ in sealer.seal(flood.kind, flood.body) })
        #expect(duet.read().end == flood.end)
        // Each is answered at most, and a flood not to its end.
        #expect(duet.receive().count < 10_000)
        if flood.end == .wantsRead {
            duet.send(sealer.seal(.text, Array("still here".utf8)))
            #expect(duet.read().bytes == Array("still here".utf8))
        }
    }

    /// OpenSSL would read all of it in one go, while all others wait.
    @Test func aMessageOfManyRecordsIsReadInTurns() throws {
        var (duet, sealer) = try Self.line()
        duet.send(ClientHello.bytes(count: 3000).flatMap { sealer.seal(.handshake, [$0]) })
        duet.send(sealer.seal(.text, Array("now".utf8)))
        var space = [UInt8](repeating: 0, count: 1000)
        var turns = 0
        while true {
            var span = space.mutableSpan
            let outcome = duet.server.receive(into: &span)
            guard outcome == .bytes(0), turns < 100 else {
                #expect(outcome == .bytes(3))
                break
            }
            #expect(duet.server.hasHadItsShare && duet.server.mayHaveMore)
            turns += 1
        }
        #expect(turns > 0)
        #expect(Array(space.prefix(3)) == Array("now".utf8))
        #expect(!duet.server.hasHadItsShare)
        #expect(duet.read().end == .wantsRead)
    }

    @Test func soIsTheFirstOne() throws {
        let authority = try TestAuthority()
        let duet = Duet(try TLSContext.of([("a", ["shop.test"], [try authority.issue("shop.test")])]))
        duet.send(ClientHello.bytes(count: 15_000).flatMap { [22, 3, 1, 0, 1, $0] as [UInt8] })
        var turns = 0
        while duet.server.handshake() == .wantsRead, duet.server.hasHadItsShare, turns < 100 { turns += 1 }
        #expect(turns > 0)
        #expect(!duet.receive().isEmpty, "it is answered")
    }
}
