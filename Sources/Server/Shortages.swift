import Reactor

/// Connections that the kernel had no memory for (ENOBUFS, ENOMEM) when they were to be read or written. No event tells when it has some
/// again, so that they are tried again every now and then, a bounded number of times in a row.
struct Shortages {
    /// Nanoseconds between two tries.
    static let pause: UInt64 = 10_000_000
    /// Tries in a row: what fails for a second is given up.
    static let limit = 100

    private struct Entry {
        var tries = 0
        /// It has failed since it was last tried.
        var isWaiting = true
    }

    private var entries: [Token: Entry] = [:]

    var isEmpty: Bool { entries.isEmpty }

    /// The connection failed: whether it is to be tried again.
    mutating func wait(_ token: Token) -> Bool {
        guard var entry = entries[token] else {
            entries[token] = Entry()
            return true
        }
        guard !entry.isWaiting else { return true }
        entry.tries += 1
        entry.isWaiting = true
        guard entry.tries < Self.limit else {
            entries[token] = nil
            return false
        }
        entries[token] = entry
        return true
    }

    /// Those to be tried now. Those that did not fail the last time are forgotten.
    mutating func takeDue() -> [Token] {
        entries = entries.filter { $0.value.isWaiting }
        for token in entries.keys { entries[token]?.isWaiting = false }
        return Array(entries.keys)
    }
}
