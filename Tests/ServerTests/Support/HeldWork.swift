import Glibc
import Synchronization

/// Something that takes as long as the test wants, on a thread that is not the test's.
final class HeldWork: Sendable {
    private let state = Mutex((hasBegun: false, mayEnd: false))

    /// Returns after `end`.
    func run() {
        state.withLock { $0.hasBegun = true }
        for _ in 0..<20_000 where !state.withLock({ $0.mayEnd }) { usleep(1000) }
    }

    func end() { state.withLock { $0.mayEnd = true } }

    func waitForBeginning() {
        for _ in 0..<20_000 where !state.withLock({ $0.hasBegun }) { usleep(1000) }
    }
}
