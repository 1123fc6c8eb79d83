import Foundation
import Synchronization

/// Keep-alive clients that ask without a pause until the proxy ends their connections in an orderly way.
final class LoadClients: Sendable {
    struct Result: Sendable {
        var answers = 0
        /// Anything but a good answer and an end that was announced or fell between two requests.
        var faults: [String] = []
        var lastAnswersSaidClose = 0
        fileprivate var running: Int
    }

    private let result: Mutex<Result>

    init(_ address: TestAddress, count: Int) {
        result = Mutex(Result(running: count))
        for _ in 0..<count {
            let thread = Thread { [self] in
                do {
                    try ask(address)
                } catch {
                    result.withLock { $0.faults.append("\(error)") }
                }
                result.withLock { $0.running -= 1 }
            }
            thread.start()
        }
    }

    private func ask(_ address: TestAddress) throws {
        let client = try RawClient(address)
        while true {
            let response = try client.get()
            let closes = response["Connection"] == "close"
            result.withLock { result in
                result.answers += 1
                if response.status != 200 { result.faults.append("\(response.status)") }
                if closes { result.lastAnswersSaidClose += 1 }
            }
            guard closes else { continue }
            guard try client.isClosed() else { throw Problem("bytes behind the last answer") }
            return
        }
    }

    func waitForAnswers(_ count: Int) throws {
        try eventually("\(count) answers") { result.withLock { $0.answers >= count || !$0.faults.isEmpty } }
    }

    /// What happened, once all connections have ended.
    func finish() throws -> Result {
        try eventually("the end of all connections") { result.withLock { $0.running == 0 ? $0 : nil } }
    }
}
