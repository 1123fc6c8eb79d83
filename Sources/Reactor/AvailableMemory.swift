/// How much memory this process may really use.
public enum AvailableMemory {
    /// The machine's memory in bytes, or less if its cgroup (version 2) grants less; `Int.max` if neither says.
    public static var bytes: Int {
        let installed = ControlGroup.contents(of: "/proc/meminfo").flatMap(total(in:)) ?? .max
        return min(installed, ControlGroup.tightest("memory.max", limit(in:)) ?? installed)
    }

    /// `MemTotal` of /proc/meminfo, which counts in KiB.
    static func total(in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix("MemTotal:") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[2] == "kB", let count = Int(words[1]), (1...(.max >> 10)).contains(count) else { return nil }
            return count << 10
        }
        return nil
    }

    /// The bytes of a memory.max; nil for `max` (no limit) and what is unreadable.
    static func limit(in text: String) -> Int? {
        text.split(separator: "\n").first.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    }
}
