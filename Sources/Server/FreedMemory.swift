/// When it is worthwhile to give memory back to the system that a worker's pool has given back to malloc, which keeps it: after a burst, once
/// that is over. While blocks come and go, malloc needs it again.
struct FreedMemory {
    /// Bytes.
    static let worthwhile = 32 << 20
    /// Bytes freed in a second: more is a burst that goes on.
    static let quiet = 1 << 20

    private var latest = 0
    private var trimmed = 0

    /// To be asked once a second.
    /// - Parameter total: bytes that have been freed so far.
    mutating func isWorthTrimming(_ total: Int) -> Bool {
        defer { latest = total }
        guard total - latest <= Self.quiet, total - trimmed >= Self.worthwhile else { return false }
        trimmed = total
        return true
    }
}
