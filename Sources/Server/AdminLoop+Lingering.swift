import Exchange
import Reactor

/// Connections that go on sending after their last answer, as `Worker+Lingering` has it for clients. Nothing waits for them, and they are the
/// first to make room.
extension AdminLoop {
    /// Nothing more is written to it.
    func end(_ connection: WholeAnswerConnection) {
        guard connection.mayBringMore, !connection.hasOutput else { return close(connection) }
        connection.beginLinger(at: loop.now)
        dropInput(of: connection)
    }

    func dropInput(of connection: WholeAnswerConnection) {
        for _ in 0..<Lingering.reads {
            switch connection.readAside(at: loop.now) {
            case .bytes: guard connection.dropped <= Lingering.bytes else { return close(connection) }
            case .wouldBlock: return wait(connection)
            case .endOfStream, .failed: return close(connection)
            }
        }
        wait(connection)
        hurry(connection)
    }

    private func wait(_ connection: WholeAnswerConnection) {
        loop.move(connection.timer, to: Lingering.deadline(since: connection.lingersSince, last: connection.lastDropped).nanoseconds)
    }
}
