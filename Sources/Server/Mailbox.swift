import Reactor
import Synchronization

/// Messages to a loop from other threads: put under a lock, announced by a wake-up, taken between two turns.
final class Mailbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var refused = 0
    }

    let wakeUp: WakeUp
    private let state = Mutex(State())

    init() throws(Errno) {
        wakeUp = try WakeUp()
    }

    func post(_ message: Message) {
        state.withLock { $0.messages.append(message) }
        wakeUp.signal()
    }

    /// Only counts a message while so many others wait; for those that may be missed.
    func post(_ message: Message, unlessThereAre limit: Int) {
        state.withLock { state in
            guard state.messages.count < limit else { return state.refused += 1 }
            state.messages.append(message)
        }
        wakeUp.signal()
    }

    /// What has come since the last time, oldest first.
    func takeAll() -> [Message] {
        wakeUp.drain()
        return state.withLock { state in
            let taken = state.messages
            state.messages = []
            return taken
        }
    }

    /// How many messages were only counted, since the last time.
    func takeRefused() -> Int {
        state.withLock { state in
            let taken = state.refused
            state.refused = 0
            return taken
        }
    }
}
