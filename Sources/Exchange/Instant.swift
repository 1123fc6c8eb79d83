/// A length of time in nanoseconds, never negative.
public struct TimeSpan: Hashable, Comparable, Sendable {
    public let nanoseconds: UInt64

    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    public static func milliseconds(_ count: Int) -> TimeSpan { TimeSpan(nanoseconds: UInt64(max(count, 0)) * 1_000_000) }
    public static func seconds(_ count: Int) -> TimeSpan { .milliseconds(count * 1000) }

    public static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.nanoseconds < right.nanoseconds }
}

/// A moment of the monotonic clock. The core never asks for the time: it is told, so that a test decides what time it is.
public struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since an arbitrary origin.
    public let nanoseconds: UInt64

    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Later than any moment that will come.
    public static let distantFuture = Instant(nanoseconds: .max)

    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    public static func + (moment: Instant, span: TimeSpan) -> Instant {
        let (sum, overflow) = moment.nanoseconds.addingReportingOverflow(span.nanoseconds)
        return overflow ? .distantFuture : Instant(nanoseconds: sum)
    }

    /// The time from `earlier` to this moment; zero when `earlier` is in fact later.
    public func since(_ earlier: Instant) -> TimeSpan {
        TimeSpan(nanoseconds: nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0)
    }
}
