import CLinux

/// How many cores this process may really use.
public enum AvailableProcessors {
    /// The processors it may be scheduled on, or fewer if the CPU quota of its cgroup (version 2) pays for fewer; >= 1.
    /// A quota of 1.5 cores counts as 2.
    public static var count: Int {
        let schedulable = max(1, Int(truncatingIfNeeded: linux_processors()))
        return min(schedulable, ControlGroup.tightest("cpu.max", cores(inQuota:)) ?? schedulable)
    }

    /// Whole cores of a cpu.max, `quota period` in microseconds, rounded up; nil for `max` (no limit) and what is unreadable.
    static func cores(inQuota text: String) -> Int? {
        let words = text.split { $0 == " " || $0 == "\n" }
        guard words.count == 2, let quota = Int(words[0]), let period = Int(words[1]), quota > 0, period > 0 else { return nil }
        return (quota - 1) / period + 1
    }
}
