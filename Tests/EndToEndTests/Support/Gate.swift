import Synchronization

/// Holds an origin back until the test opens it.
final class Gate: Sendable {
    private let isOpen = Mutex(false)

    func open() { isOpen.withLock { $0 = true } }

    func wait() throws {
        try eventually("the test to let the origin go on", within: 60) { isOpen.withLock { $0 } }
    }
}
