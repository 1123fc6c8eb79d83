import Reactor
import Synchronization

/// Whether the files of unix sockets go with this process. During an upgrade two processes have the same sockets: the files are the
/// new one's from the moment in which it serves.
final class SocketFiles: Sendable {
    private let areOurs: Atomic<Bool>

    init(areOurs: Bool) { self.areOurs = Atomic(areOurs) }

    func take() { areOurs.store(true, ordering: .relaxed) }

    func leave() { areOurs.store(false, ordering: .relaxed) }

    /// Removes the file of a socket that this process gives up.
    func remove(of listener: borrowing Listener) {
        if areOurs.load(ordering: .relaxed) { listener.removeSocketFile() }
    }
}
