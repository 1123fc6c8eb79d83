import Synchronization

/// Lets so many requests of the whole process through to one endpoint at a time; others wait for their turn in a `WaitingRoom`. There is
/// one only for endpoints of backends whose number of connections is limited.
final class EndpointGate: Sendable {
    /// A copy of a request that has entered, until it is told to give way.
    struct Copy: Sendable {
        /// Where its worker is told.
        let mailbox: Mailbox<WorkerMessage>
        /// Of all tickets.
        let ticket: UInt64
    }

    private struct State {
        /// Those let through; those whose turn it is, although they do not know it yet, included.
        var active = 0
        /// Where somebody waited, when the gate last looked. Empty ones are left out as they are found.
        var rooms: [WaitingRoom] = []
        /// Of the active ones.
        var copies: [Copy] = []
    }

    /// For requests that belong to this endpoint and to no other.
    let room = WaitingRoom()
    private let state = Mutex(State())

    /// Without waiting, and not past anybody who waits.
    /// - Parameters:
    ///   - limit: requests at a time, >= 1; a reload may change it.
    ///   - copy: what enters is no request, and leaves by `leave(limit:copy:)`.
    func enterAtOnce(limit: Int, as copy: Copy? = nil) -> Bool {
        state.withLock { state in
            guard state.active < limit, !isWaitedFor(&state) else { return false }
            state.active += 1
            if let copy { state.copies.append(copy) }
            return true
        }
    }

    /// A copy that is to give way to a request, if there is one and no place is free: the youngest one, which has got least far.
    func takeCopy(limit: Int) -> Copy? {
        state.withLock { $0.active < limit ? nil : $0.copies.popLast() }
    }

    /// Somebody waits in the room for this gate, too; perhaps there is a place.
    func admit(from room: WaitingRoom, limit: Int) {
        tell(state.withLock { state in
            if !state.rooms.contains(where: { $0 === room }) { state.rooms.append(room) }
            return turns(&state, limit)
        })
    }

    /// - Parameter copy: the ticket that it entered with.
    func leave(limit: Int, copy: UInt64? = nil) {
        tell(state.withLock { state in
            state.active -= 1
            if let copy { state.copies.removeAll { $0.ticket == copy } }
            return turns(&state, limit)
        })
    }

    /// Whoever may go by new limits does not wait until another one leaves: with tunnels that may take hours. The gates take one each in
    /// turn, as long as they have places, so that the first one does not take all.
    static func limitChanged(to limit: Int, at gates: [EndpointGate]) {
        var open = gates
        while !open.isEmpty { open.removeAll { !$0.admitOne(limit: limit) } }
    }

    private func admitOne(limit: Int) -> Bool {
        guard let waiter = state.withLock({ next(&$0, limit) }) else { return false }
        tell([waiter])
        return true
    }

    // MARK: Turns

    /// By somebody who may use it.
    private func isWaitedFor(_ state: inout State) -> Bool {
        if state.rooms.isEmpty { return false }
        state.rooms.removeAll(where: \.isEmpty)
        return state.rooms.contains { $0.first(for: self) != nil }
    }

    private func turns(_ state: inout State, _ limit: Int) -> [WaitingRoom.Waiter] {
        var turns: [WaitingRoom.Waiter] = []
        while let waiter = next(&state, limit) { turns.append(waiter) }
        return turns
    }

    /// Without a limit any more, all may go.
    private func next(_ state: inout State, _ limit: Int) -> WaitingRoom.Waiter? {
        guard limit == 0 || state.active < limit, isWaitedFor(&state) else { return nil }
        while let (room, ticket) = longest(in: state.rooms) {
            // Another gate may have been quicker.
            guard let waiter = room.take(ticket) else { continue }
            state.active += 1
            return waiter
        }
        return nil
    }

    private func longest(in rooms: [WaitingRoom]) -> (WaitingRoom, ticket: UInt64)? {
        var longest: (WaitingRoom, ticket: UInt64)?
        for room in rooms {
            guard let ticket = room.first(for: self) else { continue }
            if longest.map({ ticket < $0.ticket }) ?? true { longest = (room, ticket) }
        }
        return longest
    }

    private func tell(_ turns: [WaitingRoom.Waiter]) {
        for waiter in turns { waiter.mailbox.post(.turn(self, ticket: waiter.ticket, client: waiter.client)) }
    }
}
