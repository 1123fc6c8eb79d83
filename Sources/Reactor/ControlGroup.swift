import CLinux

/// The limits that this process's cgroup (version 2) sets.
enum ControlGroup {
    /// The smallest of a limit's values from this process's cgroup up to the root that is visible to it; nil if none is set.
    ///
    /// - Parameter read: the value in the text of such a file; nil for no limit.
    static func tightest(_ file: String, _ read: (String) -> Int?) -> Int? {
        guard let membership = contents(of: "/proc/self/cgroup"), var group = path(in: membership) else { return nil }
        var tightest: Int?
        while true {
            if let text = contents(of: "/sys/fs/cgroup\(group)/\(file)"), let value = read(text) {
                tightest = min(value, tightest ?? value)
            }
            guard let slash = group.lastIndex(of: "/") else { return tightest }
            group = String(group[..<slash])
        }
    }

    /// The path in the version 2 line, `0::/path`, of /proc/self/cgroup, without a slash at its end.
    static func path(in membership: String) -> String? {
        for line in membership.split(separator: "\n") where line.hasPrefix("0::/") {
            let path = line.dropFirst(3)
            return String(path == "/" ? "" : path)
        }
        return nil
    }

    /// The beginning of a small file of the kernel's; nil if there is none.
    static func contents(of path: String, atMost limit: Int = 4096) -> String? {
        // The helper writes at most as many bytes as the buffer has.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { bytes, count in
            count = max(0, Int(unsafe linux_read_file(path, bytes.baseAddress, bytes.count)))
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
