import Reactor

/// Connections that the kernel had no memory for (ENOBUFS, ENOMEM) when they were to be read or written. No event tells when it has some
/// again, so that they are tried again every now and then, for a while.
struct Shortages {
    /// Nanoseconds between two tries.
    static let pause: UInt64 = 10_000_000
    /// Nanoseconds: what fails each time for so long is given up.
    static let patience: UInt64 = 1_000_000_000

    private struct Entry {
        let since: UInt64
        /// It has failed since it was last tried.
        var isWaiting = true
    }

    private var entries: [Token: Entry] = [:]

    /// A timer will ask for those that are due.
    var isArmed = false
    var isEmpty: Bool { entries.isEmpty }

    /// The connection failed: whether it is to be tried again.
    /// - Parameter now: nanoseconds of a clock that does not go back.
    mutating func wait(_ token: Token, now: UInt64) -> Bool {
        let since = entries[token]?.since ?? now
        guard now - since < Self.patience else {
            entries[token] = nil
            return false
        }
        entries[token] = Entry(since: since)
        return true
    }

    /// Those to be tried now. Those that did not fail the last time are forgotten.
    mutating func takeDue() -> [Token] {
        entries = entries.filter { $0.value.isWaiting }
        for token in entries.keys { entries[token]?.isWaiting = false }
        return Array(entries.keys)
    }
}
