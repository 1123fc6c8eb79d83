import Addressing
import Exchange
import Reactor
import Synchronization

/// Lets so many requests of the whole process through to one endpoint at a time, and has others wait for their turn, first come, first
/// served. There is one only for endpoints of backends whose number of connections is limited.
final class EndpointGate: Sendable {
    /// A request that waits.
    struct Waiter: Sendable {
        /// Where its worker is told that it is its turn.
        let mailbox: Mailbox<WorkerMessage>
        let worker: Int
        /// Of the worker's waiters.
        let number: UInt64
        let client: Token
    }

    enum Entry {
        /// To be left again.
        case entered
        /// `WorkerMessage.turn` will come.
        case waits
        /// The queue is full.
        case refused
    }

    private struct State {
        /// Those let through; those whose turn it is, although they do not know it yet, included.
        var active = 0
        var waiting: [Waiter] = []
    }

    private let state = Mutex(State())

    /// Without waiting.
    func enterAtOnce(limit: Int) -> Bool {
        state.withLock { state in
            guard state.waiting.isEmpty, state.active < limit else { return false }
            state.active += 1
            return true
        }
    }

    /// - Parameters:
    ///   - limit: requests at a time, >= 1; a reload may change it.
    ///   - queue: requests that may wait.
    func enter(limit: Int, queue: Int, _ waiter: Waiter) -> Entry {
        if enterAtOnce(limit: limit) { return .entered }
        let (entry, turns) = state.withLock { state in
            guard state.waiting.count < queue else { return (Entry.refused, [Waiter]()) }
            state.waiting.append(waiter)
            return (.waits, Self.next(&state, limit))
        }
        tell(turns)
        return entry
    }

    /// Whoever may go by the new limit does not wait until another one leaves: with tunnels that may take hours.
    func limitChanged(to limit: Int) {
        tell(state.withLock { Self.next(&$0, limit) })
    }

    func leave(limit: Int) {
        let turns = state.withLock { state in
            state.active -= 1
            return Self.next(&state, limit)
        }
        tell(turns)
    }

    /// It waits no longer. If that is too late, and its turn has come, whoever gets the message leaves.
    func giveUp(_ waiter: UInt64, of worker: Int) {
        state.withLock { state in
            // All wait equally long: it is near the front.
            guard let index = state.waiting.firstIndex(where: { $0.number == waiter && $0.worker == worker }) else { return }
            state.waiting.remove(at: index)
        }
    }

    private static func next(_ state: inout State, _ limit: Int) -> [Waiter] {
        // Without a limit any more, all may go.
        let count = min(state.waiting.count, limit > 0 ? max(limit - state.active, 0) : .max)
        let turns = Array(state.waiting.prefix(count))
        state.waiting.removeFirst(count)
        state.active += count
        return turns
    }

    private func tell(_ turns: [Waiter]) {
        for waiter in turns { waiter.mailbox.post(.turn(self, waiter: waiter.number, client: waiter.client)) }
    }
}

/// The gates of a process, by address. Those that no worker uses any more are forgotten.
final class EndpointGates: Sendable {
    private struct Reference {
        weak var gate: EndpointGate?
    }

    private let gates = Mutex<[SocketAddress: Reference]>([:])

    func gate(at address: SocketAddress) -> EndpointGate {
        gates.withLock { gates in
            if let known = gates[address]?.gate { return known }
            gates = gates.filter { $0.value.gate != nil }
            let gate = EndpointGate()
            gates[address] = Reference(gate: gate)
            return gate
        }
    }
}
