import Exchange

/// How long whoever goes on sending after the last answer is listened to, so that the answer arrives (RFC 9112 section 9.6). The times are
/// nginx's; the bytes are more than anybody sends by mistake.
enum Lingering {
    /// In all.
    private static let time = TimeSpan.seconds(30)
    /// Without a byte.
    private static let timeout = TimeSpan.seconds(5)
    static let bytes = 256 << 20
    /// Before others have their turn.
    static let reads = 4

    /// - Parameters:
    ///   - since: its beginning.
    ///   - last: when the last bytes came.
    static func deadline(since: UInt64, last: UInt64) -> Instant {
        min(Instant(nanoseconds: since) + time, Instant(nanoseconds: last) + timeout)
    }
}
