/// Which failures one thread writes of. Of each subject (what failed, and how) there is a line at once, and then, while it goes on, one
/// for each `interval` that says how many more there were: no subject hides another, and none floods the log.
struct FailureLog<Subject: Hashable & CustomStringConvertible> {
    private struct Entry {
        /// The last line's second.
        var since: UInt64
        /// Not written of since then.
        var count = 0
    }

    /// Seconds.
    static var interval: UInt64 { 10 }
    /// Subjects that are told apart at a time; what others fail at is only counted together.
    static var capacity: Int { 256 }

    private var entries: [Subject: Entry] = [:]
    private var others: Entry?

    init() {}

    /// Whether a line is due at once; if not, the failure is counted.
    /// - Parameter second: of a clock that does not go back.
    mutating func isNews(_ subject: Subject, at second: UInt64) -> Bool {
        if entries[subject] != nil {
            entries[subject]?.count += 1
            return false
        }
        guard entries.count < Self.capacity else {
            others = others ?? Entry(since: second)
            others?.count += 1
            return false
        }
        entries[subject] = Entry(since: second)
        return true
    }

    /// The lines that are due: how often it happened since the last one. Subjects of which there is nothing to say are forgotten.
    mutating func takeDue(at second: UInt64) -> [String] {
        guard !entries.isEmpty || others != nil else { return [] }
        return take(at: second) { second >= $0.since + Self.interval }
    }

    /// All that has not been said.
    mutating func takeAll(at second: UInt64) -> [String] { take(at: second) { _ in true } }

    private mutating func take(at second: UInt64, where isDue: (Entry) -> Bool) -> [String] {
        var lines: [String] = []
        for (subject, entry) in entries where isDue(entry) {
            if entry.count > 0 { lines.append("\(subject): \(entry.count) more in \(second - entry.since) s") }
            entries[subject] = entry.count > 0 ? Entry(since: second) : nil
        }
        if let entry = others, isDue(entry) {
            lines.append("other failures: \(entry.count) in \(second - entry.since) s")
            others = nil
        }
        return lines
    }
}
