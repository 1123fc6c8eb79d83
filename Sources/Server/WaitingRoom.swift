import Reactor
import Synchronization

/// Requests that wait for a place at whichever of some endpoints has one first: those of one backend, or one endpoint only. First come,
/// first served, in whichever worker.
///
/// Who waits is in one room only. The gates of its endpoints know of the room and look there when they have a place; a gate that several
/// backends share looks into the room of each, and takes who has waited longest of all. A gate's lock is taken before a room's, never
/// after.
final class WaitingRoom: Sendable {
    /// A request that waits.
    struct Waiter: Sendable {
        /// Where its worker is told that it is its turn.
        let mailbox: Mailbox<WorkerMessage>
        let client: Token
        /// Of all that wait in the process: who has the lower one comes first.
        let ticket: UInt64
        /// Gates of the room's that are no use to it: it has failed there, or would.
        var excluded: [ObjectIdentifier] = []

        fileprivate func mayUse(_ gate: EndpointGate) -> Bool { !excluded.contains(ObjectIdentifier(gate)) }
    }

    /// By ticket. A slice lets go of its first one without moving the others.
    private let waiting = Mutex<ArraySlice<Waiter>>([])

    var isEmpty: Bool { waiting.withLock { $0.isEmpty } }

    /// From now on the first of the gates that has a place sends `WorkerMessage.turn`, which may be at once. A copy of a request gives way,
    /// if there is one at the gates: then there is a place soon, and the waiter needs none here.
    /// - Parameters:
    ///   - gates: of the room's, those that the waiter may use.
    ///   - limit: requests at a time at one endpoint, >= 0; 0: any number.
    ///   - capacity: requests that may wait here, >= 0.
    /// - Returns: false if as many wait already.
    func join(_ waiter: Waiter, at gates: [EndpointGate], limit: Int, capacity: Int) -> Bool {
        let copy = Self.takeCopy(at: gates, limit)
        let isIn = waiting.withLock { waiting in
            guard waiting.count < capacity || copy != nil else { return false }
            // Nearly always the end; one that did not take its turn is back at its old place.
            waiting.insert(waiter, at: Self.place(of: waiter.ticket, in: waiting))
            return true
        }
        guard isIn else { return false }
        // What became free before a gate knew of the room is dealt out now.
        for gate in gates { gate.admit(from: self, limit: limit) }
        if let copy { copy.mailbox.post(.giveWay(copy: copy.ticket)) }
        return true
    }

    private static func takeCopy(at gates: [EndpointGate], _ limit: Int) -> EndpointGate.Copy? {
        for gate in gates {
            if let copy = gate.takeCopy(limit: limit) { return copy }
        }
        return nil
    }

    /// It waits no longer. If that is too late, and its turn has come, whoever gets the message leaves.
    func giveUp(_ ticket: UInt64) { _ = take(ticket) }

    /// The ticket of the first one that may use the gate.
    func first(for gate: EndpointGate) -> UInt64? {
        waiting.withLock { $0.first { $0.mayUse(gate) }?.ticket }
    }

    /// Nil if it has been taken by another gate, or waits no longer.
    func take(_ ticket: UInt64) -> Waiter? {
        waiting.withLock { waiting in
            let index = Self.place(of: ticket, in: waiting)
            guard index < waiting.endIndex, waiting[index].ticket == ticket else { return nil }
            let waiter = waiting[index]
            if index == waiting.startIndex { _ = waiting.popFirst() } else { waiting.remove(at: index) }
            return waiter
        }
    }

    /// Of the first one with this ticket or a higher one.
    private static func place(of ticket: UInt64, in waiting: ArraySlice<Waiter>) -> Int {
        var low = waiting.startIndex, high = waiting.endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if waiting[middle].ticket < ticket { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
