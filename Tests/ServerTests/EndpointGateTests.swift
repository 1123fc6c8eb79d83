import Addressing
import Reactor
@testable import Server
import Testing

@Suite struct EndpointGateTests {
    enum Entry { case entered, waits, refused }

    private let gate = EndpointGate()
    private let mailbox: Mailbox<WorkerMessage>

    init() throws { mailbox = try Mailbox() }

    private func enter(_ number: UInt64, limit: Int = 2, queue: Int = 3) -> Entry {
        if gate.enterAtOnce(limit: limit) { return .entered }
        return wait(number, in: gate.room, at: [gate], limit: limit, queue: queue) ? .waits : .refused
    }

    @discardableResult
    private func wait(
        _ ticket: UInt64, in room: WaitingRoom, at gates: [EndpointGate], excluding: [EndpointGate] = [], limit: Int = 1, queue: Int = 9
    ) -> Bool {
        room.join(
            WaitingRoom.Waiter(
                mailbox: mailbox, client: Token(slot: 0, generation: 0), ticket: ticket, excluded: excluding.map { ObjectIdentifier($0) }),
            at: gates, limit: limit, capacity: queue)
    }

    /// Whose turn has come since the last time.
    private var turns: [UInt64] { places.map(\.ticket) }

    private var places: [(ticket: UInt64, gate: EndpointGate)] {
        mailbox.takeAll().compactMap { if case .turn(let gate, let ticket, _) = $0 { (ticket, gate) } else { nil } }
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

    @Test func nobodyWaitsForWhomThePlaceIsNoUseTo() {
        let other = EndpointGate()
        #expect(other.enterAtOnce(limit: 1) && gate.enterAtOnce(limit: 1))
        let room = WaitingRoom()
        wait(1, in: room, at: [gate, other])
        wait(2, in: room, at: [other], excluding: [gate])
        gate.leave(limit: 1)
        #expect(turns == [1])
        gate.leave(limit: 1)
        #expect(turns == [], "the second one has failed there")
        #expect(gate.enterAtOnce(limit: 1), "and holds up nobody")
        other.leave(limit: 1)
        #expect(turns == [2])
    }

    @Test func whoGivesUpIsPassedOver() {
        for number in UInt64(1)...5 { _ = enter(number, limit: 1, queue: 4) }
        gate.room.giveUp(3)
        gate.room.giveUp(9)
        gate.leave(limit: 1)
        #expect(turns == [2])
        gate.room.giveUp(2)
        gate.leave(limit: 1)
        #expect(turns == [4])
        gate.room.giveUp(5)
        gate.leave(limit: 1)
        #expect(turns == [])
        #expect(gate.enterAtOnce(limit: 1), "nobody waits any more")
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
        EndpointGate.limitChanged(to: limit, at: [gate])
        #expect(turns == expected)
    }

    @Test func aQueueMayHaveNoRoom() {
        #expect(enter(1, limit: 1, queue: 0) == .entered)
        #expect(enter(2, limit: 1, queue: 0) == .refused)
    }

    // MARK: Several endpoints

    private func full(_ count: Int) -> [EndpointGate] {
        (0..<count).map { _ in
            let gate = EndpointGate()
            #expect(gate.enterAtOnce(limit: 1))
            return gate
        }
    }

    @Test func whicheverIsFreeFirstServesWhoeverHasWaitedLongest() {
        let gates = full(3), room = WaitingRoom()
        for ticket in UInt64(1)...4 { wait(ticket, in: room, at: gates) }
        #expect(turns == [])
        for (ticket, gate) in [(1, gates[2]), (2, gates[2]), (3, gates[0]), (4, gates[1])] as [(UInt64, EndpointGate)] {
            gate.leave(limit: 1)
            let places = places
            #expect(places.map(\.ticket) == [ticket] && places.first?.gate === gate)
        }
        for gate in gates { gate.leave(limit: 1) }
        #expect(turns == [], "each has had its turn once")
        #expect(gates.allSatisfy { $0.enterAtOnce(limit: 1) })
    }

    @Test func whereSomebodyWaitsForSeveralNobodyOvertakes() {
        let gates = full(2), room = WaitingRoom()
        wait(1, in: room, at: gates)
        #expect(!gates[1].enterAtOnce(limit: 2))
        gates[0].leave(limit: 1)
        #expect(turns == [1])
        #expect(gates[1].enterAtOnce(limit: 2), "it has gone elsewhere")
    }

    /// It became free after the waiter had looked, and before its gate knew of the room.
    @Test func aPlaceThatBecameFreeMeanwhileIsTaken() {
        let gates = full(2)
        gates[1].leave(limit: 1)
        wait(1, in: WaitingRoom(), at: gates)
        #expect(places.first?.gate === gates[1])
    }

    /// Requests that belong to an endpoint, and those of several backends that share it.
    @Test func ofSeveralRoomsWhoHasWaitedLongestComesFirst() {
        let gates = full(3), one = WaitingRoom(), other = WaitingRoom()
        wait(1, in: one, at: [gates[0], gates[1]])
        wait(2, in: gates[1].room, at: [gates[1]])
        wait(3, in: other, at: [gates[1], gates[2]])
        wait(4, in: one, at: [gates[0], gates[1]])
        for _ in 0..<4 { gates[1].leave(limit: 1) }
        #expect(turns == [1, 2, 3, 4])
    }

    @Test func whoHasFailedAtAnEndpointWaitsForTheOthers() {
        let gates = full(2), room = WaitingRoom()
        wait(1, in: room, at: [gates[1]], excluding: [gates[0]])
        wait(2, in: room, at: gates)
        gates[0].leave(limit: 1)
        #expect(turns == [2])
        gates[0].leave(limit: 1)
        #expect(turns == [])
        wait(3, in: room, at: gates)
        #expect(turns == [3], "nobody before it has use for the place")
        gates[1].leave(limit: 1)
        #expect(turns == [1])
    }

    @Test func whoDoesNotTakeItsTurnIsBackAtItsPlace() {
        let gates = full(2), room = WaitingRoom()
        for ticket in UInt64(1)...3 { wait(ticket, in: room, at: gates) }
        gates[0].leave(limit: 1)
        #expect(turns == [1])
        wait(1, in: room, at: [gates[1]], excluding: [gates[0]], queue: .max)
        gates[0].leave(limit: 1)
        #expect(turns == [2])
        gates[1].leave(limit: 1)
        #expect(turns == [1], "before the third")
    }

    @Test func aHigherLimitIsDealtOutOverTheEndpoints() {
        let gates = full(2), room = WaitingRoom()
        for ticket in UInt64(1)...5 { wait(ticket, in: room, at: gates) }
        EndpointGate.limitChanged(to: 3, at: gates)
        let places = places
        #expect(places.map(\.ticket) == [1, 2, 3, 4])
        #expect(places.count { $0.gate === gates[0] } == 2)
        EndpointGate.limitChanged(to: 0, at: gates)
        #expect(turns == [5])
    }

    // MARK: Copies

    /// The copies that have been told since the last time.
    private var giving: [UInt64] {
        mailbox.takeAll().compactMap { if case .giveWay(let copy) = $0 { copy } else { nil } }
    }

    private func enter(copy ticket: UInt64, _ gate: EndpointGate, limit: Int = 2) -> Bool {
        gate.enterAtOnce(limit: limit, as: EndpointGate.Copy(mailbox: mailbox, ticket: ticket))
    }

    @Test func eachOneWhoWaitsHasOneCopyGiveWay() {
        let entered = (UInt64(1)...3).map { enter(copy: $0, gate) }
        #expect(entered == [true, true, false])
        for ticket in UInt64(4)...6 { wait(ticket, in: gate.room, at: [gate], limit: 2) }
        #expect(giving == [2, 1], "the third one waits for one of the others")
        gate.leave(limit: 2, copy: 2)
        gate.leave(limit: 2, copy: 1)
        #expect(turns == [4, 5])
    }

    @Test func aCopyThatIsOverIsNotTold() {
        for ticket in UInt64(1)...2 { #expect(enter(copy: ticket, gate)) }
        gate.leave(limit: 2, copy: 2)
        #expect(gate.enterAtOnce(limit: 2))
        wait(3, in: gate.room, at: [gate], limit: 2)
        wait(4, in: gate.room, at: [gate], limit: 2)
        #expect(giving == [1])
    }

    /// What a copy makes room for needs no room in the queue.
    @Test func whereACopyGivesWayNobodyIsRefused() {
        #expect(enter(copy: 1, gate, limit: 1))
        #expect(enter(2, limit: 1, queue: 0) == .waits)
        #expect(enter(3, limit: 1, queue: 0) == .refused)
        #expect(giving == [1])
    }

    @Test func copiesDoNotPassWhoWaits() {
        let gates = full(2)
        wait(1, in: WaitingRoom(), at: gates)
        #expect(!enter(copy: 2, gates[0]))
    }

    @Test func ofSeveralEndpointsOneCopyGivesWay() {
        let gates = (0..<3).map { _ in EndpointGate() }
        for (index, gate) in gates.enumerated() { #expect(enter(copy: UInt64(index), gate, limit: 1)) }
        wait(7, in: WaitingRoom(), at: gates)
        #expect(giving == [0])
    }

    // MARK: All of a process

    @Test func allWorkersHaveTheSameGatesAndRooms() {
        let gates = EndpointGates()
        let one = SocketAddress.ipv4(address: 0x7F00_0001, port: 1), two = SocketAddress.ipv4(address: 0x7F00_0001, port: 2)
        let gate = gates.gate(at: one), room = gates.room(of: [one, two])
        #expect(gates.gate(at: one) === gate)
        #expect(gates.gate(at: two) !== gate)
        #expect(gates.room(of: [one, two]) === room)
        #expect(gates.room(of: [one]) !== room)
        #expect(gates.takeTicket() < gates.takeTicket())
    }
}
