import Foundation
import Synchronization

/// Keep-alive clients that ask without a pause and check every answer. Unlike wrk it can be told to hold its breath.
final class LoadClient: Sendable {
    private struct State {
        var answers: [String: Int] = [:]
        var failures: [String] = []
        var isPaused = false
        var resting = 0
        var isStopped = false
        var running: Int
    }

    private let state: Mutex<State>
    private let clients: Int

    /// - Parameter accepted: the bodies that are good answers.
    init(_ address: TestAddress, clients: Int, host: String, accepted: Set<String>) {
        self.clients = clients
        state = Mutex(State(running: clients))
        for _ in 0..<clients {
            let thread = Thread { [self] in
                do {
                    let client = try RawClient(address)
                    while step() {
                        let response = try client.get(host: host)
                        note(response, isGood: response.status == 200 && accepted.contains(response.text))
                    }
                } catch {
                    state.withLock { $0.failures.append("\(error)") }
                }
                state.withLock { $0.running -= 1 }
            }
            thread.start()
        }
    }

    /// Whether to go on; waits while the load is paused.
    private func step() -> Bool {
        var rests = false
        while true {
            let (isStopped, isPaused) = state.withLock { state in
                if state.isPaused != rests {
                    rests = state.isPaused
                    state.resting += rests ? 1 : -1
                }
                return (state.isStopped, state.isPaused)
            }
            if isStopped || !isPaused { return !isStopped }
            usleep(1000)
        }
    }

    private func note(_ response: Response, isGood: Bool) {
        state.withLock { state in
            state.answers[response.text, default: 0] += 1
            if !isGood { state.failures.append("\(response.status) \(response.text)") }
        }
    }

    var failures: [String] { state.withLock { $0.failures } }

    /// How often each body came.
    var answers: [String: Int] { state.withLock { $0.answers } }

    var total: Int { answers.values.reduce(0, +) }

    /// Until `count` more answers have come.
    func waitForMore(_ count: Int) throws {
        let before = total
        try eventually("\(count) more answers; failures: \(failures)") { !failures.isEmpty || total >= before + count }
    }

    /// No request is under way while `body` runs.
    func whilePaused<R>(_ body: () throws -> R) throws -> R {
        state.withLock { $0.isPaused = true }
        defer { state.withLock { $0.isPaused = false } }
        try eventually("the load to pause") { state.withLock { $0.resting == $0.running } }
        return try body()
    }

    func stop() throws {
        state.withLock { $0.isStopped = true }
        try eventually("the load to end") { state.withLock { $0.running == 0 } }
    }
}
