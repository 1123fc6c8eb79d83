import Reactor
@testable import Server
import Synchronization
import TestSupport
import Testing

/// Gates and rooms as workers use them, all at once.
@Suite struct GateConcurrencyTests {
    private static let limit = 2

    /// One of several that the workers have in common, and how many it has let in.
    private final class Place: Sendable {
        let gate = EndpointGate()
        let inside = Atomic<Int>(0)

        func hasLetIn() -> Bool { inside.add(1, ordering: .relaxed).newValue <= limit }

        var isFree: Bool { inside.load(ordering: .relaxed) < limit }

        func leave(copy: UInt64? = nil) {
            inside.subtract(1, ordering: .relaxed)
            gate.leave(limit: limit, copy: copy)
        }
    }

    /// What all workers share.
    private final class Process: Sendable {
        let gates = EndpointGates()
        let places = (0..<3).map { _ in Place() }
        /// Of all places, and of the first two.
        let rooms = (0..<2).map { _ in WaitingRoom() }

        func place(behind gate: EndpointGate) -> Place? { places.first { $0.gate === gate } }
    }

    /// A worker. Unchecked: only one thread at a time has it.
    private final class Client: @unchecked Sendable {
        private let process: Process
        private let mailbox: Mailbox<WorkerMessage>
        private var random: SeededGenerator
        private var held: [(place: Place, copy: UInt64?)] = []
        private var waits: [(room: WaitingRoom, places: [Place], ticket: UInt64)] = []
        private(set) var isWithinLimit = true

        init(_ process: Process, seed: UInt64) throws {
            self.process = process
            mailbox = try Mailbox()
            random = SeededGenerator(seed: seed)
        }

        func run(rounds: Int) {
            for _ in 0..<rounds {
                switch random.below(8) {
                case 0 where !waits.isEmpty:
                    let (room, _, ticket) = waits.remove(at: random.below(waits.count))
                    room.giveUp(ticket)
                case 1: enter(isCopy: true)
                case 2, 3, 4: enter(isCopy: false)
                default: if !held.isEmpty { leave(random.below(held.count)) }
                }
                takeTurns()
            }
        }

        private func enter(isCopy: Bool) {
            let place = random.pick(process.places), ticket = process.gates.takeTicket()
            let copy = isCopy ? EndpointGate.Copy(mailbox: mailbox, ticket: ticket) : nil
            if place.gate.enterAtOnce(limit: GateConcurrencyTests.limit, as: copy) { return hold(place, copy?.ticket) }
            guard !isCopy else { return }
            let choice = random.below(3)
            let room = choice == 2 ? place.gate.room : process.rooms[choice]
            let places = choice == 2 ? [place] : Array(process.places.prefix(3 - choice))
            let waiter = WaitingRoom.Waiter(mailbox: mailbox, client: Token(slot: 0, generation: 0), ticket: ticket)
            guard room.join(waiter, at: places.map(\.gate), limit: GateConcurrencyTests.limit, capacity: 5) else { return }
            waits.append((room, places, ticket))
        }

        private func hold(_ place: Place, _ copy: UInt64?) {
            isWithinLimit = place.hasLetIn() && isWithinLimit
            held.append((place, copy))
        }

        private func leave(_ index: Int) {
            let (place, copy) = held.remove(at: index)
            place.leave(copy: copy)
        }

        /// Whether there was any message.
        @discardableResult
        func takeTurns() -> Bool {
            let messages = mailbox.takeAll()
            for message in messages {
                switch message {
                case .turn(let gate, let ticket, _):
                    guard let place = process.place(behind: gate) else { continue }
                    hold(place, nil)
                    let index = waits.firstIndex { $0.ticket == ticket }
                    if let index { waits.remove(at: index) } else { leave(held.count - 1) }
                case .giveWay(let copy):
                    if let index = held.firstIndex(where: { $0.copy == copy }) { leave(index) }
                default: break
                }
            }
            return !messages.isEmpty
        }

        /// Lets go of all that it has; whether there was anything.
        func end() -> Bool {
            let hadTurns = takeTurns(), isHolding = !held.isEmpty
            while !held.isEmpty { leave(0) }
            return hadTurns || isHolding
        }

        /// It waits, although there is a place.
        var isForgotten: Bool { waits.contains { $0.places.contains { $0.isFree } } }
    }

    /// Nobody is forgotten, no place is lost, and no endpoint gets more than it may.
    @Test(arguments: 1...4) func everyTurnComesOnce(_ seed: UInt64) async throws {
        let process = Process()
        let clients = try (0..<4).map { try Client(process, seed: seed * 4 + $0) }
        for _ in 0..<200 {
            await withTaskGroup { group in
                for client in clients { group.addTask { client.run(rounds: 20) } }
            }
            while clients.count(where: { $0.takeTurns() }) > 0 {}
            #expect(!clients.contains { $0.isForgotten })
        }
        #expect(clients.allSatisfy { $0.isWithinLimit })
        while clients.count(where: { $0.end() }) > 0 {}
        for place in process.places {
            #expect((0...Self.limit).count { _ in place.gate.enterAtOnce(limit: Self.limit) } == Self.limit)
        }
    }
}
