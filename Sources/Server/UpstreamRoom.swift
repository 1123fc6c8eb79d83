import Synchronization

/// How many upstream connections the process has, in use and idle, and the workers that can be asked to give up idle ones. Touched when
/// a connection is made or closed, never on a request.
final class UpstreamRoom: Sendable {
    private struct Keeper {
        let mailbox: Mailbox<WorkerMessage>
        /// It has been told, and keeps nothing until there is room again.
        var isAsked = false
    }

    private let taken = Atomic<Int>(0)
    private let keepers = Mutex<[Keeper]>([])

    var count: Int { taken.load(ordering: .relaxed) }

    func take() { taken.add(1, ordering: .relaxed) }

    func giveBack() { taken.subtract(1, ordering: .relaxed) }

    // MARK: Asking

    /// A worker that can be asked; in the order of their indices, before they run.
    func join(_ mailbox: Mailbox<WorkerMessage>) { keepers.withLock { $0.append(Keeper(mailbox: mailbox)) } }

    /// Sends `WorkerMessage.makeRoom` to those that have not had it since they last said `mayBeAsked`.
    /// - Parameter index: the worker that asks, for having nothing to give up itself; nil: another thread.
    func ask(otherThan index: Int?) {
        let asked = keepers.withLock { keepers in
            var asked: [Mailbox<WorkerMessage>] = []
            for other in keepers.indices where other != index && !keepers[other].isAsked {
                keepers[other].isAsked = true
                asked.append(keepers[other].mailbox)
            }
            return asked
        }
        for mailbox in asked { mailbox.post(.makeRoom) }
    }

    /// The worker has given up what it was to, and may have more later.
    func mayBeAsked(_ index: Int) { keepers.withLock { $0[index].isAsked = false } }
}
