/// Names one armed timer. It goes stale when the timer fires or is cancelled; a stale one does nothing.
public struct TimerID: Hashable, Sendable {
    let index: UInt32
    let generation: UInt32

    /// Names no timer.
    public static let none = TimerID(index: .max, generation: .max)
}
