import CLinux

/// The kernel's clocks, read without a system call (vDSO).
public enum SystemClock {
    /// CLOCK_MONOTONIC: for deadlines and durations.
    public static func monotonicNanoseconds() -> UInt64 {
        linux_monotonic_nanoseconds()
    }

    /// Seconds since 1970-01-01 UTC, for `Date` and logs; may step, and lags by a few milliseconds.
    public static func wallClockSeconds() -> Int64 {
        linux_wall_clock_seconds()
    }
}
