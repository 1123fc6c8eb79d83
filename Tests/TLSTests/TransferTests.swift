import COpenSSL
import TestCertificates
import Testing
@testable import TLS

@Suite struct TransferTests {
    private static func duet(version: Int32 = TLS1_3_VERSION, buffer: Int32? = nil) throws -> Duet {
        let authority = try TestAuthority()
        let context = try TLSContext.of([("a", ["shop.test"], [try authority.issue("shop.test")])])
        var options = TestClient.Options()
        options.maximumVersion = version
        let duet = Duet(context, options, buffer: buffer)
        #expect(duet.handshake() == .bytes(0))
        return duet
    }

    private static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]

    private static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

    @Test(arguments: versions)
    func manyRecordsAreReadInOneGo(version: Int32) throws {
        let duet = try Self.duet(version: version)
        for index in 0..<50 { duet.client.write("message \(index);") }
        duet.send(duet.client.take())
        var space = [UInt8](repeating: 0, count: 64 << 10)
        var span = space.mutableSpan
        let wanted = (0..<50).map { "message \($0);" }.joined()
        #expect(duet.server.receive(into: &span) == .bytes(wanted.utf8.count))
        #expect(String(decoding: space.prefix(wanted.utf8.count), as: UTF8.self) == wanted)
        #expect(!duet.server.mayHaveMore, "nothing is left behind for which no event would come")
    }

    @Test(arguments: versions)
    func littleRoomLeavesARest(version: Int32) throws {
        let duet = try Self.duet(version: version)
        let bytes = Self.pattern(40_000)
        duet.client.write(bytes)
        duet.send(duet.client.take())
        var space = [UInt8](repeating: 0, count: 100)
        var span = space.mutableSpan
        #expect(duet.server.receive(into: &span) == .bytes(100))
        #expect(duet.server.mayHaveMore)
        #expect(Array(space) + duet.read(room: 7000).bytes == bytes)
        #expect(!duet.server.mayHaveMore)
    }

    /// There was no room for all of a record; while it waits, another one comes.
    @Test(arguments: versions, [7000, 64 << 10])
    func whatComesWhileARecordWaitsIsNotForgotten(version: Int32, room: Int) throws {
        let duet = try Self.duet(version: version)
        let bytes = Self.pattern(8000)
        duet.client.write(bytes)
        duet.send(duet.client.take())
        duet.server.noteArrival()
        var space = [UInt8](repeating: 0, count: 1000)
        var span = space.mutableSpan
        #expect(duet.server.receive(into: &span) == .bytes(1000))
        duet.client.write("next")
        duet.send(duet.client.take())
        duet.server.noteArrival()
        var rest: [UInt8] = []
        var reads = 0
        repeat {
            var space = [UInt8](repeating: 0, count: room)
            var span = space.mutableSpan
            guard case .bytes(let count) = duet.server.receive(into: &span) else { break }
            rest += space.prefix(count)
            reads += 1
        } while duet.server.mayHaveMore
        #expect(space + rest == bytes + Array("next".utf8), "no further event would come")
        #expect(reads == (room == 7000 ? 2 : 1), "and none is made to be told that there is nothing")
    }

    /// However much of a record has come: what follows it would be taken for an answer to somebody else (http-edge duty 39).
    @Test(arguments: versions, [true, false])
    func theMiddleOfARecordShows(version: Int32, isBehindAnother: Bool) throws {
        let duet = try Self.duet(version: version)
        #expect(duet.server.isBetweenRecords)
        var cut = 1, length = 0
        repeat {
            if isBehindAnother { duet.client.write("before") }
            let before = duet.client.take()
            duet.client.write("message")
            let record = duet.client.take()
            length = record.count
            duet.send(before + record.prefix(cut))
            duet.server.noteArrival()
            #expect(duet.read().bytes == Array((isBehindAnother ? "before" : "").utf8))
            #expect(!duet.server.isBetweenRecords, "\(cut) bytes of \(length)")
            duet.send(record.dropFirst(cut))
            duet.server.noteArrival()
            #expect(duet.read().bytes == Array("message".utf8))
            #expect(duet.server.isBetweenRecords)
            cut += 1
        } while cut < length
    }

    @Test(arguments: versions)
    func byteByByte(version: Int32) throws {
        let duet = try Self.duet(version: version)
        let bytes = Self.pattern(300)
        duet.client.write(bytes)
        var got: [UInt8] = []
        for byte in duet.client.take() {
            duet.send([byte])
            let (read, end) = duet.read()
            got += read
            #expect(end == .wantsRead)
        }
        #expect(got == bytes)
    }

    /// Every write but the first is offered more than the one before that did not fit, at another place in memory.
    @Test(arguments: versions)
    func aSlowReaderGetsEverythingOnce(version: Int32) throws {
        let duet = try Self.duet(version: version, buffer: 8192)
        let bytes = Self.pattern(1 << 20)
        var sent = 0
        var got: [UInt8] = []
        var stalls = 0
        for round in 0..<100_000 where got.count < bytes.count {
            let offer = Array(bytes[sent..<min(sent + 20_000 + round * 100, bytes.count)])
            switch duet.server.send(offer.span) {
            case .bytes(let count):
                #expect(count <= TLSSession.recordSize)
                sent += count
            case .wantsWrite:
                stalls += 1
                duet.client.give(duet.receive())
                got += duet.client.read()
            case let other:
                Issue.record("\(other)")
                return
            }
            if sent == bytes.count {
                duet.client.give(duet.receive())
                got += duet.client.read()
            }
        }
        #expect(got == bytes)
        #expect(stalls > 10)
    }

    @Test(arguments: versions)
    func goodbyesAreHeardOnBothSides(version: Int32) throws {
        let duet = try Self.duet(version: version)
        duet.client.write("last words")
        duet.client.sayGoodbye()
        duet.send(duet.client.take())
        let (bytes, end) = duet.read()
        #expect(bytes == Array("last words".utf8))
        #expect(end == .closed)
        // Its own half is still open.
        #expect(duet.server.send(Array("answer".utf8).span) == .bytes(6))
        #expect(duet.server.sayGoodbye())
        #expect(duet.server.sayGoodbye(), "once is enough")
        duet.client.give(duet.receive())
        #expect(duet.client.read() == Array("answer".utf8))
        #expect(duet.client.hasHeardGoodbye)
    }

    /// Who no longer reads may have answered before.
    @Test(arguments: versions)
    func whatWasSaidBeforeTheEndIsReadAlthoughWritingFails(version: Int32) throws {
        let duet = try Self.duet(version: version)
        duet.client.write("refused")
        duet.send(duet.client.take())
        duet.hangUp()
        let rest = Array("the rest".utf8)
        #expect(duet.server.send(rest.span) == .failed(.disconnected))
        #expect(duet.server.send(rest.span) == .failed(.disconnected))
        #expect(duet.server.sayGoodbye(), "nobody would hear it")
        let (bytes, end) = duet.read()
        #expect(bytes == Array("refused".utf8))
        #expect(end == .closed)
    }

    @Test func aGoodbyeThatDoesNotFitIsSaidLater() throws {
        let duet = try Self.duet(buffer: 4096)
        duet.fill()
        #expect(!duet.server.sayGoodbye())
        #expect(!duet.server.sayGoodbye())
        _ = duet.receive()
        #expect(duet.server.sayGoodbye())
        duet.client.give(duet.receive())
        _ = duet.client.read()
        #expect(duet.client.hasHeardGoodbye)
    }

    @Test(arguments: versions)
    func anEndWithoutGoodbyeStillLetsAnswer(version: Int32) throws {
        let duet = try Self.duet(version: version)
        duet.client.write("question")
        duet.send(duet.client.take())
        duet.shutDown()
        let (bytes, end) = duet.read()
        #expect(bytes == Array("question".utf8))
        #expect(end == .closed)
        #expect(duet.server.send(Array("answer".utf8).span) == .bytes(6))
        duet.client.give(duet.receive())
        #expect(duet.client.read() == Array("answer".utf8))
    }

    /// Part of a record says nothing: it could be anybody's.
    @Test(arguments: versions)
    func aRecordThatIsCutOffIsNotRead(version: Int32) throws {
        let duet = try Self.duet(version: version)
        duet.client.write("good")
        duet.send(duet.client.take())
        duet.client.write("cut")
        let record = duet.client.take()
        duet.send(record.dropLast())
        #expect(duet.read().bytes == Array("good".utf8))
        duet.shutDown()
        let (bytes, end) = duet.read()
        #expect(bytes.isEmpty)
        #expect(end == .closed)
        #expect(duet.server.send(Array("answer".utf8).span) == .bytes(6), "what was whole gets its answer")
    }

    @Test(arguments: versions)
    func aRecordThatWasChangedEndsIt(version: Int32) throws {
        let duet = try Self.duet(version: version)
        duet.client.write("good")
        duet.send(duet.client.take())
        duet.client.write("bad")
        var record = duet.client.take()
        record[record.count - 1] ^= 1
        duet.send(record)
        let (bytes, end) = duet.read()
        #expect(bytes == Array("good".utf8))
        #expect(end == .failed(.malformed))
        #expect(duet.server.send([1].span) == .failed(.malformed))
        #expect(duet.server.sayGoodbye(), "there is nothing more to say")
    }
}
