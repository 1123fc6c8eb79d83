import CLinux

/// How many cores this process may really use.
public enum AvailableProcessors {
    /// The processors it may be scheduled on, or fewer if the CPU quota of its cgroup (version 2) pays for fewer; >= 1.
    /// A quota of 1.5 cores counts as 2.
    public static var count: Int {
        let schedulable = max(1, Int(truncatingIfNeeded: linux_processors()))
        return min(schedulable, quotaOfControlGroups() ?? schedulable)
    }

    /// The tightest quota from this process's cgroup up to the root that is visible to it.
    private static func quotaOfControlGroups() -> Int? {
        guard let membership = contents(of: "/proc/self/cgroup"), var group = controlGroup(in: membership) else { return nil }
        var tightest: Int?
        while true {
            if let text = contents(of: "/sys/fs/cgroup\(group)/cpu.max"), let cores = cores(inQuota: text) {
                tightest = min(cores, tightest ?? cores)
            }
            guard let slash = group.lastIndex(of: "/") else { return tightest }
            group = String(group[..<slash])
        }
    }

    /// The path in the version 2 line, `0::/path`, of /proc/self/cgroup, without a slash at its end.
    static func controlGroup(in membership: String) -> String? {
        for line in membership.split(separator: "\n") where line.hasPrefix("0::/") {
            let path = line.dropFirst(3)
            return String(path == "/" ? "" : path)
        }
        return nil
    }

    /// Whole cores of a cpu.max, `quota period` in microseconds, rounded up; nil for `max` (no limit) and what is unreadable.
    static func cores(inQuota text: String) -> Int? {
        let words = text.split { $0 == " " || $0 == "\n" }
        guard words.count == 2, let quota = Int(words[0]), let period = Int(words[1]), quota > 0, period > 0 else { return nil }
        return (quota - 1) / period + 1
    }

    private static func contents(of path: String) -> String? {
        // The helper writes at most as many bytes as the buffer has.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { bytes, count in
            count = max(0, Int(unsafe linux_read_file(path, bytes.baseAddress, bytes.count)))
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
