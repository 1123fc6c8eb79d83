import Synchronization

/// What went wrong with the process's access logs.
final class AccessLogCounts: Sendable {
    private let lines = Atomic<Int>(0)
    private let reopenings = Atomic<Int>(0)

    /// Lines that were lost because they could not be written.
    var linesLost: Int { lines.load(ordering: .relaxed) }
    /// Times a log could not be opened again.
    var reopenFailures: Int { reopenings.load(ordering: .relaxed) }

    func lost(_ count: Int) { lines.add(count, ordering: .relaxed) }
    func reopenFailed() { reopenings.add(1, ordering: .relaxed) }
}
