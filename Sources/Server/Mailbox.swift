import Reactor
import Synchronization

/// Messages to a loop from other threads: put under a lock, announced by a wake-up, taken between two turns.
final class Mailbox<Message: Sendable>: Sendable {
    let wakeUp: WakeUp
    private let messages = Mutex<[Message]>([])

    init() throws(Errno) {
        wakeUp = try WakeUp()
    }

    func post(_ message: Message) {
        messages.withLock { $0.append(message) }
        wakeUp.signal()
    }

    /// What has come since the last time, oldest first.
    func takeAll() -> [Message] {
        wakeUp.drain()
        return messages.withLock { messages in
            let taken = messages
            messages = []
            return taken
        }
    }
}
