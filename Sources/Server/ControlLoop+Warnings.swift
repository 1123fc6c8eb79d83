import Logging

/// What other threads want an operator to read comes by the supervisor's mailbox; but not more than it can hold.
extension Mailbox<SupervisorMessage> {
    /// Messages of all kinds that may wait for the supervisor when a warning comes.
    private static var maximumBacklog: Int { 4096 }

    /// - Parameter line: of the log.
    func warn(_ line: String) { post(.warning(line), unlessThereAre: Self.maximumBacklog) }
}

extension ControlLoop {
    /// Warnings that found no room are counted with the lines of the log that are lost.
    func tellOfLostWarnings() {
        let lost = mailbox.takeRefused()
        guard lost > 0 else { return }
        counts.warningsLost(lost)
        log.warning("warnings that came faster than they could be logged are lost: \(lost)")
    }
}
