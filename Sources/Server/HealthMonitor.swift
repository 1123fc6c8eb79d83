import Reactor

/// What the health thread is told.
enum HealthMessage: Sendable {
    /// Check these from now on, and no others.
    case watch([HealthTarget])
    case stop
}

/// The thread that checks endpoints; it is there while there is something to check. Used by one thread, the supervisor's.
final class HealthMonitor {
    private let supervisor: Mailbox<SupervisorMessage>
    private var running: (thread: Thread, inbox: Mailbox<HealthMessage>)?

    init(telling supervisor: Mailbox<SupervisorMessage>) { self.supervisor = supervisor }

    /// Every first outcome, and every change after it, is told by `SupervisorMessage.checked`.
    func watch(_ targets: [HealthTarget]) throws(Errno) {
        if targets.isEmpty { return stop() }
        if running == nil {
            let inbox = try Mailbox<HealthMessage>()
            let thread = try Thread.start(name: "health") { [supervisor] in HealthLoop.run(inbox, supervisor) }
            running = (thread, inbox)
        }
        running?.inbox.post(.watch(targets))
    }

    /// Nothing in the loop blocks or goes on without end, so that its end is not waited for long.
    func stop() {
        guard let (thread, inbox) = running.take() else { return }
        inbox.post(.stop)
        thread.join()
    }
}
