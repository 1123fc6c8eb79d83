import Addressing
import Reactor
@testable import Server
import Testing

@Suite struct EndpointGateTests {
    private let gate = EndpointGate()
    private let mailbox: Mailbox<WorkerMessage>

    init() throws { mailbox = try Mailbox() }

    private func enter(_ number: UInt64, limit: Int = 2, queue: Int = 3) -> EndpointGate.Entry {
        gate.enter(
            limit: limit, queue: queue,
            EndpointGate.Waiter(mailbox: mailbox, worker: 0, number: number, client: Token(slot: 0, generation: 0)))
    }

    /// Whose turn has come since the last time.
    private var turns: [UInt64] {
        mailbox.takeAll().compactMap { if case .turn(_, let waiter, _) = $0 { waiter } else { nil } }
    }

    @Test func firstComeFirstServed() {
        let entries = (UInt64(1)...6).map { enter($0) }
        #expect(entries == [.entered, .entered, .waits, .waits, .waits, .refused])
        #expect(turns == [])
        gate.leave(limit: 2)
        #expect(turns == [3])
        #expect(!gate.enterAtOnce(limit: 2), "nobody overtakes")
        gate.leave(limit: 2)
        gate.leave(limit: 2)
        #expect(turns == [4, 5])
        gate.leave(limit: 2)
        #expect(enter(7) == .entered)
        #expect(turns == [])
    }

    @Test func whoGivesUpIsPassedOver() {
        for number in UInt64(1)...4 { _ = enter(number, limit: 1) }
        gate.giveUp(3, of: 0)
        gate.giveUp(2, of: 1)
        gate.leave(limit: 1)
        #expect(turns == [2], "number 2 of another worker is somebody else")
        gate.leave(limit: 1)
        #expect(turns == [4])
    }

    /// A reload changes it while requests are under way.
    @Test func theLimitMayChange() {
        for number in UInt64(1)...5 { _ = enter(number, limit: 2) }
        gate.leave(limit: 1)
        #expect(turns == [], "one is still there")
        gate.leave(limit: 1)
        #expect(turns == [3])
        gate.leave(limit: 0)
        #expect(turns == [4, 5], "without a limit nobody waits")
    }

    @Test(arguments: [(limit: 1, expected: []), (2, []), (4, [3, 4]), (9, [3, 4, 5]), (0, [3, 4, 5])] as [(limit: Int, expected: [UInt64])])
    func aHigherLimitLetsThoseGoWhoWait(_ limit: Int, expected: [UInt64]) {
        for number in UInt64(1)...5 { _ = enter(number, limit: 2) }
        gate.limitChanged(to: limit)
        #expect(turns == expected)
    }

    @Test func aQueueMayHaveNoRoom() {
        #expect(enter(1, limit: 1, queue: 0) == .entered)
        #expect(enter(2, limit: 1, queue: 0) == .refused)
    }

    @Test func allWorkersHaveTheSameGate() {
        let gates = EndpointGates()
        let one = SocketAddress.ipv4(address: 0x7F00_0001, port: 1), two = SocketAddress.ipv4(address: 0x7F00_0001, port: 2)
        let first = gates.gate(at: one)
        #expect(gates.gate(at: one) === first)
        #expect(gates.gate(at: two) !== first)
    }
}
