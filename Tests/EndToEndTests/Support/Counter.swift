import Foundation
import Synchronization

/// Counts bytes on one thread while another watches.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ more: Int) { count.add(more, ordering: .relaxed) }

    /// Until nothing was added for a while: no event tells that a peer is blocked.
    func waitForStandstill() throws {
        var last = -1, quiet = 0
        try eventually("a standstill", within: 60) {
            quiet = value == last ? quiet + 1 : 0
            last = value
            return quiet >= 150
        }
    }
}

/// Sends a long request from a thread of its own.
final class Sender: Sendable {
    private let outcome = Mutex<Result<Void, any Error>?>(nil)

    init(_ socket: TestSocket, _ head: String, _ block: [UInt8], _ size: Int, _ sent: Counter) {
        let thread = Thread { [self] in
            let result = Result {
                try socket.send(head, Deadline(seconds: 60))
                var left = size
                while left > 0 {
                    let count = min(left, block.count)
                    try socket.send(block[..<count], Deadline(seconds: 60))
                    left -= count
                    sent.add(count)
                }
            }
            outcome.withLock { $0 = result }
        }
        thread.start()
    }

    func wait() throws { try eventually("the end of sending") { outcome.withLock { $0 } }.get() }
}
