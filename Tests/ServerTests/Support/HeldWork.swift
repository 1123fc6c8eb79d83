import Dispatch

/// Something that takes as long as the test wants, on a thread that is not the test's; both wait for 20 seconds at most.
final class HeldWork: Sendable {
    private let beginning = DispatchSemaphore(value: 0)
    private let ending = DispatchSemaphore(value: 0)

    /// Returns after `end`, however often it is called.
    func run() {
        beginning.signal()
        if ending.wait(timeout: .now() + 20) == .success { ending.signal() }
    }

    func end() { ending.signal() }

    func waitForBeginning() { _ = beginning.wait(timeout: .now() + 20) }
}
