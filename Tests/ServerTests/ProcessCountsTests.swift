import Addressing
@testable import Server
import Testing

@Suite struct ProcessCountsTests {
    private static let one = IPAddress("10.0.0.1"), two = IPAddress("10.0.0.2")

    private func isAdmitted(_ admission: ProcessCounts.Admission) -> Bool {
        if case .admitted = admission { true } else { false }
    }

    private func admit(_ counts: ProcessCounts, _ peer: IPAddress?, limit: Int = 0, each: Int = 0) -> Bool {
        isAdmitted(counts.admit(peer, limit: limit, limitPerClient: each))
    }

    @Test func theProcessHasALimit() {
        let counts = ProcessCounts()
        #expect((0..<5).map { _ in admit(counts, Self.one, limit: 3) } == [true, true, true, false, false])
        #expect(counts.clientConnections == 3, "who is refused is not counted")
        counts.leave(Self.one, countsAddress: false)
        #expect(admit(counts, Self.two, limit: 3))
        #expect(!admit(counts, Self.two, limit: 3))
    }

    @Test func soHasEachClient() {
        let counts = ProcessCounts()
        #expect((0..<3).map { _ in admit(counts, Self.one, each: 2) } == [true, true, false])
        #expect(admit(counts, Self.two, each: 2))
        #expect(counts.clientConnections == 3)
        counts.leave(Self.one, countsAddress: true)
        #expect(admit(counts, Self.one, each: 2))
        #expect(!admit(counts, Self.one, each: 2))
    }

    @Test func zeroIsNoLimit() {
        let counts = ProcessCounts()
        for _ in 0..<1000 { #expect(admit(counts, Self.one)) }
        #expect(counts.clientConnections == 1000)
    }

    @Test func aPeerWithoutAnAddressHasNoLimitOfItsOwn() {
        let counts = ProcessCounts()
        for _ in 0..<10 { #expect(admit(counts, nil, each: 1)) }
    }

    @Test func handshakesHaveALimitOfTheirOwn() {
        let counts = ProcessCounts()
        #expect((0..<5).map { _ in counts.beginHandshake(limit: 3) } == [true, true, true, false, false])
        #expect(counts.tlsHandshakes == 3, "who is refused is not counted")
        #expect(counts.clientConnections == 0)
        counts.endHandshake()
        #expect(counts.beginHandshake(limit: 3))
        #expect(!counts.beginHandshake(limit: 1), "a reload may make it less")
        for _ in 0..<3 { counts.endHandshake() }
        #expect(counts.tlsHandshakes == 0)
    }

    /// A limit that comes with a reload while clients are connected counts only those that come after it.
    @Test func theAddressIsOnlyCountedWhereItIsLimited() {
        let counts = ProcessCounts()
        guard case .admitted(let early) = counts.admit(Self.one, limit: 0, limitPerClient: 0) else { Issue.record("refused"); return }
        guard case .admitted(let late) = counts.admit(Self.one, limit: 0, limitPerClient: 1) else { Issue.record("refused"); return }
        #expect(!early)
        #expect(late)
        counts.leave(Self.one, countsAddress: early)
        #expect(!admit(counts, Self.one, each: 1), "the one that counts is still there")
        counts.leave(Self.one, countsAddress: late)
        #expect(admit(counts, Self.one, each: 1))
    }
}
